/* shadow_end.c - Q: what must hold of each guest when all has settled. See shadow.h. */
#include "base/str.h"
#include "tests/sim/node.h"
#include "tests/sim/shadow.h"

/* What a subscriber reads as the address of what runs is where he reaches it, and nothing else is.
 */
static void finish_address(struct sim_shadow *s, const struct sim_guest *g)
{
    for (size_t i = 0; i < s->machines_len; i++)
        for (size_t k = 0; k < SIM_PORTS_MAX; k++) {
            const struct host_port *p = &s->machines[i]->ports[k];
            if (p->port[0] != '\0' && str_eq(p->instance, g->id) &&
                p->public_address != g->public_address)
                sim_world_fail(s->world, "I6", g->id,
                               "has the public address %08x on %s, and is called %08x",
                               p->public_address, s->machines[i]->node->name, g->public_address);
        }
}

void sim_shadow_finish_guest(struct sim_shadow *s, const struct sim_guest *g)
{
    struct sim_world *w = s->world;
    unsigned runs = sim_shadow_running(s, g->id);
    if (s->was_restored && g->listed != s->lists && runs == 0)
        return; /* forgotten, or ended long ago */
    if (g->told[SIM_TERMINATE] == SIM_TOLD && g->seen != SIM_STATE_TERMINATED)
        sim_world_fail(w, "I6", g->id, "was to be terminated and is %s", sim_state_word(g->seen));
    else if (g->seen == SIM_STATE_PENDING || g->seen == SIM_STATE_STOPPING ||
             g->seen == SIM_STATE_SHUTTING_DOWN || g->seen == SIM_STATE_UNSEEN)
        sim_world_fail(w, "I6", g->id, "never settled: it is '%s'", sim_state_word(g->seen));
    else if (runs != (g->seen == SIM_STATE_RUNNING))
        sim_world_fail(w, "I2", g->id, "is called %s and %u domains run", sim_state_word(g->seen),
                       runs);
    else if (!g->is_blurred && g->last == SIM_STOP && g->told[SIM_START] != SIM_ASKED &&
             g->seen == SIM_STATE_RUNNING)
        sim_world_fail(w, "I5", g->id, "was stopped last, and runs");
    else if (!g->is_blurred && g->last == SIM_START && g->told[SIM_STOP] != SIM_ASKED &&
             !g->ended_alone && g->told[SIM_RESIZE] == SIM_NOTHING && g->seen == SIM_STATE_STOPPED)
        sim_world_fail(w, "I5", g->id, "was started last, and is stopped");
    finish_address(s, g);
}

/* I2, I4: whatever runs was given to somebody. I12: and talks through its filters only. PAUSED:
 * and goes on when its disk has room. */
static void check_domain(struct sim_shadow *s, const struct sim_machine *m,
                         const struct sim_domain *d)
{
    if (!d->runs)
        return;
    if (sim_shadow_find(s, d->spec.instance) == NULL)
        sim_world_fail(s->world, "I2", d->spec.instance, "runs on %s, and nobody was given it",
                       m->node->name);
    else if (!sim_ports_has(m, d->spec.instance))
        sim_world_fail(s->world, "I12", d->spec.instance, "runs on %s without a port or its rules",
                       m->node->name);
    else if (d->is_paused)
        sim_world_fail(s->world, "PAUSED", d->spec.instance,
                       "still waits on %s for room that is there", m->node->name);
}

static void check_strangers(struct sim_shadow *s)
{
    for (size_t i = 0; i < s->machines_len; i++) {
        const struct sim_machine *m = s->machines[i];
        for (size_t k = 0; k < SIM_DOMAINS_MAX; k++)
            check_domain(s, m, &m->domains[k]);
    }
}

void sim_shadow_finish(struct sim_shadow *s)
{
    for (size_t i = 0; i < s->guests_len; i++) {
        const struct sim_guest *g = &s->guests[i];
        if (g->id[0] != '\0')
            sim_shadow_finish_guest(s, g);
        else if (g->told[SIM_RUN] == SIM_ASKED && !g->is_refused)
            sim_world_fail(s->world, "I6", g->token, "was never answered");
    }
    check_strangers(s);
    sim_shadow_check_tunnels(s);
}
