/* port.c - the jobs, step by step. */
#include "computer-manager/network/port.h"

#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/model/filter.h"
#include "computer-manager/model/netname.h"
#include "computer-manager/network/cut.h"
#include "computer-manager/network/dnsmasq.h"
#include "computer-manager/network/guard.h"
#include "computer-manager/network/pulse.h"
#include "computer-manager/network/peers.h"
#include "computer-manager/network/public.h"
#include "computer-manager/network/ruleset.h"
#include "computer-manager/network/survey.h"
#include "computer-manager/network/sweep.h"
#include "computer-manager/network/tap.h"
#include "computer-manager/network/vpc.h"

#include <stdio.h>
#include <string.h>

enum { ADDRESSES_MAX = 8 };

/* One at a time: jobs are done in the order they come. Large, so not on the stack. */
static struct survey seen;

/* What another port has cannot be had. */
static enum err_code refuse_conflict(const struct host_port *port, const char *tap, struct err *err)
{
    for (size_t p = 0; p < seen.ports_len; p++) {
        const struct survey_port *other = &seen.ports[p];
        if (str_eq(other->port, port->port)) {
            if (other->vni != port->vni || other->address != port->address)
                return err_set(err, ERR_INVALID_PARAMETER,
                               "%s is here with another network or address", port->port);
        } else if (str_eq(other->tap, tap)) {
            return err_set(err, ERR_UNAVAILABLE, "%s has the tap %s", other->port, tap);
        } else if (other->vni == port->vni && other->address == port->address) {
            return err_set(err, ERR_UNAVAILABLE, "%s has that address still", other->port);
        }
    }
    return ERR_OK;
}

/* The label comes right after the tap: a tap without one is known as half-made. */
static enum err_code ensure_tap(struct network *net, const struct host_port *port, const char *tap,
                                struct err *err)
{
    char label[NETLINK_ALIAS_SIZE];
    survey_format_port(label, port);
    struct netlink_change change = {.alias = label, .mtu = port->mtu};
    if (tap_ensure(tap, net->tap_owner, err) != ERR_OK)
        return err->code;
    return netlink_set(&net->home, tap, &change, err);
}

static enum err_code load_filters(const struct vpc *v, const struct host_port *port,
                                  struct err *err)
{
    CLEANUP(buf_fini) struct buf text = {0};
    host_filter_port(&text, v->net->prefix, port, v->slot);
    if (ruleset_load(text.data, err) != ERR_OK || cut_port(port, v->slot, err) != ERR_OK)
        return err->code;
    return guard_learn_port(v->net, port, err);
}

/* Only now, behind its filters, may the tap carry a frame. */
static enum err_code raise_tap(const struct vpc *v, const char *tap, struct err *err)
{
    char setting[96];
    snprintf(setting, sizeof setting, "net/ipv6/conf/%s/disable_ipv6", tap);
    struct netlink_change join = {.master = v->bridge}, up = {.up = true};
    if (runfile_sysctl(setting, "1", RUNFILE_OPTIONAL, err) != ERR_OK ||
        netlink_set(&v->net->home, tap, &join, err) != ERR_OK)
        return err->code;
    return netlink_set(&v->net->home, tap, &up, err);
}

/* So that this machine reaches its guests at their own addresses. Where two networks have the same
 * address the first keeps the route; their guests do not notice. */
static enum err_code route_to(const struct vpc *v, const struct host_port *port, struct err *err)
{
    bool taken = false;
    if (netlink_add_route(&v->net->home, port->address, 32, vpc_router_address(v), v->uplink,
                          &taken, err) != ERR_OK)
        return err->code;
    if (taken)
        log_info("port.route.taken", "port", port->port, NULL);
    return ERR_OK;
}

enum err_code port_ensure(struct network *net, const struct host_port *port,
                          struct host_net_port_done *done, struct err *err)
{
    struct vpc v;
    char tap[HOST_LINK_SIZE];
    host_netname_tap(tap, net->prefix, port->port);
    if (survey_read(net, &seen, err) != ERR_OK || refuse_conflict(port, tap, err) != ERR_OK)
        return err->code;
    vpc_init(&v, net, &seen, port->vni);
    /* Filters first: where the tap is up already, a guest may be talking without them. */
    if (ensure_tap(net, port, tap, err) != ERR_OK ||
        vpc_ensure_bridge(&v, &seen, port, err) != ERR_OK ||
        load_filters(&v, port, err) != ERR_OK || vpc_ensure_router(&v, port, err) != ERR_OK ||
        lease_write(&v.paths, port, err) != ERR_OK || dnsmasq_reread(&v.paths, err) != ERR_OK ||
        peers_yield(&v, port->address, err) != ERR_OK || raise_tap(&v, tap, err) != ERR_OK ||
        route_to(&v, port, err) != ERR_OK || public_ensure(&v, port, err) != ERR_OK)
        return err->code;
    str_copy(done->tap, sizeof done->tap, tap);
    done->network = netlink_index(&net->home, v.bridge); /* no bridge to come will have it */
    return ERR_OK;
}

