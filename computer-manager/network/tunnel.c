/* tunnel.c - makes a network's VXLAN link. Its filters stand before it is up; its label comes last,
 * so that a link without it was cut short. */
#include "computer-manager/network/tunnel.h"

#include "base/check.h"
#include "base/str.h"
#include "computer-manager/model/address.h"
#include "computer-manager/network/netlink_vxlan.h"
#include "computer-manager/network/ruleset.h"
#include "computer-manager/network/runfile.h"

#include <stdio.h>
#include <string.h>

#define LABEL "tercet tunnel "

/* "tercet tunnel 10.0.0.1:4789" */
static void format_label(char out[NETLINK_ALIAS_SIZE], const struct host_tunnel *t)
{
    char address[HOST_ADDRESS_SIZE];
    snprintf(out, NETLINK_ALIAS_SIZE, LABEL "%s:%u", host_address_format(address, t->address),
             t->udp_port);
}

bool tunnel_is_there(const struct vpc *v)
{
    struct netlink_link link;
    char label[NETLINK_ALIAS_SIZE];
    format_label(label, &v->net->tunnel);
    return netlink_get(&v->net->home, v->tunnel, &link) && str_eq(link.alias, label);
}

static enum err_code open_filters(const struct vpc *v, struct err *err)
{
    CLEANUP(buf_fini) struct buf text = {0};
    host_tunnel_open(&text, v->net->prefix, v->vni);
    return ruleset_load(text.data, err);
}

static enum err_code make(const struct vpc *v, int64_t mtu, struct err *err)
{
    struct netlink *home = &v->net->home;
    char setting[96], label[NETLINK_ALIAS_SIZE];
    const struct netlink_vxlan vxlan = {.vni = v->vni,
                                        .mtu = mtu,
                                        .local = v->net->tunnel.address,
                                        .udp_port = v->net->tunnel.udp_port,
                                        .master = v->bridge};
    const struct netlink_change up = {.up = true}, mark = {.alias = label};
    snprintf(setting, sizeof setting, "net/ipv6/conf/%s/disable_ipv6", v->tunnel);
    format_label(label, &v->net->tunnel);
    if (netlink_add_vxlan(home, v->tunnel, &vxlan, err) != ERR_OK ||
        runfile_sysctl(setting, "1", RUNFILE_OPTIONAL, err) != ERR_OK ||
        open_filters(v, err) != ERR_OK || netlink_set(home, v->tunnel, &up, err) != ERR_OK)
        return err->code;
    return netlink_set(home, v->tunnel, &mark, err);
}
enum err_code tunnel_ensure(const struct vpc *v, int64_t mtu, struct err *err)
{
    const struct netlink_change fit = {.mtu = mtu};
    if (v->net->tunnel.address == 0)
        return err_set(err, ERR_UNAVAILABLE, "this host has no address for tunnels");
    return tunnel_is_there(v) ? netlink_set(&v->net->home, v->tunnel, &fit, err)
                              : make(v, mtu, err);
}
