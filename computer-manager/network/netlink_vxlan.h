/* netlink_vxlan.h - VXLAN links as quiet ports of a bridge, and the entries that say where MACs and
 * addresses are. Static ones only: nothing is learned, flooded or asked. */
#pragma once

#include "computer-manager/network/netlink.h"

/* What a VXLAN link is made with; addresses in host order. */
struct netlink_vxlan {
    int64_t vni, mtu;
    uint32_t local;
    uint16_t udp_port;
    const char *master; /* the bridge it is a port of */
};

/* Makes the link, down, and a port of its bridge that learns and floods nothing and answers ARP by
 * the bridge's neighbours. One that is there is made again. */
enum err_code netlink_add_vxlan(struct netlink *n, const char *name, const struct netlink_vxlan *v,
                                struct err *err);

/* Permanent neighbours of a link, by its index. A get that finds none says so by false. */
struct netlink_neigh {
    uint32_t address; /* host order */
    uint8_t mac[6];
};
enum err_code netlink_neigh_set(struct netlink *n, int index, const struct netlink_neigh *neigh,
                                struct err *err);
enum err_code netlink_neigh_delete(struct netlink *n, int index, uint32_t address, struct err *err);
bool netlink_neigh_get(struct netlink *n, int index, uint32_t address, struct netlink_neigh *out);
/* Calls `each` for every permanent one. */
enum err_code netlink_neigh_list(struct netlink *n, int index,
                                 void (*each)(void *self, const struct netlink_neigh *), void *self,
                                 struct err *err);

/* A MAC behind a VXLAN link: with its bridge, and where the link sends it. */
enum err_code netlink_fdb_set(struct netlink *n, int index, const uint8_t mac[6], uint32_t tunnel,
                              struct err *err);
enum err_code netlink_fdb_delete(struct netlink *n, int index, const uint8_t mac[6],
                                 struct err *err);
/* Where the link sends that MAC; 0 = it does not know. */
uint32_t netlink_fdb_get(struct netlink *n, int index, const uint8_t mac[6]);
