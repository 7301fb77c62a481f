/* shadow_core.c - what the live core settles while some nodes stay broken. See shadow.h. */
#include "base/str.h"
#include "tests/sim/damage.h"
#include "tests/sim/node.h"
#include "tests/sim/shadow.h"

static bool has_any(const struct sim_machine *m, const char *id)
{
    for (size_t i = 0; i < SIM_ROOTS_MAX; i++)
        if (m->roots[i].is_there && str_eq(m->roots[i].spec.instance, id))
            return true;
    for (size_t i = 0; i < SIM_PORTS_MAX; i++)
        if (m->ports[i].port[0] != '\0' && str_eq(m->ports[i].instance, id))
            return true;
    for (size_t i = 0; i < SIM_DOMAINS_MAX; i++)
        if (str_eq(m->domains[i].spec.instance, id))
            return true;
    return false;
}

/* The one machine that has anything of it; NULL where that is none, or more than one. */
static const struct sim_machine *home_of(const struct sim_shadow *s, const char *id)
{
    const struct sim_machine *home = NULL;
    for (size_t i = 0; i < s->machines_len; i++) {
        if (!has_any(s->machines[i], id))
            continue;
        if (home != NULL)
            return NULL;
        home = s->machines[i];
    }
    return home;
}

static const struct sim_node *top_of(const struct sim_shadow *s)
{
    const struct sim_node *n = s->machines[0]->node;
    while (n->parent != NULL)
        n = n->parent;
    return n;
}

/* Whoever places knows who is silent, and none of the others waits for somebody first. */
static bool may_place(const struct sim_shadow *s)
{
    if (!s->is_placed_by_room)
        return false;
    for (size_t i = 0; i < s->machines_len; i++) {
        const struct sim_node *cluster = s->machines[i]->node->parent;
        if (!cluster->is_broken && !sim_damage_spares(cluster))
            return false;
    }
    return true;
}

static bool is_of_core(const struct sim_shadow *s, const struct sim_guest *g)
{
    const struct sim_machine *home = home_of(s, g->id);
    return home != NULL ? sim_damage_spares(home->node) : g->is_of_core && may_place(s);
}

void sim_shadow_finish_core(struct sim_shadow *s)
{
    if (!sim_damage_spares(top_of(s)))
        return;
    for (size_t i = 0; i < s->guests_len; i++) {
        const struct sim_guest *g = &s->guests[i];
        if (g->id[0] != '\0' && is_of_core(s, g))
            sim_shadow_finish_guest(s, g);
        else if (g->id[0] == '\0' && g->told[SIM_RUN] == SIM_ASKED && !g->is_refused)
            sim_world_fail(s->world, "I6", g->token, "was never answered by the live core");
    }
}
