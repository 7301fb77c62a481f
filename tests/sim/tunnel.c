/* tunnel.c - the model of tunnels between machines: who lives elsewhere, as NET_PEERS said it. Gone
 * with the network, and with the power. */
#include "tests/sim/machine.h"

#include "base/check.h"
#include "base/str.h"

#include <string.h>

static struct sim_peer *find(struct sim_machine *m, int64_t vni, uint32_t address)
{
    for (size_t i = 0; i < SIM_PEERS_MAX; i++)
        if (m->peers[i].vni == vni && (vni == 0 || m->peers[i].at.address == address))
            return &m->peers[i];
    return NULL;
}

static void end(struct sim_machine *m, struct sim_peer *p)
{
    m->watch->on_peer(m, p, false);
    SIM_TRACE(m->node->world, m->node->name, "peer-ends", "", "%ld %08x", (long)p->vni,
              p->at.address);
    p->vni = 0;
}

void sim_tunnel_yield(struct sim_machine *m, int64_t vni, uint32_t address)
{
    struct sim_peer *p = find(m, vni, address);
    if (p != NULL)
        end(m, p);
}

void sim_tunnel_lose(struct sim_machine *m, int64_t vni)
{
    for (size_t i = 0; i < SIM_PEERS_MAX; i++)
        if (m->peers[i].vni == vni)
            end(m, &m->peers[i]);
}

static const struct host_port *port_at(const struct sim_machine *m, int64_t vni, uint32_t address)
{
    for (size_t i = 0; i < SIM_PORTS_MAX; i++)
        if (m->ports[i].port[0] != '\0' && m->ports[i].vni == vni &&
            (address == 0 || m->ports[i].address == address))
            return &m->ports[i];
    return NULL;
}

static void put(struct sim_machine *m, int64_t vni, const struct host_net_peer *at)
{
    sim_tunnel_yield(m, vni, at->address);
    if (at->tunnel == 0 || port_at(m, vni, at->address) != NULL)
        return;
    struct sim_peer *p = find(m, 0, 0);
    INV(p != NULL);
    *p = (struct sim_peer){vni, *at};
    SIM_TRACE(m->node->world, m->node->name, "peer", "", "%ld %08x at %08x", (long)vni, at->address,
              at->tunnel);
    m->watch->on_peer(m, p, true);
}

static bool is_named(const struct host_net_peers *spec, uint32_t address)
{
    for (int64_t i = 0; i < spec->len; i++)
        if (spec->peers[i].address == address)
            return true;
    return false;
}

void sim_tunnel_do(struct sim_machine *m, const struct host_net_peers *spec,
                   struct sim_outcome *out)
{
    if (port_at(m, spec->vni, 0) == NULL) {
        out->code = ERR_VPC_NOT_FOUND;
        return;
    }
    for (size_t i = 0; i < SIM_PEERS_MAX && spec->is_page; i++) {
        struct sim_peer *p = &m->peers[i];
        if (p->vni == spec->vni && p->at.address >= spec->from && p->at.address <= spec->to &&
            !is_named(spec, p->at.address))
            end(m, p);
    }
    for (int64_t i = 0; i < spec->len; i++)
        put(m, spec->vni, &spec->peers[i]);
}
