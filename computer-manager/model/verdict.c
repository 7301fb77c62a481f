/* verdict.c - rules, one after the other; see verdict.h. */
#include "computer-manager/model/verdict.h"

#include "base/check.h"
#include "computer-manager/model/filter.h"

enum { ICMP = 1, TCP = 6, UDP = 17, DHCP_SERVER = 67, DHCP_CLIENT = 68, DNS = 53, HTTP = 80 };

static bool has_ports(uint8_t protocol)
{
    return protocol == TCP || protocol == UDP;
}

static bool in_cidr(uint32_t address, uint32_t cidr, uint8_t len)
{
    return len == 0 || (address ^ cidr) >> (32 - len) == 0;
}

static bool is_other_end(const struct host_port *port, const struct host_rule *r, uint32_t other,
                         const struct host_verdict_groups *groups)
{
    if (r->group[0] != '\0')
        return groups->has(groups->self, port->vni, r->group, other);
    return in_cidr(other, r->cidr, r->cidr_len);
}

/* What the rule says of the protocol; -1 stands for every port, type and code. */
static bool is_protocol(const struct host_rule *r, const struct host_flow *f)
{
    if (r->protocol == 0)
        return true;
    if (r->protocol != f->protocol)
        return false;
    if (r->protocol == ICMP)
        return r->from < 0 || (r->from == f->type && (r->to < 0 || r->to == f->code));
    return !has_ports(r->protocol) || r->from < 0 || (f->to_port >= r->from && f->to_port <= r->to);
}

/* What every guest may have on any rules: leases, names, metadata. */
static bool is_service(const struct host_port *port, enum host_direction direction,
                       const struct host_flow *f)
{
    bool is_dhcp = f->protocol == UDP;
    if (direction == HOST_INGRESS)
        return is_dhcp && f->from == port->gateway && f->from_port == DHCP_SERVER &&
               f->to_port == DHCP_CLIENT;
    if (is_dhcp && f->to == port->gateway && f->from_port == DHCP_CLIENT &&
        f->to_port == DHCP_SERVER)
        return true;
    if (f->to == HOST_FILTER_METADATA && f->protocol == TCP && f->to_port == HTTP)
        return true;
    bool is_resolver = f->to == HOST_FILTER_RESOLVER || f->to == port->vpc_cidr + 2 ||
                       f->to == port->subnet + 2 || f->to == port->gateway;
    return is_resolver && has_ports(f->protocol) && f->to_port == DNS;
}

bool host_verdict_port(const struct host_port *port, enum host_direction direction,
                       const struct host_flow *f, const struct host_verdict_groups *groups)
{
    PRE(port->rules_len >= 0 && port->rules_len <= HOST_RULES_MAX);
    uint32_t other = direction == HOST_EGRESS ? f->to : f->from;
    if (is_service(port, direction, f))
        return true;
    for (int64_t i = 0; i < port->rules_len; i++) {
        const struct host_rule *r = &port->rules[i];
        if (r->egress == (direction == HOST_EGRESS) && is_protocol(r, f) &&
            is_other_end(port, r, other, groups))
            return true;
    }
    return false;
}
