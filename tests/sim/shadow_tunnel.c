/* shadow_tunnel.c - I12 when all is quiet: guests of one network reach each other, and nobody else.
 * See shadow.h. */
#include "base/str.h"
#include "tests/sim/node.h"
#include "tests/sim/shadow.h"

#include <stdio.h>
#include <string.h>

static bool is_mac(const uint8_t a[6], const uint8_t b[6])
{
    return memcmp(a, b, 6) == 0;
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

static bool is_on(const struct sim_machine *m, const char *instance)
{
    for (size_t i = 0; i < SIM_ROOTS_MAX; i++)
        if (m->roots[i].is_there && str_eq(m->roots[i].spec.instance, instance))
            return true;
    return has_port_of(m, instance);
}

/* One that was stopped before its host had made anything of it has a place there and nothing else:
 * its neighbours are told of it, and no machine shows where it is. */
static bool has_guest_that_never_began(const struct sim_shadow *s)
{
    for (size_t i = 0; i < s->guests_len; i++) {
        const struct sim_guest *g = &s->guests[i];
        size_t on = 0;
        if (g->seen != SIM_STATE_STOPPED || g->was_seen_running)
            continue;
        for (size_t k = 0; k < s->machines_len; k++)
            on += is_on(s->machines[k], g->id);
        if (on == 0)
            return true;
    }
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
    if (has_guest_that_never_began(s))
        return;
    sim_world_fail(s->world, "I12", m->node->name,
                   "its tunnel of network %ld knows %08x, who lives nowhere", (long)peer->vni,
                   peer->at.address);
}

void sim_shadow_check_tunnels(struct sim_shadow *s)
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
