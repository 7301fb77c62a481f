/* netlink_proxy.c - proxy ARP entries, and the word that an address has moved. */
#include "computer-manager/network/netlink_proxy.h"

#include "base/str.h"
#include "computer-manager/network/netlink_talk.h"
#include "computer-manager/network/spent.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/neighbour.h>
#include <string.h>
#include <sys/socket.h>

/* ---- the default route ---------------------------------------------------------------------- */

struct best {
    int index;
    uint32_t metric;
};

static int on_route_attribute(const struct nlattr *a, void *self)
{
    struct best *route = self;
    if (mnl_attr_get_type(a) == RTA_OIF && mnl_attr_validate(a, MNL_TYPE_U32) == 0)
        route->index = (int)mnl_attr_get_u32(a);
    if (mnl_attr_get_type(a) == RTA_PRIORITY && mnl_attr_validate(a, MNL_TYPE_U32) == 0)
        route->metric = mnl_attr_get_u32(a);
    return MNL_CB_OK;
}

static int on_route(const struct nlmsghdr *head, void *self)
{
    struct best *best = self, this = {0};
    const struct rtmsg *route = mnl_nlmsg_get_payload(head);
    if (route->rtm_dst_len != 0 || route->rtm_table != RT_TABLE_MAIN ||
        route->rtm_type != RTN_UNICAST)
        return MNL_CB_OK;
    mnl_attr_parse(head, sizeof *route, on_route_attribute, &this);
    if (this.index != 0 && (best->index == 0 || this.metric < best->metric))
        *best = this;
    return MNL_CB_OK;
}

struct named {
    int index;
    char *name;
};

static bool on_link(void *self, const struct netlink_link *link)
{
    struct named *named = self;
    if (link->index != named->index)
        return true;
    str_copy(named->name, NETLINK_NAME_SIZE, link->name);
    return false;
}

bool netlink_default_link(struct netlink *n, char name[NETLINK_NAME_SIZE])
{
    struct netlink_request r;
    struct best best = {0};
    struct err err = {0};
    struct nlmsghdr *head = netlink_request(&r, RTM_GETROUTE, NLM_F_DUMP);
    struct rtmsg *route = mnl_nlmsg_put_extra_header(head, sizeof *route);
    route->rtm_family = AF_INET;
    struct named named = {.name = name};
    name[0] = '\0';
    if (netlink_talk(n, &r, on_route, &best) != 0 || best.index == 0)
        return false;
    named.index = best.index;
    return netlink_list(n, on_link, &named, &err) == ERR_OK && name[0] != '\0';
}

/* ---- proxy entries -------------------------------------------------------------------------- */

static int talk_proxy(struct netlink *n, uint16_t type, uint16_t flags, int index, uint32_t address)
{
    struct netlink_request r;
    struct nlmsghdr *head = netlink_request(&r, type, (uint16_t)(NLM_F_ACK | flags));
    struct ndmsg *entry = mnl_nlmsg_put_extra_header(head, sizeof *entry);
    entry->ndm_family = AF_INET;
    entry->ndm_ifindex = index;
    entry->ndm_flags = NTF_PROXY;
    entry->ndm_state = NUD_PERMANENT;
    mnl_attr_put_u32(head, NDA_DST, htonl(address));
    return netlink_talk(n, &r, NULL, NULL);
}

enum err_code netlink_proxy_set(struct netlink *n, const char *link, uint32_t address,
                                struct err *err)
{
    int index = netlink_index(n, link);
    int why = index == 0
                  ? ENODEV
                  : talk_proxy(n, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, index, address);
    return why == 0 ? ERR_OK : netlink_failed(err, why, "answering ARP on", link);
}

enum err_code netlink_proxy_delete(struct netlink *n, const char *link, uint32_t address,
                                   struct err *err)
{
    int index = netlink_index(n, link);
    int why = index == 0 ? 0 : talk_proxy(n, RTM_DELNEIGH, 0, index, address);
    return why == 0 || why == ENOENT ? ERR_OK
                                     : netlink_failed(err, why, "no longer answering ARP on", link);
}

/* ---- announcing ----------------------------------------------------------------------------- */

/* An ARP packet for Ethernet and IPv4, as RFC 826 lays it out. */
struct arp {
    uint8_t to[6], from[6], type[2];
    uint8_t hardware[2], protocol[2], hardware_len, protocol_len, operation[2];
    uint8_t sender_mac[6], sender[4], target_mac[6], target[4];
};
_Static_assert(sizeof(struct arp) == 42, "no holes");

static struct arp make_announcement(const uint8_t mac[6], uint32_t address)
{
    struct arp arp = {.type = {0x08, 0x06},
                      .hardware = {0, 1},
                      .protocol = {0x08, 0x00},
                      .hardware_len = 6,
                      .protocol_len = 4,
                      .operation = {0, 1}};
    uint32_t wire = htonl(address);
    memset(arp.to, 0xff, sizeof arp.to);
    memcpy(arp.from, mac, sizeof arp.from);
    memcpy(arp.sender_mac, mac, sizeof arp.sender_mac);
    memcpy(arp.sender, &wire, sizeof wire);
    memcpy(arp.target, &wire, sizeof wire);
    return arp;
}

enum err_code netlink_announce(struct netlink *n, const char *link, uint32_t address,
                               struct err *err)
{
    struct netlink_link seen;
    if (!netlink_get(n, link, &seen))
        return netlink_failed(err, ENODEV, "announcing on", link);
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return netlink_failed(err, errno, "announcing on", link);
    struct arp arp = make_announcement(seen.mac, address);
    struct sockaddr_ll to = {.sll_family = AF_PACKET,
                             .sll_ifindex = seen.index,
                             .sll_protocol = htons(ETH_P_ARP),
                             .sll_halen = 6};
    memset(to.sll_addr, 0xff, 6);
    ssize_t sent = sendto(fd, &arp, sizeof arp, 0, (struct sockaddr *)&to, sizeof to);
    int why = sent == (ssize_t)sizeof arp ? 0 : errno;
    spent_descriptor(fd);
    return why == 0 ? ERR_OK : netlink_failed(err, why, "announcing on", link);
}
