/* probe.c - tries everything the kernel must have, out of everybody's way. */
#include "computer-manager/network/probe.h"

#include "base/check.h"
#include "computer-manager/model/filter.h"
#include "computer-manager/model/netname.h"
#include "computer-manager/network/ruleset.h"
#include "computer-manager/network/space.h"
#include "computer-manager/network/tap.h"

#include <stdio.h>
#include <unistd.h>

static const struct host_port example = {
    .port = "eni-00000000",
    .instance = "i-00000000",
    .vpc = "vpc-00000000",
    .vni = 1,
    .mac = {2, 0, 0, 0, 0, 1},
    .address = 0x0a000005,
    .subnet = 0x0a000000,
    .subnet_len = 24,
    .vpc_cidr = 0x0a000000,
    .vpc_cidr_len = 16,
    .gateway = 0x0a000001,
    .hostname = "probe",
    .domain = "probe",
    .mtu = 1450,
};

struct attempt {
    const struct network *net;
    struct netlink netlink;
};

static enum err_code try_links(struct attempt *a, struct err *err)
{
    char bridge[HOST_LINK_SIZE], tap[HOST_LINK_SIZE];
    struct netlink_change join = {.master = bridge};
    host_netname_link(bridge, a->net->prefix, HOST_LINK_BRIDGE, example.vni);
    host_netname_tap(tap, a->net->prefix, example.port);
    if (netlink_open(&a->netlink, err) != ERR_OK ||
        netlink_add_bridge(&a->netlink, bridge, err) != ERR_OK ||
        tap_ensure(tap, -1, err) != ERR_OK)
        return err->code;
    return netlink_set(&a->netlink, tap, &join, err);
}

static enum err_code try_filters(const struct network *net, struct err *err)
{
    CLEANUP(buf_fini) struct buf text = {0};
    const struct host_filter_resolvers none = {.len = 0};
    host_filter_base(&text, net->prefix, &none);
    host_tunnel_base(&text, net->prefix, &net->tunnel);
    host_filter_port(&text, net->prefix, &example, 1);
    host_filter_router(&text, example.vpc_cidr, example.vpc_cidr_len);
    return ruleset_load(text.data, err);
}

static enum err_code try_all(void *self, struct err *err)
{
    struct attempt *a = self;
    enum err_code code = try_links(a, err);
    netlink_close(&a->netlink);
    if (code != ERR_OK)
        return code;
    code = try_filters(a->net, err);
    return code;
}

enum err_code probe_run(const struct network *net, struct err *err)
{
    struct attempt attempt = {.net = net};
    if (access("/proc/sys/net/bridge/bridge-nf-call-iptables", F_OK) != 0)
        return err_set(err, ERR_UNSUPPORTED,
                       "the kernel has no br_netfilter: load it (modprobe br_netfilter)");
    if (access("/dev/net/tun", R_OK | W_OK) != 0)
        return err_set(err, ERR_UNSUPPORTED, "/dev/net/tun is missing: load tun (modprobe tun)");
    if (access(net->dnsmasq, X_OK) != 0)
        return err_set(err, ERR_UNSUPPORTED, "%s is missing (Debian: dnsmasq-base)", net->dnsmasq);
    if (space_try(try_all, &attempt, err) == ERR_OK)
        return ERR_OK;
    err->code = ERR_UNSUPPORTED;
    return err_wrap(err, "this machine's kernel lacks what networks need");
}
