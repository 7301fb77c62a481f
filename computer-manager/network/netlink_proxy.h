/* netlink_proxy.h - answering ARP on a link for an address that lives behind this machine. */
#pragma once

#include "computer-manager/network/netlink.h"

/* The link of the namespace's default route, the best one where there are several; false = none. */
bool netlink_default_link(struct netlink *n, char name[NETLINK_NAME_SIZE]);

/* This machine answers for `address` on that link; idempotent. */
enum err_code netlink_proxy_set(struct netlink *n, const char *link, uint32_t address,
                                struct err *err);
/* No longer; fine where it never did. */
enum err_code netlink_proxy_delete(struct netlink *n, const char *link, uint32_t address,
                                   struct err *err);
/* Tells the neighbours on the link that `address` is at its MAC now, whoever had it before
 * (gratuitous ARP, RFC 5227 section 3). */
enum err_code netlink_announce(struct netlink *n, const char *link, uint32_t address,
                               struct err *err);
