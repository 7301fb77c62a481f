/* shadow.c - the model of instances and its checkers. See shadow.h. */
#include "tests/sim/shadow.h"

#include "base/check.h"
#include "base/str.h"
#include "computer-manager/model/address.h"
#include "computer-manager/model/pace.h"
#include "tests/sim/node.h"
#include "tests/sim/dos.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const state_words[] = {"",        "pending",       "running",   "stopping",
                                          "stopped", "shutting-down", "terminated"};

enum sim_state sim_state_parse(const char *text)
{
    for (size_t i = 1; i < sizeof state_words / sizeof state_words[0]; i++)
        if (str_eq(state_words[i], text))
            return (enum sim_state)i;
    return SIM_STATE_UNSEEN;
}

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

/* A disk is full, a hypervisor service gone, for up to this. */
enum { FULL_MS = 60000, AWAY_MS = 180000 };

void sim_shadow_fault(struct sim_shadow *s, enum sim_fault f)
{
    struct sim_faults *faults = &s->world->faults;
    struct sim_machine *m = s->machines[sim_faults_draw(faults, f, s->machines_len)];
    if (f == SIM_FAULT_RESTART_SERVICE)
        sim_machine_restart_service(m);
    else if (f == SIM_FAULT_SERVICE_AWAY)
        sim_machine_stop_service(m, 1 + (int64_t)sim_faults_draw(faults, f, AWAY_MS));
    else if (f == SIM_FAULT_HAND_ON_PORT)
        sim_ports_spoil(m, sim_faults_draw(faults, f, SIM_PORTS_MAX),
                        sim_faults_draw(faults, f, 2) == 0);
    else if (f == SIM_FAULT_GUEST_OFF)
        sim_machine_end_guest(m, sim_faults_draw(faults, f, SIM_DOMAINS_MAX), SIM_END_GUEST);
    else if (f == SIM_FAULT_GUEST_CRASH)
        sim_machine_end_guest(m, sim_faults_draw(faults, f, SIM_DOMAINS_MAX), SIM_END_CRASH);
    else if (f == SIM_FAULT_FILL_DISK)
        sim_machine_fill_disk(m, sim_faults_draw(faults, f, SIM_DOMAINS_MAX),
                              1 + (int64_t)sim_faults_draw(faults, f, FULL_MS));
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

/* ---- what machines do
 * ----------------------------------------------------------------------------- */

static bool is_terminated(const struct sim_guest *g)
{
    return g != NULL && g->seen == SIM_STATE_TERMINATED;
}

/* I3, from outside: the guests that run on a machine fit into it. */
static void check_room(struct sim_shadow *s, const struct sim_machine *m)
{
    int64_t memory = 0;
    for (size_t i = 0; i < SIM_DOMAINS_MAX; i++)
        if (m->domains[i].runs)
            memory += m->domains[i].spec.memory_mib;
    if (memory > m->memory_mib)
        sim_world_fail(s->world, "I3", m->node->name, "%ld MiB of guests on %ld MiB", (long)memory,
                       (long)m->memory_mib);
}

/* A guest never finds other hardware under its disk. */
static void check_profile(struct sim_machine *m, const struct sim_domain *d)
{
    for (size_t i = 0; i < SIM_ROOTS_MAX; i++) {
        struct sim_root *r = &m->roots[i];
        if (!r->is_there || !str_eq(r->spec.instance, d->spec.instance) ||
            r->spec.pepoch != d->spec.pepoch)
            continue;
        if (r->profile != 0 && r->profile != d->spec.profile.number)
            sim_world_fail(m->shadow->world, "PROFILE", d->spec.instance,
                           "was born with profile %ld and starts with %ld", (long)r->profile,
                           (long)d->spec.profile.number);
        r->profile = d->spec.profile.number;
    }
}

/* Its size is what was promised last; while that is open, before or after. */
static void check_size(struct sim_shadow *s, const struct sim_guest *g, const struct sim_domain *d)
{
    if (g == NULL || s->was_restored || g->told[SIM_RESIZE] == SIM_ASKED)
        return;
    bool is_new = d->spec.memory_mib == g->size_mib;
    if (is_new != (g->told[SIM_RESIZE] == SIM_TOLD))
        sim_world_fail(s->world, "SIZE", g->id, "starts with %ld MiB, and %ld were %s",
                       (long)d->spec.memory_mib, (long)g->size_mib,
                       is_new ? "never promised" : "promised");
}

static void on_run(struct sim_machine *m, const struct sim_domain *d)
{
    struct sim_shadow *s = m->shadow;
    const char *id = d->spec.instance;
    for (size_t i = 0; i < s->machines_len; i++) {
        struct sim_domain *o = sim_machine_domain(s->machines[i], id);
        if (o != NULL && o != d && o->runs)
            sim_world_fail(s->world, "I1", id, "runs on %s and on %s", m->node->name,
                           s->machines[i]->node->name);
    }
    struct sim_guest *g = sim_shadow_find(s, id);
    if (is_terminated(g))
        sim_world_fail(s->world, "I7", id, "is terminated and runs on %s", m->node->name);
    check_room(s, m);
    check_size(s, g, d);
    check_profile(m, d);
}

/* We end only what somebody asked us to end; what was never seen to run may be given up. */
static void on_end(struct sim_machine *m, const struct sim_domain *d, enum sim_end how)
{
    struct sim_shadow *s = m->shadow;
    struct sim_guest *g = sim_shadow_find(s, d->spec.instance);
    if (g == NULL)
        return;
    if (how != SIM_END_JOB)
        g->ended_alone = g->ever_ended_alone = true;
    else if (g->was_seen_running && g->asked_n[SIM_STOP] + g->asked_n[SIM_TERMINATE] == 0 &&
             !g->ever_ended_alone)
        sim_world_fail(s->world, "I25", g->id, "was ended on %s, and nobody asked for it",
                       m->node->name);
}

static void on_port(struct sim_machine *m, const struct host_port *p, bool is_there)
{
    struct sim_shadow *s = m->shadow;
    if (!is_there)
        return;
    for (size_t i = 0; i < s->machines_len; i++)
        for (size_t k = 0; k < SIM_PORTS_MAX; k++) {
            const struct host_port *o = &s->machines[i]->ports[k];
            bool is_same_address = o->vni == p->vni && o->address == p->address;
            if (o != p && o->port[0] != '\0' &&
                (is_same_address || memcmp(o->mac, p->mac, sizeof p->mac) == 0))
                sim_world_fail(s->world, "I11", p->instance, "its address is also that of %s on %s",
                               o->instance, s->machines[i]->node->name);
            if (o != p && o->port[0] != '\0' && p->public_address != 0 &&
                o->public_address == p->public_address)
                sim_world_fail(s->world, "I11", p->instance,
                               "its public address is also that of %s on %s", o->instance,
                               s->machines[i]->node->name);
        }
    if (is_terminated(sim_shadow_find(s, p->instance)))
        sim_world_fail(s->world, "I7", p->instance, "is terminated and has a port on %s",
                       m->node->name);
}

static bool is_mac(const uint8_t a[6], const uint8_t b[6])
{
    return memcmp(a, b, 6) == 0;
}

/* I12, whatever is late: a tunnel of one network never knows a port of another. */
static void on_peer(struct sim_machine *m, const struct sim_peer *p, bool is_there)
{
    struct sim_shadow *s = m->shadow;
    for (size_t i = 0; i < s->machines_len && is_there; i++)
        for (size_t k = 0; k < SIM_PORTS_MAX; k++) {
            const struct host_port *o = &s->machines[i]->ports[k];
            if (o->port[0] != '\0' && is_mac(o->mac, p->at.mac) &&
                (o->vni != p->vni || o->address != p->at.address))
                sim_world_fail(s->world, "I12", o->instance,
                               "%s's tunnel of network %ld knows it, and it has another network"
                               " or address",
                               m->node->name, (long)p->vni);
        }
}

/* MEDIUM: what was imported as a medium lies in a drive, and what was a disk is one. */
static void check_medium(struct sim_machine *m, const char *instance, const char *manifest,
                         int64_t is_cdrom)
{
    if ((is_cdrom != 0) != sim_dos_is_medium(manifest))
        sim_world_fail(m->shadow->world, "MEDIUM", instance, "%s takes its image for a %s",
                       m->node->name, is_cdrom ? "medium" : "disk");
}

static void on_root(struct sim_machine *m, const struct host_disk_root *r, bool is_there)
{
    struct sim_shadow *s = m->shadow;
    check_medium(m, r->instance, r->manifest, r->is_cdrom);
    if (is_there && is_terminated(sim_shadow_find(s, r->instance)))
        sim_world_fail(s->world, "I7", r->instance, "is terminated and has a disk on %s",
                       m->node->name);
}

/* PACE; and R8: whoever orders a start ended every other placement of that instance here before. */
static void on_order(struct sim_machine *m, int kind, const void *spec)
{
    const struct host_hv_start *start = spec;
    if (kind != HOST_JOB_HV_START)
        return;
    check_medium(m, start->instance, start->manifest, start->is_cdrom);
    if (sim_machine_starting(m) > (size_t)HOST_STARTS_MAX)
        sim_world_fail(m->shadow->world, "PACE", start->instance,
                       "is one start too many at once on %s", m->node->name);
    const struct sim_domain *d = sim_machine_domain(m, start->instance);
    if (d != NULL && d->spec.pepoch != start->pepoch)
        sim_world_fail(m->shadow->world, "R8", start->instance,
                       "placement %ld is to start on %s, where placement %ld has a domain",
                       (long)start->pepoch, m->node->name, (long)d->spec.pepoch);
}

const struct sim_machine_watch sim_shadow_watch = {on_run,  on_end,  on_port,
                                                   on_peer, on_root, on_order};

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

static unsigned count_running(const struct sim_shadow *s, const char *id)
{
    unsigned len = 0;
    for (size_t i = 0; i < s->machines_len; i++) {
        const struct sim_domain *d = sim_machine_domain(s->machines[i], id);
        len += d != NULL && d->runs;
    }
    return len;
}

/* No machine ever had anything of it: the cloud may have made it after the backup, and told nobody
 * below. If it was told after all, it turns up as a stranger. */
static bool may_be_forgotten(struct sim_shadow *s, const struct sim_guest *g)
{
    return s->was_restored && !g->was_seen_running && count_running(s, g->id) == 0;
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
    if (g->id[0] != '\0' && !str_eq(g->id, id) && !may_be_forgotten(s, g))
        sim_world_fail(s->world, "I4", g->id, "one token, and now also %s", id);
    str_copy(g->id, sizeof g->id, id);
}

void sim_shadow_untell(struct sim_shadow *s, struct sim_guest *g, enum sim_verb verb)
{
    (void)s;
    g->told[verb] = SIM_NOTHING;
    g->is_blurred = true;
}

/* ---- what is seen
 * ------------------------------------------------------------------------------------ */

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
    if (!str_eq(g->id, id) && !may_be_forgotten(s, g))
        sim_world_fail(s->world, "I4", id, "is a second instance of %s's token", g->id);
    str_copy(g->id, sizeof g->id, id);
    g->listed = s->lists;
    if (g->seen == to)
        return;
    if (!s->was_restored && (!may_follow(g->seen, to) || is_backward(g, to)))
        sim_world_fail(s->world, "I23", id, "was %s and is now %s", state_words[g->seen], state);
    SIM_TRACE(s->world, "seen", "state", id, "%s -> %s", state_words[g->seen], state);
    g->seen = to;
    g->was_seen_running |= to == SIM_STATE_RUNNING;
    if (to == SIM_STATE_TERMINATED)
        check_nowhere(s, id);
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

/* ---- the end
 * ------------------------------------------------------------------------------------------ */

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

static void finish_guest(struct sim_shadow *s, const struct sim_guest *g)
{
    struct sim_world *w = s->world;
    unsigned runs = count_running(s, g->id);
    if (s->was_restored && g->listed != s->lists && runs == 0)
        return; /* forgotten, or ended long ago */
    if (g->told[SIM_TERMINATE] == SIM_TOLD && g->seen != SIM_STATE_TERMINATED)
        sim_world_fail(w, "I6", g->id, "was to be terminated and is %s", state_words[g->seen]);
    else if (g->seen == SIM_STATE_PENDING || g->seen == SIM_STATE_STOPPING ||
             g->seen == SIM_STATE_SHUTTING_DOWN || g->seen == SIM_STATE_UNSEEN)
        sim_world_fail(w, "I6", g->id, "never settled: it is '%s'", state_words[g->seen]);
    else if (runs != (g->seen == SIM_STATE_RUNNING))
        sim_world_fail(w, "I2", g->id, "is called %s and %u domains run", state_words[g->seen],
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

static const struct sim_peer *peer_of(const struct sim_machine *m, const struct host_port *p)
{
    for (size_t i = 0; i < SIM_PEERS_MAX; i++)
        if (m->peers[i].vni == p->vni && m->peers[i].at.address == p->address)
            return &m->peers[i];
    return NULL;
}

static bool has_network(const struct sim_machine *m, int64_t vni)
{
    for (size_t i = 0; i < SIM_PORTS_MAX; i++)
        if (m->ports[i].port[0] != '\0' && m->ports[i].vni == vni)
            return true;
    return false;
}

static bool leads_to(const struct sim_peer *peer, const struct sim_machine *to)
{
    uint32_t a = peer->at.tunnel;
    char text[SIM_TUNNEL_SIZE];
    snprintf(text, sizeof text, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
    return str_eq(text, to->tunnel);
}

/* I12 when quiet: guests of one network on two machines of a cluster have each other... */
static void check_seen(struct sim_shadow *s, const struct sim_machine *m, const struct host_port *p)
{
    for (size_t i = 0; i < s->machines_len; i++) {
        const struct sim_machine *o = s->machines[i];
        if (o == m || o->node->parent != m->node->parent || !has_network(o, p->vni))
            continue;
        const struct sim_peer *peer = peer_of(o, p);
        if (peer == NULL || !leads_to(peer, m) || !is_mac(peer->at.mac, p->mac))
            sim_world_fail(s->world, "I12", p->instance,
                           "runs on %s, and the guests of its network on %s do not reach it",
                           m->node->name, o->node->name);
    }
}

static bool has_port_of(const struct sim_machine *m, const char *instance)
{
    for (size_t i = 0; i < SIM_PORTS_MAX; i++)
        if (m->ports[i].port[0] != '\0' && str_eq(m->ports[i].instance, instance))
            return true;
    return false;
}

/* A guest that is off has its disk there; its port went with the power, and comes when it starts.
 */
static bool has_guest_without_port(const struct sim_machine *m)
{
    for (size_t i = 0; i < SIM_ROOTS_MAX; i++)
        if (m->roots[i].is_there && !has_port_of(m, m->roots[i].spec.instance))
            return true;
    return false;
}

/* ... and nobody else. */
static void check_peer(struct sim_shadow *s, const struct sim_machine *m,
                       const struct sim_peer *peer)
{
    for (size_t i = 0; i < s->machines_len; i++) {
        const struct sim_machine *o = s->machines[i];
        for (size_t k = 0; k < SIM_PORTS_MAX; k++)
            if (o != m && o->ports[k].port[0] != '\0' && o->ports[k].vni == peer->vni &&
                o->ports[k].address == peer->at.address && leads_to(peer, o))
                return;
        if (o != m && leads_to(peer, o) && has_guest_without_port(o))
            return;
    }
    sim_world_fail(s->world, "I12", m->node->name,
                   "its tunnel of network %ld knows %08x, who lives nowhere", (long)peer->vni,
                   peer->at.address);
}

static void check_tunnels(struct sim_shadow *s)
{
    for (size_t i = 0; i < s->machines_len; i++) {
        struct sim_machine *m = s->machines[i];
        for (size_t k = 0; k < SIM_PORTS_MAX; k++) {
            const struct host_port *p = &m->ports[k];
            const struct sim_domain *d = p->port[0] != '\0' ? sim_machine_domain(m, p->instance)
                                                            : NULL;
            if (d != NULL && d->runs)
                check_seen(s, m, p);
        }
        for (size_t k = 0; k < SIM_PEERS_MAX; k++)
            if (m->peers[k].vni != 0)
                check_peer(s, m, &m->peers[k]);
    }
}

void sim_shadow_finish(struct sim_shadow *s)
{
    for (size_t i = 0; i < s->guests_len; i++) {
        const struct sim_guest *g = &s->guests[i];
        if (g->id[0] != '\0')
            finish_guest(s, g);
        else if (g->told[SIM_RUN] == SIM_ASKED && !g->is_refused)
            sim_world_fail(s->world, "I6", g->token, "was never answered");
    }
    check_strangers(s);
    check_tunnels(s);
}
