/* netlink.c - requests to rtnetlink by libmnl. */
#include "computer-manager/network/netlink.h"

#include "base/check.h"
#include "base/str.h"
#include "computer-manager/network/netlink_talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>

enum err_code netlink_open(struct netlink *n, struct err *err)
{
    *n = (struct netlink){.socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC)};
    if (n->socket == NULL)
        return err_set(err, ERR_IO, "netlink socket: %s", strerror(errno));
    if (mnl_socket_bind(n->socket, 0, MNL_SOCKET_AUTOPID) != 0) {
        netlink_close(n);
        return err_set(err, ERR_IO, "netlink bind: %s", strerror(errno));
    }
    return ERR_OK;
}

void netlink_close(struct netlink *n)
{
    if (n->socket != NULL)
        mnl_socket_close(n->socket);
    n->socket = NULL;
}

/* ---- links ----------------------------------------------------------------------------- */

struct listing {
    bool (*each)(void *self, const struct netlink_link *);
    void *self;
    bool stopped;
};

static int on_attribute(const struct nlattr *a, void *self)
{
    struct netlink_link *link = self;
    if (mnl_attr_get_type(a) == IFLA_IFNAME && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) == 0)
        str_copy(link->name, sizeof link->name, mnl_attr_get_str(a));
    if (mnl_attr_get_type(a) == IFLA_IFALIAS && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) == 0)
        str_copy(link->alias, sizeof link->alias, mnl_attr_get_str(a));
    if (mnl_attr_get_type(a) == IFLA_MASTER && mnl_attr_validate(a, MNL_TYPE_U32) == 0)
        link->master = (int)mnl_attr_get_u32(a);
    if (mnl_attr_get_type(a) == IFLA_ADDRESS && mnl_attr_get_payload_len(a) == sizeof link->mac)
        memcpy(link->mac, mnl_attr_get_payload(a), sizeof link->mac);
    return MNL_CB_OK;
}

static int on_link(const struct nlmsghdr *head, void *self)
{
    struct listing *listing = self;
    const struct ifinfomsg *info = mnl_nlmsg_get_payload(head);
    if (mnl_nlmsg_get_payload_len(head) < sizeof *info)
        return MNL_CB_OK;
    struct netlink_link link = {.index = info->ifi_index, .is_up = (info->ifi_flags & IFF_UP) != 0};
    mnl_attr_parse(head, sizeof *info, on_attribute, &link);
    if (!listing->stopped) /* the rest of the answer is read all the same */
        listing->stopped = !listing->each(listing->self, &link);
    return MNL_CB_OK;
}

enum err_code netlink_list(struct netlink *n, bool (*each)(void *self, const struct netlink_link *),
                           void *self, struct err *err)
{
    struct netlink_request r;
    struct listing listing = {each, self, false};
    struct nlmsghdr *head = netlink_request(&r, RTM_GETLINK, NLM_F_DUMP);
    struct ifinfomsg *link = mnl_nlmsg_put_extra_header(head, sizeof *link);
    link->ifi_family = AF_UNSPEC;
    int why = netlink_talk(n, &r, on_link, &listing);
    return why == 0 ? ERR_OK : netlink_failed(err, why, "listing", "links");
}

static int on_one_link(const struct nlmsghdr *head, void *self)
{
    const struct ifinfomsg *info = mnl_nlmsg_get_payload(head);
    struct netlink_link *link = self;
    if (mnl_nlmsg_get_payload_len(head) < sizeof *info)
        return MNL_CB_OK;
    link->index = info->ifi_index;
    mnl_attr_parse(head, sizeof *info, on_attribute, link);
    return MNL_CB_OK;
}

bool netlink_get(struct netlink *n, const char *name, struct netlink_link *out)
{
    struct netlink_request r;
    *out = (struct netlink_link){.index = 0};
    netlink_link_request(&r, RTM_GETLINK, 0);
    mnl_attr_put_strz(&r.u.head, IFLA_IFNAME, name);
    return netlink_talk(n, &r, on_one_link, out) == 0 && out->index != 0;
}

