/* netlink_vxlan.c - tunnels, neighbours and forwarding entries over rtnetlink. */
#include "computer-manager/network/netlink_vxlan.h"

#include "base/check.h"
#include "computer-manager/network/netlink_talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <string.h>

static void put_port(struct nlmsghdr *head)
{
    mnl_attr_put_strz(head, IFLA_INFO_SLAVE_KIND, "bridge");
    struct nlattr *data = mnl_attr_nest_start(head, IFLA_INFO_SLAVE_DATA);
    mnl_attr_put_u8(head, IFLA_BRPORT_LEARNING, 0);
    mnl_attr_put_u8(head, IFLA_BRPORT_UNICAST_FLOOD, 0);
    mnl_attr_put_u8(head, IFLA_BRPORT_MCAST_FLOOD, 0);
    mnl_attr_put_u8(head, IFLA_BRPORT_BCAST_FLOOD, 0);
    mnl_attr_put_u8(head, IFLA_BRPORT_NEIGH_SUPPRESS, 1);
    mnl_attr_nest_end(head, data);
}

static enum err_code quieten(struct netlink *n, const char *name, struct err *err)
{
    struct netlink_request r;
    struct nlmsghdr *head = &r.u.head;
    int index = netlink_index(n, name);
    struct ifinfomsg *link = netlink_link_request(&r, RTM_NEWLINK, 0);
    link->ifi_index = index;
    struct nlattr *info = mnl_attr_nest_start(head, IFLA_LINKINFO);
    put_port(head);
    mnl_attr_nest_end(head, info);
    int why = index == 0 ? ENODEV : netlink_talk(n, &r, NULL, NULL);
    return why == 0 ? ERR_OK : netlink_failed(err, why, "setting up bridge port", name);
}

