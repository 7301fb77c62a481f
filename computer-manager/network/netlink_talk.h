/* netlink_talk.h - one request to rtnetlink and its answer: what the netlink_*.c files share.
 * Nobody else includes it. */
#pragma once

#include "computer-manager/network/netlink.h"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

enum { NETLINK_REQUEST_SIZE = 2048 };

/* One request being built. */
struct netlink_request {
    union {
        struct nlmsghdr head;
        char room[NETLINK_REQUEST_SIZE];
    } u;
};

struct nlmsghdr *netlink_request(struct netlink_request *r, uint16_t type, uint16_t flags);
/* With an acknowledgement, for a link. */
struct ifinfomsg *netlink_link_request(struct netlink_request *r, uint16_t type, uint16_t flags);
/* Sends and reads until the acknowledgement; 0 or an errno. `each` sees what comes before it. */
int netlink_talk(struct netlink *n, struct netlink_request *r, mnl_cb_t each, void *self);
enum err_code netlink_failed(struct err *err, int why, const char *what, const char *name);