int netlink_index(struct netlink *n, const char *name)
{
    struct netlink_link link;
    return netlink_get(n, name, &link) ? link.index : 0;
}

enum err_code netlink_add_bridge(struct netlink *n, const char *name, struct err *err)
{
    struct netlink_request r;
    struct nlmsghdr *head = &r.u.head;
    netlink_link_request(&r, RTM_NEWLINK, NLM_F_CREATE);
    mnl_attr_put_strz(head, IFLA_IFNAME, name);
    struct nlattr *info = mnl_attr_nest_start(head, IFLA_LINKINFO);
    mnl_attr_put_strz(head, IFLA_INFO_KIND, "bridge");
    struct nlattr *data = mnl_attr_nest_start(head, IFLA_INFO_DATA);
    mnl_attr_put_u32(head, IFLA_BR_STP_STATE, 0);
    mnl_attr_put_u32(head, IFLA_BR_FORWARD_DELAY, 0);
    mnl_attr_put_u8(head, IFLA_BR_MCAST_SNOOPING, 0);
    mnl_attr_put_u8(head, IFLA_BR_NF_CALL_IPTABLES, 1);
    mnl_attr_nest_end(head, data);
    mnl_attr_nest_end(head, info);
    int why = netlink_talk(n, &r, NULL, NULL);
    return why == 0 ? ERR_OK : netlink_failed(err, why, "making bridge", name);
}

