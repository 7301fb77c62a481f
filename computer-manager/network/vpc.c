/* vpc.c - makes and removes one network. */
#include "computer-manager/network/vpc.h"

#include "base/check.h"
#include "computer-manager/network/dnsmasq.h"
#include "computer-manager/network/guard.h"
#include "computer-manager/network/ruleset.h"
#include "computer-manager/network/space.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { UPLINK_LEN = 30, LISTEN_BACKLOG = 128 };

void vpc_init(struct vpc *v, struct network *net, const struct survey *survey, int64_t vni)
{
    const struct survey_network *seen = survey_network(survey, vni);
    *v = (struct vpc){.net = net, .vni = vni, .slot = seen != NULL ? seen->slot : 0};
    host_netname_link(v->bridge, net->prefix, HOST_LINK_BRIDGE, vni);
    host_netname_link(v->gateway, net->prefix, HOST_LINK_GATEWAY, vni);
    host_netname_link(v->uplink, net->prefix, HOST_LINK_UPLINK, vni);
    host_netname_link(v->tunnel, net->prefix, HOST_LINK_TUNNEL, vni);
    host_netname_space(v->space, net->prefix, vni);
    lease_paths(&v->paths, net, vni);
}

static uint32_t host_address(const struct vpc *v)
{
    PRE(v->slot > 0);
    return v->net->link_base + 4u * v->slot + 1;
}

uint32_t vpc_router_address(const struct vpc *v)
{
    return host_address(v) + 1;
}

/* A link of the host's own namespace speaks nothing of its own: no IPv6, no answers to ARP. */
static enum err_code silence(const char *link, struct err *err)
{
    char name[96];
    snprintf(name, sizeof name, "net/ipv6/conf/%s/disable_ipv6", link);
    if (runfile_sysctl(name, "1", RUNFILE_OPTIONAL, err) != ERR_OK)
        return err->code;
    snprintf(name, sizeof name, "net/ipv4/conf/%s/arp_ignore", link);
    return runfile_sysctl(name, "8", RUNFILE_REQUIRED, err);
}

/* ---- bridge ---------------------------------------------------------------------------- */

static enum err_code ensure_slot(struct vpc *v, const struct survey *survey, struct err *err)
{
    if (v->slot == 0)
        v->slot = survey_free_slot(survey, v->vni);
    if (v->slot == 0)
        return err_set(err, ERR_UNAVAILABLE, "this host has no free slot for another network");
    return ERR_OK;
}

/* The label says the slot, so it comes before anything that uses it. */
static enum err_code ensure_bridge(struct vpc *v, const struct survey *survey, int64_t mtu,
                                   struct err *err)
{
    char label[NETLINK_ALIAS_SIZE];
    if (ensure_slot(v, survey, err) != ERR_OK)
        return err->code;
    survey_format_network(label, v->slot);
    struct netlink_change change = {.alias = label, .mac = HOST_FILTER_BRIDGE_MAC, .mtu = mtu};
    struct netlink_change up = {.up = true};
    if (netlink_add_bridge(&v->net->home, v->bridge, err) != ERR_OK ||
        netlink_set(&v->net->home, v->bridge, &change, err) != ERR_OK ||
        silence(v->bridge, err) != ERR_OK)
        return err->code;
    return netlink_set(&v->net->home, v->bridge, &up, err);
}

static enum err_code
ensure_base_filter(struct vpc *v, const struct host_filter_resolvers *resolvers, struct err *err)
{
    CLEANUP(buf_fini) struct buf text = {0};
    host_filter_base(&text, v->net->prefix, resolvers);
    host_tunnel_base(&text, v->net->prefix, &v->net->tunnel);
    if (ruleset_load(text.data, err) != ERR_OK)
        return err->code;
    return guard_learn_shared(v->net, text.data, err);
}

/* ---- the two links into the router namespace ------------------------------------------- */

