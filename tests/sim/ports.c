/* ports.c - the model of taps, their rules and the sets of groups on a host; gone with the power.
 */
#include "tests/sim/machine.h"

#include "base/check.h"
#include "base/str.h"
#include "computer-manager/model/pages.h"

#include <stdio.h>
#include <string.h>

static struct host_port *find(struct sim_machine *m, const char *port)
{
    for (size_t i = 0; i < SIM_PORTS_MAX; i++)
        if (str_eq(m->ports[i].port, port))
            return &m->ports[i];
    return NULL;
}

/* That of the network's other ports here, or made anew. */
static uint64_t join_network(struct sim_machine *m, int64_t vni)
{
    for (size_t i = 0; i < SIM_PORTS_MAX; i++)
        if (m->ports[i].port[0] != '\0' && m->ports[i].vni == vni)
            return m->network_of[i];
    return ++m->networks;
}

static void put_port(struct sim_machine *m, const struct host_port *spec, struct sim_outcome *out)
{
    struct host_port *p = find(m, spec->port);
    bool is_new = p == NULL;
    if (is_new)
        p = find(m, "");
    INV(p != NULL);
    if (is_new)
        m->network_of[p - m->ports] = join_network(m, spec->vni);
    *p = *spec;
    m->is_flushed[p - m->ports] = false;
    sim_tunnel_yield(m, p->vni, p->address);
    m->watch->on_port(m, p, true);
    struct host_net_port_done *r = check_alloc(sizeof *r);
    snprintf(r->tap, sizeof r->tap, "tap%zu", (size_t)(p - m->ports));
    r->network = (int64_t)m->network_of[p - m->ports];
    out->result = r;
    out->size = sizeof *r;
}

static bool has_network(const struct sim_machine *m, int64_t vni)
{
    for (size_t i = 0; i < SIM_PORTS_MAX; i++)
        if (m->ports[i].port[0] != '\0' && m->ports[i].vni == vni)
            return true;
    return false;
}

/* A network goes with its last port: its sets of groups, and who lives elsewhere. */
static void remove_port(struct sim_machine *m, const char *port)
{
    struct host_port *p = *port != '\0' ? find(m, port) : NULL;
    if (p == NULL)
        return;
    m->watch->on_port(m, p, false);
    p->port[0] = '\0';
    if (has_network(m, p->vni))
        return;
    sim_tunnel_lose(m, p->vni);
    for (size_t i = 0; i < SIM_SETS_MAX; i++)
        if (m->sets[i].vni == p->vni)
            m->sets[i].group[0] = '\0';
}

static struct sim_set *find_set(struct sim_machine *m, const char *group, int64_t vni)
{
    for (size_t i = 0; i < SIM_SETS_MAX; i++)
        if (str_eq(m->sets[i].group, group) && (*group == '\0' || m->sets[i].vni == vni))
            return &m->sets[i];
    return NULL;
}

const struct sim_set *sim_ports_set(const struct sim_machine *m, const char *group, int64_t vni)
{
    for (size_t i = 0; i < SIM_SETS_MAX; i++)
        if (str_eq(m->sets[i].group, group) && m->sets[i].vni == vni)
            return &m->sets[i];
    return NULL;
}

static void put_set(struct sim_machine *m, const struct host_net_group *spec,
                    struct sim_outcome *out)
{
    struct sim_set *set = find_set(m, spec->group, spec->vni);
    if (set == NULL)
        set = find_set(m, "", 0);
    if (!has_network(m, spec->vni)) {
        out->code = ERR_VPC_NOT_FOUND;
        return;
    }
    static uint32_t members[HOST_MEMBERS_MAX];
    size_t len = host_pages_others(members, spec, NULL);
    INV(set != NULL && len <= SIM_SET_MEMBERS);
    *set = (struct sim_set){.vni = spec->vni, .len = (int64_t)len};
    str_copy(set->group, sizeof set->group, spec->group);
    memcpy(set->members, members, len * sizeof members[0]);
}

static void list(struct sim_machine *m, struct sim_outcome *out)
{
    struct host_net_list *r = check_alloc(sizeof *r);
    for (size_t i = 0; i < SIM_PORTS_MAX; i++) {
        if (m->ports[i].port[0] == '\0')
            continue;
        str_copy(r->ports[r->len].port, sizeof r->ports[0].port, m->ports[i].port);
        const struct sim_domain *d = sim_machine_domain(m, m->ports[i].instance);
        r->ports[r->len].answered_ms = d != NULL && d->runs ? 0 : -1;
        r->ports[r->len].is_whole = !m->is_flushed[i];
        r->ports[r->len++].vni = m->ports[i].vni;
    }
    out->result = r;
    out->size = sizeof *r;
}

void sim_ports_do(struct sim_machine *m, int kind, const void *spec, struct sim_outcome *out)
{
    if (kind == HOST_JOB_NET_PORT)
        put_port(m, spec, out);
    else if (kind == HOST_JOB_NET_UNPORT)
        remove_port(m, ((const struct host_net_unport *)spec)->port);
    else if (kind == HOST_JOB_NET_GROUP)
        put_set(m, spec, out);
    else if (kind == HOST_JOB_NET_LIST)
        list(m, out);
    else if (kind == HOST_JOB_NET_PEERS)
        sim_tunnel_do(m, spec, out);
}

void sim_ports_lose(struct sim_machine *m)
{
    for (size_t i = 0; i < SIM_PORTS_MAX; i++)
        remove_port(m, m->ports[i].port);
}

void sim_ports_spoil(struct sim_machine *m, uint64_t which, bool is_removed)
{
    for (size_t i = 0; i < SIM_PORTS_MAX; i++) {
        size_t at = (size_t)(which + i) % SIM_PORTS_MAX;
        if (m->ports[at].port[0] == '\0')
            continue;
        SIM_TRACE_FAULT(m->node->world, m->node->name, is_removed ? "tap-removed" : "rules-flushed",
                        m->ports[at].instance, "%s", m->ports[at].port);
        m->is_flushed[at] = true;
        if (is_removed)
            remove_port(m, m->ports[at].port);
        return;
    }
}

bool sim_ports_has(const struct sim_machine *m, const char *instance)
{
    for (size_t i = 0; i < SIM_PORTS_MAX; i++)
        if (m->ports[i].port[0] != '\0' && str_eq(m->ports[i].instance, instance))
            return !m->is_flushed[i];
    return false;
}