/* ---- removal --------------------------------------------------------------------------- */

static enum err_code remove_filters(struct network *net, const struct host_net_unport *unport,
                                    struct vpc *v, struct err *err)
{
    CLEANUP(buf_fini) struct buf text = {0};
    uint32_t addresses[ADDRESSES_MAX + 1];
    const struct survey_port *port = survey_port(&seen, unport->port);
    size_t len;
    if (sweep_addresses(net, unport->port, unport->vni, addresses, ADDRESSES_MAX, &len, err) !=
        ERR_OK)
        return err->code;
    host_filter_unport(&text, net->prefix, unport->port, unport->vni, addresses, len);
    if (ruleset_load(text.data, err) != ERR_OK)
        return err->code;
    if (port != NULL) {
        addresses[len++] = port->address;
        if (cut_address(unport->port, port->address, v->slot, err) != ERR_OK)
            return err->code;
    }
    for (size_t a = 0; a < len; a++)
        if (public_remove(v, addresses[a], err) != ERR_OK ||
            netlink_delete_route(&net->home, addresses[a], 32, v->uplink, err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

/* Silent first, then everything around it. */
static enum err_code lower_tap(struct network *net, const char *tap, struct err *err)
{
    struct netlink_change down = {.down = true};
    return netlink_index(&net->home, tap) == 0 ? ERR_OK : netlink_set(&net->home, tap, &down, err);
}

/* The network goes with its last port. */
static enum err_code leave_network(struct network *net, struct vpc *v, bool last, struct err *err)
{
    if (!last)
        return vpc_forget_leases(v, err);
    guard_forget_network(v->vni);
    cut_forget_network(v->vni);
    if (vpc_remove(v, err) != ERR_OK)
        return err->code;
    return sweep_base(net, &seen, v->vni, err);
}

enum err_code port_remove(struct network *net, const struct host_net_unport *unport, bool *last,
                          struct err *err)
{
    struct vpc v;
    char tap[HOST_LINK_SIZE];
    host_netname_tap(tap, net->prefix, unport->port);
    if (survey_read(net, &seen, err) != ERR_OK)
        return err->code;
    const struct survey_port *port = survey_port(&seen, unport->port);
    if (port != NULL && port->vni != unport->vni)
        return err_set(err, ERR_INVALID_PARAMETER, "%s is here on another network", unport->port);
    *last = survey_count(&seen, unport->vni) == (port != NULL ? 1 : 0);
    vpc_init(&v, net, &seen, unport->vni);
    if ((port != NULL && lower_tap(net, tap, err) != ERR_OK) ||
        remove_filters(net, unport, &v, err) != ERR_OK ||
        lease_remove(&v.paths, unport->port, err) != ERR_OK ||
        leave_network(net, &v, *last, err) != ERR_OK)
        return err->code;
    guard_forget_port(unport->port);
    return port != NULL ? netlink_delete(&net->home, tap, err) : ERR_OK;
}

/* ---- the rest -------------------------------------------------------------------------- */

/* The ports of one network, which are no better than their network. */
static void list_network(struct network *net, const struct survey_network *network,
                         struct host_net_list *out)
{
    struct vpc v;
    vpc_init(&v, net, &seen, network->vni);
    struct err err = {0};
    bool is_whole = guard_network_is_whole(&v, network);
    if (is_whole && pulse_take(&v, &seen, out, &err) != ERR_OK)
        log_warn("network.pulse.failed", "space", v.space, "why", err.text, NULL);
    for (size_t p = 0; is_whole && p < seen.ports_len; p++)
        if (seen.ports[p].vni == network->vni)
            out->ports[p].is_whole = guard_port_is_whole(&v, network, &seen.ports[p]);
}

enum err_code port_list(struct network *net, struct host_net_list *out, struct err *err)
{
    bool is_moved;
    if (survey_read(net, &seen, err) != ERR_OK || guard_look(net, &seen, &is_moved, err) != ERR_OK)
        return err->code;
    if (is_moved && sweep_strays(net, &seen, err) != ERR_OK)
        return err->code;
    memset(out, 0, sizeof *out);
    out->len = (int64_t)seen.ports_len;
    for (size_t p = 0; p < seen.ports_len; p++) {
        str_copy(out->ports[p].port, sizeof out->ports[p].port, seen.ports[p].port);
        out->ports[p].vni = seen.ports[p].vni;
        out->ports[p].answered_ms = -1;
    }
    for (size_t n = 0; n < seen.networks_len; n++)
        list_network(net, &seen.networks[n], out);
    return ERR_OK;
}