/* A pair whose other end is not in the namespace belongs to one that lost its name: anew. */
static enum err_code ensure_pair(struct vpc *v, struct netlink *inside, const char *name,
                                 const char *peer, struct err *err)
{
    if (netlink_index(&v->net->home, name) != 0 && netlink_index(inside, peer) != 0)
        return ERR_OK;
    /* dnsmasq listens on the link that goes, or in a namespace nobody finds any more. */
    if (dnsmasq_stop(&v->paths, err) != ERR_OK ||
        netlink_delete(&v->net->home, name, err) != ERR_OK ||
        netlink_delete(inside, peer, err) != ERR_OK)
        return err->code;
    int space = space_open(v->space, err);
    if (space < 0)
        return err->code;
    enum err_code code = netlink_add_veth(&v->net->home, name, peer, space, err);
    close(space);
    return code;
}

static enum err_code ensure_gateway(struct vpc *v, struct netlink *inside,
                                    const struct host_port *port, struct err *err)
{
    struct netlink_change here = {.mtu = port->mtu, .master = v->bridge};
    struct netlink_change there = {.mac = HOST_FILTER_GATEWAY_MAC, .mtu = port->mtu};
    struct netlink_change up = {.up = true};
    if (ensure_pair(v, inside, v->gateway, HOST_NETNAME_GATEWAY, err) != ERR_OK ||
        netlink_set(&v->net->home, v->gateway, &here, err) != ERR_OK ||
        silence(v->gateway, err) != ERR_OK ||
        netlink_set(inside, HOST_NETNAME_GATEWAY, &there, err) != ERR_OK ||
        netlink_set(inside, HOST_NETNAME_GATEWAY, &up, err) != ERR_OK ||
        netlink_set(&v->net->home, v->gateway, &up, err) != ERR_OK)
        return err->code;
    const uint32_t own[] = {HOST_FILTER_METADATA, HOST_FILTER_RESOLVER, port->vpc_cidr + 2,
                            port->subnet + 2};
    for (size_t a = 0; a < sizeof own / sizeof *own; a++)
        if (netlink_add_address(inside, HOST_NETNAME_GATEWAY, own[a], 32, err) != ERR_OK)
            return err->code;
    if (netlink_add_address(inside, HOST_NETNAME_GATEWAY, port->gateway, port->subnet_len, err) !=
        ERR_OK)
        return err->code;
    /* Subnets whose guests are all on other hosts: the tunnel's neighbours say where. */
    return netlink_add_onlink(inside, port->vpc_cidr, port->vpc_cidr_len, HOST_NETNAME_GATEWAY,
                              err);
}

static enum err_code ensure_uplink(struct vpc *v, struct netlink *inside,
                                   const struct host_port *port, struct err *err)
{
    struct netlink_change up = {.mtu = port->mtu, .up = true};
    if (ensure_pair(v, inside, v->uplink, HOST_NETNAME_UPLINK, err) != ERR_OK)
        return err->code;
    char name[96];
    snprintf(name, sizeof name, "net/ipv6/conf/%s/disable_ipv6", v->uplink);
    if (runfile_sysctl(name, "1", RUNFILE_OPTIONAL, err) != ERR_OK ||
        netlink_add_address(&v->net->home, v->uplink, host_address(v), UPLINK_LEN, err) != ERR_OK ||
        netlink_add_address(inside, HOST_NETNAME_UPLINK, vpc_router_address(v), UPLINK_LEN, err) !=
            ERR_OK ||
        netlink_set(&v->net->home, v->uplink, &up, err) != ERR_OK ||
        netlink_set(inside, HOST_NETNAME_UPLINK, &up, err) != ERR_OK)
        return err->code;
    return netlink_add_route(inside, 0, 0, host_address(v), HOST_NETNAME_UPLINK, NULL, err);
}

/* ---- inside the router namespace ------------------------------------------------------- */

struct inside {
    struct vpc *vpc;
    const struct host_port *port;
    const char *conf, *subnet;
    struct netlink netlink;
};

