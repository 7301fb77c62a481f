/* netlink.h - links, addresses and routes of one network namespace, over rtnetlink.
 *
 * A socket belongs to the namespace it was opened in, wherever its process goes later. What is
 * there already in the wanted form, or gone already, is no error: callers say what shall be.
 * Never here: names of ours, or what the links are for. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct mnl_socket;

struct netlink {
    struct mnl_socket *socket; /* owned; NULL = closed */
    uint32_t seq;
};

enum { NETLINK_NAME_SIZE = 16, NETLINK_ALIAS_SIZE = 256 };

/* Opens in the namespace the process is in. */
enum err_code netlink_open(struct netlink *n, struct err *err);
void netlink_close(struct netlink *n);

struct netlink_link {
    char name[NETLINK_NAME_SIZE];
    char alias[NETLINK_ALIAS_SIZE];
    uint8_t mac[6];
    int index, master; /* master: index of its bridge, 0 = none */
    bool is_up;
};

/* Calls `each` for every link; stops at false. */
enum err_code netlink_list(struct netlink *n, bool (*each)(void *self, const struct netlink_link *),
                           void *self, struct err *err);
/* Index of the link, or 0 where there is none. */
int netlink_index(struct netlink *n, const char *name);
/* The link as it is; false where there is none. */
bool netlink_get(struct netlink *n, const char *name, struct netlink_link *out);

/* A bridge without spanning tree that hands its IPv4 to the inet filters; down. */
enum err_code netlink_add_bridge(struct netlink *n, const char *name, struct err *err);
/* A veth pair: `name` here, `peer` in the namespace of `peer_space_fd`; both down. */
enum err_code netlink_add_veth(struct netlink *n, const char *name, const char *peer,
                               int peer_space_fd, struct err *err);
enum err_code netlink_delete(struct netlink *n, const char *name, struct err *err);

/* What a link shall be; NULL, 0 and false leave that part alone. */
struct netlink_change {
    const char *alias;
    const uint8_t *mac;
    int64_t mtu;
    const char *master;
    bool up, down;
};
enum err_code netlink_set(struct netlink *n, const char *name, const struct netlink_change *change,
                          struct err *err);

/* A neighbour as the kernel knows it. */
struct netlink_neighbour {
    uint32_t address;
    bool is_heard;    /* it answered lately, */
    int64_t quiet_ms; /* so long ago */
};

/* Has the kernel ask for that neighbour where it does not know it well; returns at once. */
enum err_code netlink_ask_neighbour(struct netlink *n, const char *link, uint32_t address,
                                    struct err *err);
/* Every IPv4 neighbour on that link. */
enum err_code netlink_list_neighbours(struct netlink *n, const char *link,
                                      void (*each)(void *self, const struct netlink_neighbour *),
                                      void *self, struct err *err);

/* Addresses in host order. */
enum err_code netlink_add_address(struct netlink *n, const char *link, uint32_t address,
                                  uint8_t len, struct err *err);
/* To cidr/len by `via` over `link`. *taken (may be NULL) says that a route of another link has it,
 * which stays. */
enum err_code netlink_add_route(struct netlink *n, uint32_t cidr, uint8_t len, uint32_t via,
                                const char *link, bool *taken, struct err *err);
/* All of cidr/len is behind `link` itself, where no better route says otherwise. */
enum err_code netlink_add_onlink(struct netlink *n, uint32_t cidr, uint8_t len, const char *link,
                                 struct err *err);
enum err_code netlink_delete_route(struct netlink *n, uint32_t cidr, uint8_t len, const char *link,
                                   struct err *err);
