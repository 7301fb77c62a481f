/* shadow.c - what subscribers ask and are told, guest by guest. See shadow.h. */
#include "tests/sim/shadow.h"

#include "base/check.h"
#include "base/str.h"

#include <stdlib.h>

void sim_shadow_init(struct sim_shadow *s, struct sim_world *w)
{
    *s = (struct sim_shadow){.world = w, .guests = check_alloc(SIM_GUESTS_MAX * sizeof *s->guests)};
}

void sim_shadow_fini(struct sim_shadow *s)
{
    for (size_t i = 0; i < s->machines_len; i++)
        sim_machine_free(s->machines[i]);
    free(s->guests);
}

void sim_shadow_add_machine(struct sim_shadow *s, struct sim_machine *m)
{
    PRE(s->machines_len < SIM_MACHINES_MAX);
    s->machines[s->machines_len++] = m;
    m->shadow = s;
}

struct sim_guest *sim_shadow_find(struct sim_shadow *s, const char *id)
{
    for (size_t i = 0; i < s->guests_len; i++)
        if (str_eq(s->guests[i].id, id))
            return &s->guests[i];
    return NULL;
}

struct sim_guest *sim_shadow_new_guest(struct sim_shadow *s, const char *token,
                                       int64_t launch_index)
{
    PRE(s->guests_len < SIM_GUESTS_MAX);
    struct sim_guest *g = &s->guests[s->guests_len++];
    *g = (struct sim_guest){.launch_index = launch_index};
    str_copy(g->token, sizeof g->token, token);
    return g;
}

/* ---- what subscribers say and hear
 * ------------------------------------------------------------------ */

void sim_shadow_ask(struct sim_shadow *s, struct sim_guest *g, enum sim_verb verb)
{
    (void)s;
    if (g->told[verb] != SIM_ASKED && verb == SIM_START)
        g->ended_alone = false; /* not at the answer: much may happen before it comes */
    g->told[verb] = SIM_ASKED;
    g->asked_n[verb]++;
}

void sim_shadow_tell(struct sim_shadow *s, struct sim_guest *g, enum sim_verb verb, const char *id)
{
    enum { UNDER_WAY_MS = 10 * 1000 };
    if (s->was_restored && verb != SIM_RUN && s->world->now_ms < s->restored_ms + UNDER_WAY_MS) {
        sim_shadow_untell(s, g, verb); /* perhaps it was said before the store went back */
        return;
    }
    g->told[verb] = SIM_TOLD;
    if (verb == SIM_RUN || verb == SIM_STOP || verb == SIM_START)
        g->last = verb;
    if (verb != SIM_RUN)
        return;
    g->is_refused = false;
    if (s->world->is_damaged && s->world->now_ms >= s->world->heal_ms + SIM_MISSED_MS)
        g->is_of_core = true;
    if (g->id[0] != '\0' && !str_eq(g->id, id) && !sim_shadow_may_forget(s, g))
        sim_world_fail(s->world, "I4", g->id, "one token, and now also %s", id);
    str_copy(g->id, sizeof g->id, id);
}

void sim_shadow_untell(struct sim_shadow *s, struct sim_guest *g, enum sim_verb verb)
{
    (void)s;
    g->told[verb] = SIM_NOTHING;
    g->is_blurred = true;
}

unsigned sim_shadow_running(const struct sim_shadow *s, const char *id)
{
    unsigned len = 0;
    for (size_t i = 0; i < s->machines_len; i++) {
        const struct sim_domain *d = sim_machine_domain(s->machines[i], id);
        len += d != NULL && d->runs;
    }
    return len;
}

bool sim_shadow_may_forget(const struct sim_shadow *s, const struct sim_guest *g)
{
    return s->was_restored && !g->was_seen_running && sim_shadow_running(s, g->id) == 0;
}

void sim_shadow_restored(struct sim_shadow *s)
{
    s->was_restored = true;
    s->restored_ms = s->world->now_ms;
    for (size_t i = 0; i < s->guests_len; i++) {
        struct sim_guest *g = &s->guests[i];
        g->is_blurred = true;
        if (g->told[SIM_TERMINATE] == SIM_TOLD && g->seen != SIM_STATE_TERMINATED)
            g->told[SIM_TERMINATE] = SIM_NOTHING;
    }
}