static enum err_code settings(struct err *err)
{
    struct {
        const char *name, *value;
        enum runfile_need need;
    } all[] = {
        {"net/ipv4/ip_forward", "1", RUNFILE_REQUIRED},
        {"net/ipv4/conf/all/rp_filter", "1", RUNFILE_REQUIRED},
        {"net/ipv4/conf/all/send_redirects", "0", RUNFILE_REQUIRED},
        {"net/ipv4/conf/default/send_redirects", "0", RUNFILE_REQUIRED},
        {"net/ipv6/conf/all/disable_ipv6", "1", RUNFILE_OPTIONAL},
        {"net/ipv6/conf/default/disable_ipv6", "1", RUNFILE_OPTIONAL},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (runfile_sysctl(all[i].name, all[i].value, all[i].need, err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

/* The filter stands before the links do. */
static enum err_code prepare_inside(void *self, struct err *err)
{
    struct inside *in = self;
    CLEANUP(buf_fini) struct buf text = {0};
    host_filter_router(&text, in->port->vpc_cidr, in->port->vpc_cidr_len);
    if (settings(err) != ERR_OK || ruleset_load(text.data, err) != ERR_OK ||
        guard_learn_router(in->port->vni, err) != ERR_OK)
        return err->code;
    if (netlink_open(&in->netlink, err) != ERR_OK)
        return err->code;
    struct netlink_change up = {.up = true};
    return netlink_set(&in->netlink, "lo", &up, err);
}

static enum err_code start_inside(void *self, struct err *err)
{
    const struct vpc *v = self;
    return dnsmasq_start(v->net, &v->paths, err);
}

enum err_code vpc_forget_leases(struct vpc *v, struct err *err)
{
    if (dnsmasq_stop(&v->paths, err) != ERR_OK)
        return err->code;
    if (access(v->paths.conf, F_OK) != 0) /* half made: the next port starts it */
        return ERR_OK;
    return space_visit(v->space, start_inside, v, err);
}

/* A running one is kept when it was started with the same texts; else it ends before the files
 * change, so that a file never claims what no process has read. */
static enum err_code ensure_dnsmasq(struct inside *in, struct err *err)
{
    struct vpc *v = in->vpc;
    if (dnsmasq_runs(&v->paths) && lease_conf_holds(&v->paths, in->port, in->conf, in->subnet))
        return ERR_OK;
    if (dnsmasq_stop(&v->paths, err) != ERR_OK ||
        lease_conf_write(&v->paths, in->port, in->conf, in->subnet, err) != ERR_OK)
        return err->code;
    return space_visit(v->space, start_inside, v, err);
}

static enum err_code ensure_router(struct inside *in, struct err *err)
{
    struct vpc *v = in->vpc;
    if (space_visit(v->space, prepare_inside, in, err) != ERR_OK ||
        ensure_gateway(v, &in->netlink, in->port, err) != ERR_OK ||
        ensure_uplink(v, &in->netlink, in->port, err) != ERR_OK)
        return err->code;
    return ensure_dnsmasq(in, err);
}

enum err_code vpc_ensure_bridge(struct vpc *v, const struct survey *survey,
                                const struct host_port *port, struct err *err)
{
    struct host_filter_resolvers resolvers;
    PRE(v->vni == port->vni);
    lease_resolvers(&resolvers, v->net->resolv_conf);
    if (ensure_base_filter(v, &resolvers, err) != ERR_OK)
        return err->code;
    return ensure_bridge(v, survey, port->mtu, err);
}

enum err_code vpc_ensure_router(struct vpc *v, const struct host_port *port, struct err *err)
{
    CLEANUP(buf_fini) struct buf conf = {0}, subnet = {0};
    struct host_filter_resolvers resolvers;
    bool made;
    PRE(v->vni == port->vni && v->slot > 0);
    lease_resolvers(&resolvers, v->net->resolv_conf);
    if (space_ensure(v->space, &made, err) != ERR_OK ||
        runfile_sysctl("net/ipv4/ip_forward", "1", RUNFILE_REQUIRED, err) != ERR_OK)
        return err->code;
    lease_conf(&conf, &v->paths, dnsmasq_user(), port->domain, &resolvers);
    lease_subnet(&subnet, port);
    struct inside in = {.vpc = v, .port = port, .conf = conf.data, .subnet = subnet.data};
    enum err_code code = ensure_router(&in, err);
    netlink_close(&in.netlink);
    return code;
}

/* ---- the end --------------------------------------------------------------------------- */

/* Sets of groups carry the vni in their names; the maps of ports are empty by now. */
static void delete_sets(struct vpc *v, const char *table, const char *listing, struct buf *out)
{
    char start[16];
    snprintf(start, sizeof start, "set g%06x_", (unsigned)v->vni);
    for (const char *at = listing; (at = strstr(at, start)) != NULL; at++)
        buf_printf(out, "delete set inet %s %.*s\n", table, (int)strcspn(at + 4, " \t\n{"), at + 4);
}

static enum err_code remove_filters(struct vpc *v, struct err *err)
{
    CLEANUP(buf_fini) struct buf names = {0}, zones = {0}, text = {0};
    char command[96], table[HOST_NETNAME_SIZE], tunnel[24];
    host_netname_table(table, v->net->prefix);
    snprintf(command, sizeof command, "list table inet %s", table);
    if (ruleset_list(command, RULESET_NAMES, &names, err) != ERR_OK)
        return err->code;
    snprintf(command, sizeof command, "list map inet %s zones", table);
    if (ruleset_list(command, RULESET_ELEMENTS, &zones, err) != ERR_OK)
        return err->code;
    delete_sets(v, table, buf_str(&names), &text);
    snprintf(tunnel, sizeof tunnel, "chain tunnel_%06x ", (unsigned)v->vni);
    if (strstr(buf_str(&names), tunnel) != NULL)
        host_tunnel_close(&text, v->net->prefix, v->vni);
    if (strstr(buf_str(&zones), v->bridge) != NULL)
        buf_printf(&text, "delete element inet %s zones { \"%s\" }\n", table, v->bridge);
    return text.len > 0 ? ruleset_load(text.data, err) : ERR_OK;
}

enum err_code vpc_remove(struct vpc *v, struct err *err)
{
    if (dnsmasq_stop(&v->paths, err) != ERR_OK ||
        netlink_delete(&v->net->home, v->gateway, err) != ERR_OK ||
        netlink_delete(&v->net->home, v->uplink, err) != ERR_OK ||
        netlink_delete(&v->net->home, v->tunnel, err) != ERR_OK ||
        space_remove(v->space, err) != ERR_OK || runfile_remove_dir(v->paths.dir, err) != ERR_OK ||
        remove_filters(v, err) != ERR_OK)
        return err->code;
    return netlink_delete(&v->net->home, v->bridge, err);
}

/* ---- metadata -------------------------------------------------------------------------- */

struct listening {
    int fd;
};

static enum err_code listen_inside(void *self, struct err *err)
{
    struct listening *l = self;
    int one = 1;
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(80),
                             .sin_addr.s_addr = htonl(HOST_FILTER_METADATA)};
    l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0)
        return err_set(err, ERR_IO, "metadata socket: %s", strerror(errno));
    /* The manager may still hold the socket of a former run of this process: both listen until it
     * has changed over. */
    setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(l->fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (bind(l->fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(l->fd, LISTEN_BACKLOG) != 0) {
        err_set(err, ERR_IO, "metadata socket: %s", strerror(errno));
        close(l->fd);
        l->fd = -1;
        return err->code;
    }
    return ERR_OK;
}

int vpc_listen(struct vpc *v, struct err *err)
{
    struct listening l = {.fd = -1};
    return space_visit(v->space, listen_inside, &l, err) == ERR_OK ? l.fd : -1;
}