enum err_code netlink_add_veth(struct netlink *n, const char *name, const char *peer,
                               int peer_space_fd, struct err *err)
{
    struct netlink_request r;
    struct nlmsghdr *head = &r.u.head;
    netlink_link_request(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    mnl_attr_put_strz(head, IFLA_IFNAME, name);
    struct nlattr *info = mnl_attr_nest_start(head, IFLA_LINKINFO);
    mnl_attr_put_strz(head, IFLA_INFO_KIND, "veth");
    struct nlattr *data = mnl_attr_nest_start(head, IFLA_INFO_DATA);
    struct nlattr *other = mnl_attr_nest_start(head, VETH_INFO_PEER);
    mnl_nlmsg_put_extra_header(head, sizeof(struct ifinfomsg));
    mnl_attr_put_strz(head, IFLA_IFNAME, peer);
    mnl_attr_put_u32(head, IFLA_NET_NS_FD, (uint32_t)peer_space_fd);
    mnl_attr_nest_end(head, other);
    mnl_attr_nest_end(head, data);
    mnl_attr_nest_end(head, info);
    int why = netlink_talk(n, &r, NULL, NULL);
    return why == 0 ? ERR_OK : netlink_failed(err, why, "making veth", name);
}

enum err_code netlink_delete(struct netlink *n, const char *name, struct err *err)
{
    struct netlink_request r;
    netlink_link_request(&r, RTM_DELLINK, 0);
    mnl_attr_put_strz(&r.u.head, IFLA_IFNAME, name);
    int why = netlink_talk(n, &r, NULL, NULL);
    return why == 0 || why == ENODEV ? ERR_OK : netlink_failed(err, why, "removing link", name);
}

enum err_code netlink_set(struct netlink *n, const char *name, const struct netlink_change *change,
                          struct err *err)
{
    struct netlink_request r;
    struct nlmsghdr *head = &r.u.head;
    struct netlink_link now;
    if (!netlink_get(n, name, &now))
        return netlink_failed(err, ENODEV, "changing link", name);
    struct ifinfomsg *link = netlink_link_request(&r, RTM_NEWLINK, 0);
    link->ifi_index = now.index;
    if (change->up || change->down) {
        link->ifi_change = IFF_UP;
        link->ifi_flags = change->up ? IFF_UP : 0;
    }
    if (change->alias != NULL)
        mnl_attr_put(head, IFLA_IFALIAS, strlen(change->alias), change->alias);
    /* The same MAC again would cost the link all its neighbours. */
    if (change->mac != NULL && memcmp(change->mac, now.mac, sizeof now.mac) != 0)
        mnl_attr_put(head, IFLA_ADDRESS, 6, change->mac);
    if (change->mtu > 0)
        mnl_attr_put_u32(head, IFLA_MTU, (uint32_t)change->mtu);
    if (change->master != NULL) {
        int master = netlink_index(n, change->master);
        if (master == 0)
            return netlink_failed(err, ENODEV, "joining", change->master);
        mnl_attr_put_u32(head, IFLA_MASTER, (uint32_t)master);
    }
    int why = netlink_talk(n, &r, NULL, NULL);
    return why == 0 ? ERR_OK : netlink_failed(err, why, "changing link", name);
}

/* ---- addresses and routes -------------------------------------------------------------- */

enum err_code netlink_add_address(struct netlink *n, const char *link, uint32_t address,
                                  uint8_t len, struct err *err)
{
    struct netlink_request r;
    int index = netlink_index(n, link);
    struct nlmsghdr *head = netlink_request(&r, RTM_NEWADDR,
                                            NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
    struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(head, sizeof *info);
    info->ifa_family = AF_INET;
    info->ifa_prefixlen = len;
    info->ifa_scope = RT_SCOPE_UNIVERSE;
    info->ifa_index = (unsigned)index;
    mnl_attr_put_u32(head, IFA_LOCAL, htonl(address));
    mnl_attr_put_u32(head, IFA_ADDRESS, htonl(address));
    int why = index == 0 ? ENODEV : netlink_talk(n, &r, NULL, NULL);
    return why == 0 || why == EEXIST ? ERR_OK
                                     : netlink_failed(err, why, "adding an address to", link);
}

static struct nlmsghdr *route_request(struct netlink_request *r, uint16_t type, uint16_t flags,
                                      uint32_t cidr, uint8_t len, int index)
{
    struct nlmsghdr *head = netlink_request(r, type, (uint16_t)(NLM_F_ACK | flags));
    struct rtmsg *route = mnl_nlmsg_put_extra_header(head, sizeof *route);
    route->rtm_family = AF_INET;
    route->rtm_dst_len = len;
    route->rtm_table = RT_TABLE_MAIN;
    route->rtm_protocol = RTPROT_STATIC;
    route->rtm_scope = type == RTM_DELROUTE ? RT_SCOPE_NOWHERE : RT_SCOPE_UNIVERSE;
    route->rtm_type = RTN_UNICAST;
    if (len > 0)
        mnl_attr_put_u32(head, RTA_DST, htonl(cidr));
    mnl_attr_put_u32(head, RTA_OIF, (uint32_t)index);
    return head;
}

enum err_code netlink_delete_route(struct netlink *n, uint32_t cidr, uint8_t len, const char *link,
                                   struct err *err)
{
    struct netlink_request r;
    int index = netlink_index(n, link);
    if (index == 0) /* routes go with their link */
        return ERR_OK;
    route_request(&r, RTM_DELROUTE, 0, cidr, len, index);
    int why = netlink_talk(n, &r, NULL, NULL);
    return why == 0 || why == ESRCH ? ERR_OK
                                    : netlink_failed(err, why, "removing a route over", link);
}

enum err_code netlink_add_route(struct netlink *n, uint32_t cidr, uint8_t len, uint32_t via,
                                const char *link, bool *taken, struct err *err)
{
    struct netlink_request r;
    int index = netlink_index(n, link);
    if (index == 0)
        return netlink_failed(err, ENODEV, "adding a route over", link);
    /* A route of ours from before would look taken: it goes first. */
    if (netlink_delete_route(n, cidr, len, link, err) != ERR_OK)
        return err->code;
    struct nlmsghdr *head = route_request(&r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, cidr, len,
                                          index);
    mnl_attr_put_u32(head, RTA_GATEWAY, htonl(via));
    int why = netlink_talk(n, &r, NULL, NULL);
    if (taken != NULL)
        *taken = why == EEXIST;
    return why == 0 || (why == EEXIST && taken != NULL)
               ? ERR_OK
               : netlink_failed(err, why, "adding a route over", link);
}

enum err_code netlink_add_onlink(struct netlink *n, uint32_t cidr, uint8_t len, const char *link,
                                 struct err *err)
{
    enum { METRIC = 1024 }; /* behind the kernel's own routes to ranges of addresses of ours */
    struct netlink_request r;
    int index = netlink_index(n, link);
    if (index == 0)
        return netlink_failed(err, ENODEV, "adding a route over", link);
    struct nlmsghdr *head = route_request(&r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, cidr, len,
                                          index);
    struct rtmsg *route = mnl_nlmsg_get_payload(head);
    route->rtm_scope = RT_SCOPE_LINK;
    mnl_attr_put_u32(head, RTA_PRIORITY, METRIC);
    int why = netlink_talk(n, &r, NULL, NULL);
    return why == 0 ? ERR_OK : netlink_failed(err, why, "adding a route over", link);
}

/* ---- neighbours ------------------------------------------------------------------------ */

enum { TICK_MS = 10 }; /* the kernel tells times to user space in hundredths of a second */

static struct ndmsg *neighbour_request(struct netlink_request *r, uint16_t type, uint16_t flags,
                                       int index)
{
    struct ndmsg *ask = mnl_nlmsg_put_extra_header(netlink_request(r, type, flags), sizeof *ask);
    ask->ndm_family = AF_INET;
    ask->ndm_ifindex = index;
    return ask;
}

enum err_code netlink_ask_neighbour(struct netlink *n, const char *link, uint32_t address,
                                    struct err *err)
{
    struct netlink_request r;
    int index = netlink_index(n, link);
    struct ndmsg *ask = neighbour_request(&r, RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE, index);
    ask->ndm_state = NUD_NONE;
    ask->ndm_flags = NTF_USE;
    mnl_attr_put_u32(&r.u.head, NDA_DST, htonl(address));
    int why = index == 0 ? ENODEV : netlink_talk(n, &r, NULL, NULL);
    return why == 0 ? ERR_OK : netlink_failed(err, why, "asking for a neighbour on", link);
}

struct neighbours {
    int index;
    void (*each)(void *self, const struct netlink_neighbour *);
    void *self;
};

static int on_neighbour_attribute(const struct nlattr *a, void *self)
{
    struct netlink_neighbour *to = self;
    if (mnl_attr_get_type(a) == NDA_DST && mnl_attr_validate(a, MNL_TYPE_U32) == 0)
        to->address = ntohl(mnl_attr_get_u32(a));
    if (mnl_attr_get_type(a) == NDA_CACHEINFO &&
        mnl_attr_get_payload_len(a) >= sizeof(struct nda_cacheinfo)) {
        struct nda_cacheinfo info;
        memcpy(&info, mnl_attr_get_payload(a), sizeof info);
        to->quiet_ms = (int64_t)info.ndm_confirmed * TICK_MS;
    }
    return MNL_CB_OK;
}

static int on_neighbour(const struct nlmsghdr *head, void *self)
{
    const struct neighbours *all = self;
    const struct ndmsg *info = mnl_nlmsg_get_payload(head);
    if (mnl_nlmsg_get_payload_len(head) < sizeof *info)
        return MNL_CB_OK;
    /* Others are heard of, as by a lease that it was given, or were heard long ago. */
    bool is_heard = (info->ndm_state & NUD_REACHABLE) != 0;
    struct netlink_neighbour one = {.is_heard = is_heard};
    if (info->ndm_ifindex != all->index)
        return MNL_CB_OK;
    mnl_attr_parse(head, sizeof *info, on_neighbour_attribute, &one);
    all->each(all->self, &one);
    return MNL_CB_OK;
}

enum err_code netlink_list_neighbours(struct netlink *n, const char *link,
                                      void (*each)(void *self, const struct netlink_neighbour *),
                                      void *self, struct err *err)
{
    struct netlink_request r;
    struct neighbours all = {netlink_index(n, link), each, self};
    neighbour_request(&r, RTM_GETNEIGH, NLM_F_DUMP, 0);
    int why = all.index == 0 ? ENODEV : netlink_talk(n, &r, on_neighbour, &all);
    return why == 0 ? ERR_OK : netlink_failed(err, why, "listing neighbours on", link);
}
