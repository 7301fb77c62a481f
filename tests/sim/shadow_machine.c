/* shadow_machine.c - what machines do, as it happens: the checkers of each event. See shadow.h. */
#include "base/check.h"
#include "base/str.h"
#include "computer-manager/model/pace.h"
#include "tests/sim/dos.h"
#include "tests/sim/node.h"
#include "tests/sim/shadow.h"

#include <string.h>

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

/* R16: what was stopped or ended while the machine was off does not come up with it. */
static void check_fresh(const struct sim_machine *m, const struct host_hv_start *start)
{
    if (m->node->heard_boot != m->node->boot)
        sim_world_fail(m->shadow->world, "R16", start->instance,
                       "is to start on %s, which nobody has answered since it booted",
                       m->node->name);
}

/* PACE; and R8: whoever orders a start ended every other placement of that instance here before. */
static void on_order(struct sim_machine *m, int kind, const void *spec)
{
    const struct host_hv_start *start = spec;
    if (kind != HOST_JOB_HV_START)
        return;
    check_medium(m, start->instance, start->manifest, start->is_cdrom);
    check_fresh(m, start);
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
