/* shadow_seen.c - what a description says of each instance: states move forward only (I23), what
 * was promised is there (I5), what is terminated is nowhere (I7). See shadow.h. */
#include "base/str.h"
#include "computer-manager/model/address.h"
#include "tests/sim/node.h"
#include "tests/sim/shadow.h"

static const char *const state_words[] = {"",        "pending",       "running",   "stopping",
                                          "stopped", "shutting-down", "terminated"};

enum sim_state sim_state_parse(const char *text)
{
    for (size_t i = 1; i < sizeof state_words / sizeof state_words[0]; i++)
        if (str_eq(state_words[i], text))
            return (enum sim_state)i;
    return SIM_STATE_UNSEEN;
}

const char *sim_state_word(enum sim_state state)
{
    return state_words[state];
}

/* I23, by EC2's life cycle; 1 << state for each that may follow. */
static bool may_follow(enum sim_state from, enum sim_state to)
{
    enum {
        P = 1 << SIM_STATE_PENDING,
        R = 1 << SIM_STATE_RUNNING,
        SG = 1 << SIM_STATE_STOPPING,
        SD = 1 << SIM_STATE_STOPPED,
        SH = 1 << SIM_STATE_SHUTTING_DOWN,
        T = 1 << SIM_STATE_TERMINATED
    };
    /* Steps between two looks are not seen: from running, by way of stopped, to pending. */
    static const int next[] = {P | R | SG | SD | SH | T,
                               P | R | SG | SD | SH | T,
                               P | R | SG | SD | SH | T,
                               P | R | SG | SD | SH | T,
                               P | R | SG | SD | SH | T,
                               SH | T,
                               T};
    return (next[from] & (1 << to)) != 0;
}

/* Running goes back to pending only by way of a stop that somebody asked for, or an end. */
static bool is_backward(const struct sim_guest *g, enum sim_state to)
{
    return g->seen == SIM_STATE_RUNNING && to == SIM_STATE_PENDING && g->asked_n[SIM_START] == 0 &&
           !g->ever_ended_alone;
}

/* I7: what is called terminated is nowhere. */
static void check_nowhere(struct sim_shadow *s, const char *id)
{
    for (size_t i = 0; i < s->machines_len; i++) {
        struct sim_machine *m = s->machines[i];
        if (sim_machine_domain(m, id) != NULL)
            sim_world_fail(s->world, "I7", id, "is called terminated and has a domain on %s",
                           m->node->name);
        for (size_t k = 0; k < SIM_PORTS_MAX; k++)
            if (m->ports[k].port[0] != '\0' && str_eq(m->ports[k].instance, id))
                sim_world_fail(s->world, "I7", id, "is called terminated and has a port on %s",
                               m->node->name);
        for (size_t k = 0; k < SIM_ROOTS_MAX; k++)
            if (m->roots[k].is_there && str_eq(m->roots[k].spec.instance, id))
                sim_world_fail(s->world, "I7", id, "is called terminated and has a disk on %s",
                               m->node->name);
    }
}

static struct sim_guest *guest_of_token(struct sim_shadow *s, const char *token,
                                        int64_t launch_index)
{
    for (size_t i = 0; i < s->guests_len; i++)
        if (s->guests[i].launch_index == launch_index && str_eq(s->guests[i].token, token))
            return &s->guests[i];
    return NULL;
}

void sim_shadow_see(struct sim_shadow *s, const char *id, const char *token, int64_t launch_index,
                    const char *state)
{
    struct sim_guest *g = guest_of_token(s, token, launch_index);
    enum sim_state to = sim_state_parse(state);
    if (g == NULL || g->told[SIM_RUN] == SIM_NOTHING)
        sim_world_fail(s->world, "I4", id, "is there for token '%s', and nobody asked", token);
    if (g == NULL)
        return;
    if (g->id[0] == '\0')
        str_copy(g->id, sizeof g->id, id);
    if (!str_eq(g->id, id) && !sim_shadow_may_forget(s, g))
        sim_world_fail(s->world, "I4", id, "is a second instance of %s's token", g->id);
    str_copy(g->id, sizeof g->id, id);
    g->listed = s->lists;
    if (g->seen == to)
        return;
    if (!s->was_restored && (!may_follow(g->seen, to) || is_backward(g, to)))
        sim_world_fail(s->world, "I23", id, "was %s and is now %s", sim_state_word(g->seen), state);
    SIM_TRACE(s->world, "seen", "state", id, "%s -> %s", sim_state_word(g->seen), state);
    g->seen = to;
    g->was_seen_running |= to == SIM_STATE_RUNNING;
    if (to == SIM_STATE_TERMINATED)
        check_nowhere(s, id);
}

void sim_shadow_see_address(struct sim_shadow *s, const char *id, const char *address)
{
    struct sim_guest *g = sim_shadow_find(s, id);
    if (g == NULL)
        return;
    g->public_address = 0;
    if (*address != '\0' && !host_address_parse(address, &g->public_address))
        sim_world_fail(s->world, "WIRE", id, "has '%s' for an address", address);
}

void sim_shadow_see_reason(struct sim_shadow *s, const char *id, const char *state,
                           const char *code)
{
    bool tells_step = str_eq(code, "pending");
    if (tells_step && sim_state_parse(state) != SIM_STATE_PENDING)
        sim_world_fail(s->world, "STEP", id, "is %s, and tells what is done for it", state);
}

void sim_shadow_see_begin(struct sim_shadow *s)
{
    s->lists++;
}

/* I5: what a subscriber was told is there. A terminated one may be forgotten after its hour. */
void sim_shadow_see_end(struct sim_shadow *s)
{
    int64_t living = 0;
    for (size_t i = 0; i < s->guests_len; i++) {
        const struct sim_guest *g = &s->guests[i];
        living += g->listed == s->lists && g->seen != SIM_STATE_TERMINATED;
        if (g->told[SIM_RUN] == SIM_TOLD && g->listed != s->lists &&
            g->seen != SIM_STATE_TERMINATED && !s->was_restored)
            sim_world_fail(s->world, "I5", g->id, "was promised and is not there");
    }
    if (s->quota > 0 && living > s->quota && !s->was_restored)
        sim_world_fail(s->world, "I8", "", "%ld instances live, and the quota is %ld", (long)living,
                       (long)s->quota);
}