static enum err_code make(struct netlink *n, const char *name, const struct netlink_vxlan *v,
                          struct err *err)
{
    struct netlink_request r;
    struct nlmsghdr *head = &r.u.head;
    netlink_link_request(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    mnl_attr_put_strz(head, IFLA_IFNAME, name);
    mnl_attr_put_u32(head, IFLA_MTU, (uint32_t)v->mtu);
    struct nlattr *info = mnl_attr_nest_start(head, IFLA_LINKINFO);
    mnl_attr_put_strz(head, IFLA_INFO_KIND, "vxlan");
    struct nlattr *data = mnl_attr_nest_start(head, IFLA_INFO_DATA);
    mnl_attr_put_u32(head, IFLA_VXLAN_ID, (uint32_t)v->vni);
    mnl_attr_put_u32(head, IFLA_VXLAN_LOCAL, htonl(v->local));
    mnl_attr_put_u16(head, IFLA_VXLAN_PORT, htons(v->udp_port));
    mnl_attr_put_u8(head, IFLA_VXLAN_LEARNING, 0);
    mnl_attr_nest_end(head, data);
    mnl_attr_nest_end(head, info);
    int why = netlink_talk(n, &r, NULL, NULL);
    return why == 0 ? ERR_OK : netlink_failed(err, why, "making tunnel", name);
}

enum err_code netlink_add_vxlan(struct netlink *n, const char *name, const struct netlink_vxlan *v,
                                struct err *err)
{
    struct netlink_change join = {.master = v->master};
    if (netlink_delete(n, name, err) != ERR_OK || make(n, name, v, err) != ERR_OK ||
        netlink_set(n, name, &join, err) != ERR_OK)
        return err->code;
    return quieten(n, name, err);
}

/* ---- entries --------------------------------------------------------------------------- */

static struct ndmsg *entry(struct netlink_request *r, uint16_t type, uint16_t flags, int index,
                           uint8_t family)
{
    struct nlmsghdr *head = netlink_request(r, type, flags);
    struct ndmsg *entry = mnl_nlmsg_put_extra_header(head, sizeof *entry);
    entry->ndm_family = family;
    entry->ndm_ifindex = index;
    return entry;
}

enum err_code netlink_neigh_set(struct netlink *n, int index, const struct netlink_neigh *neigh,
                                struct err *err)
{
    struct netlink_request r;
    entry(&r, RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, index, AF_INET)->ndm_state =
        NUD_PERMANENT;
    mnl_attr_put_u32(&r.u.head, NDA_DST, htonl(neigh->address));
    mnl_attr_put(&r.u.head, NDA_LLADDR, sizeof neigh->mac, neigh->mac);
    int why = netlink_talk(n, &r, NULL, NULL);
    return why == 0 ? ERR_OK : netlink_failed(err, why, "adding", "a neighbour");
}

enum err_code netlink_neigh_delete(struct netlink *n, int index, uint32_t address, struct err *err)
{
    struct netlink_request r;
    entry(&r, RTM_DELNEIGH, NLM_F_ACK, index, AF_INET);
    mnl_attr_put_u32(&r.u.head, NDA_DST, htonl(address));
    int why = netlink_talk(n, &r, NULL, NULL);
    return why == 0 || why == ENOENT ? ERR_OK : netlink_failed(err, why, "removing", "a neighbour");
}

/* What an answer says: of a neighbour its address, of a forwarding entry the other end. */
struct answer {
    uint32_t dst; /* host order */
    uint8_t mac[6];
    bool has_dst, has_mac;
};

static int on_attribute(const struct nlattr *a, void *self)
{
    struct answer *answer = self;
    uint16_t len = mnl_attr_get_payload_len(a);
    if (mnl_attr_get_type(a) == NDA_DST && len == sizeof(uint32_t)) {
        answer->dst = ntohl(mnl_attr_get_u32(a));
        answer->has_dst = true;
    }
    if (mnl_attr_get_type(a) == NDA_LLADDR && len == sizeof answer->mac) {
        memcpy(answer->mac, mnl_attr_get_payload(a), sizeof answer->mac);
        answer->has_mac = true;
    }
    return MNL_CB_OK;
}

static int on_answer(const struct nlmsghdr *head, void *self)
{
    if (mnl_nlmsg_get_payload_len(head) >= sizeof(struct ndmsg))
        mnl_attr_parse(head, sizeof(struct ndmsg), on_attribute, self);
    return MNL_CB_OK;
}

/* One entry is asked for: its answer is the last message, without an acknowledgement. */
static int on_only_answer(const struct nlmsghdr *head, void *self)
{
    on_answer(head, self);
    return MNL_CB_STOP;
}

bool netlink_neigh_get(struct netlink *n, int index, uint32_t address, struct netlink_neigh *out)
{
    struct netlink_request r;
    struct answer answer = {0};
    entry(&r, RTM_GETNEIGH, 0, index, AF_INET);
    mnl_attr_put_u32(&r.u.head, NDA_DST, htonl(address));
    if (netlink_talk(n, &r, on_only_answer, &answer) != 0 || !answer.has_mac)
        return false;
    *out = (struct netlink_neigh){.address = address};
    memcpy(out->mac, answer.mac, sizeof out->mac);
    return true;
}

struct listing {
    int index;
    void (*each)(void *self, const struct netlink_neigh *);
    void *self;
};

static int on_neigh(const struct nlmsghdr *head, void *self)
{
    const struct listing *listing = self;
    const struct ndmsg *entry = mnl_nlmsg_get_payload(head);
    struct answer answer = {0};
    on_answer(head, &answer); /* of one that is too short it finds nothing */
    if (!answer.has_dst || !answer.has_mac || entry->ndm_ifindex != listing->index ||
        (entry->ndm_state & NUD_PERMANENT) == 0)
        return MNL_CB_OK;
    struct netlink_neigh neigh = {.address = answer.dst};
    memcpy(neigh.mac, answer.mac, sizeof neigh.mac);
    listing->each(listing->self, &neigh);
    return MNL_CB_OK;
}

enum err_code netlink_neigh_list(struct netlink *n, int index,
                                 void (*each)(void *self, const struct netlink_neigh *), void *self,
                                 struct err *err)
{
    struct netlink_request r;
    struct listing listing = {index, each, self};
    entry(&r, RTM_GETNEIGH, NLM_F_DUMP, 0, AF_INET);
    mnl_attr_put_u32(&r.u.head, NDA_IFINDEX, (uint32_t)index);
    int why = netlink_talk(n, &r, on_neigh, &listing);
    return why == 0 ? ERR_OK : netlink_failed(err, why, "listing", "neighbours");
}

enum err_code netlink_fdb_set(struct netlink *n, int index, const uint8_t mac[6], uint32_t tunnel,
                              struct err *err)
{
    struct netlink_request r;
    struct ndmsg *fdb = entry(&r, RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, index,
                              AF_BRIDGE);
    fdb->ndm_flags = NTF_SELF | NTF_MASTER;
    fdb->ndm_state = NUD_NOARP | NUD_REACHABLE;
    mnl_attr_put(&r.u.head, NDA_LLADDR, 6, mac);
    mnl_attr_put_u32(&r.u.head, NDA_DST, htonl(tunnel));
    int why = netlink_talk(n, &r, NULL, NULL);
    return why == 0 ? ERR_OK : netlink_failed(err, why, "adding", "a forwarding entry");
}

static int fdb_delete_of(struct netlink *n, int index, const uint8_t mac[6], uint8_t of)
{
    struct netlink_request r;
    entry(&r, RTM_DELNEIGH, NLM_F_ACK, index, AF_BRIDGE)->ndm_flags = of;
    mnl_attr_put(&r.u.head, NDA_LLADDR, 6, mac);
    int why = netlink_talk(n, &r, NULL, NULL);
    return why == ENOENT ? 0 : why;
}

enum err_code netlink_fdb_delete(struct netlink *n, int index, const uint8_t mac[6],
                                 struct err *err)
{
    int why = fdb_delete_of(n, index, mac, NTF_MASTER);
    if (why == 0)
        why = fdb_delete_of(n, index, mac, NTF_SELF);
    return why == 0 ? ERR_OK : netlink_failed(err, why, "removing", "a forwarding entry");
}

uint32_t netlink_fdb_get(struct netlink *n, int index, const uint8_t mac[6])
{
    struct netlink_request r;
    struct answer answer = {0};
    entry(&r, RTM_GETNEIGH, 0, index, AF_BRIDGE)->ndm_flags = NTF_SELF;
    mnl_attr_put(&r.u.head, NDA_LLADDR, 6, mac);
    return netlink_talk(n, &r, on_only_answer, &answer) == 0 && answer.has_dst ? answer.dst : 0;
}
