/* netname.h - how links, namespaces, chains and tables of ours are called: pure.
 *
 * A prefix (one to six lower-case letters or digits; "tct" unless configured) lets several labs
 * share a machine; none may begin with another, since filters match by it. Names are derived, so
 * that a restarted process finds what another one made. Link names have at most 15 characters:
 * prefix, one letter, six or eight hex digits. */
#pragma once

#include "computer-manager/model/job.h"

#include <stdbool.h>
#include <stdint.h>

enum { HOST_LINK_SIZE = 16, HOST_NETNAME_SIZE = 48, HOST_NETNAME_SHORT = 8 };

/* Inside a router namespace the two links have these names everywhere. */
#define HOST_NETNAME_GATEWAY "gw"
#define HOST_NETNAME_UPLINK  "up"

bool host_netname_is_prefix(const char *prefix);

enum host_link_kind {
    HOST_LINK_BRIDGE = 'b',  /* of a network */
    HOST_LINK_GATEWAY = 'g', /* host's end of the veth between bridge and router namespace */
    HOST_LINK_UPLINK = 'u',  /* host's end of the veth that guests leave by */
    HOST_LINK_TAP = 't',     /* of a port */
    HOST_LINK_TUNNEL = 'v',  /* VXLAN to the hosts of a network's other guests */
};

/* "tctb00000a"; kind is not HOST_LINK_TAP. All return `out`. */
const char *host_netname_link(char out[HOST_LINK_SIZE], const char *prefix,
                              enum host_link_kind kind, int64_t vni);
/* The last eight digits of an id: those that are drawn. The first ones tell when it was made, and
 * are the same for all that were made with it. */
const char *host_netname_short(const char *id);
/* "tctt9abcdef0" of eni-0123456789abcdef0 */
const char *host_netname_tap(char out[HOST_LINK_SIZE], const char *prefix, const char *port);
/* The vni of a link of that kind and prefix; 0 where `name` is none. */
int64_t host_netname_vni(const char *name, const char *prefix, enum host_link_kind kind);
/* "tercet-tct-00000a" */
const char *host_netname_space(char out[HOST_NETNAME_SIZE], const char *prefix, int64_t vni);
/* "tercet_tct": the shared inet table. */
const char *host_netname_table(char out[HOST_NETNAME_SIZE], const char *prefix);
/* "tercet_tct_9abcdef0": the netdev table of one tap. */
const char *host_netname_tap_table(char out[HOST_NETNAME_SIZE], const char *prefix,
                                   const char *port);
/* "tercet_tct_v00000a": the netdev table of a tunnel. */
const char *host_netname_tunnel_table(char out[HOST_NETNAME_SIZE], const char *prefix, int64_t vni);
/* "g00000a_0123...": the set of a group's members on one network. */
const char *host_netname_group(char out[HOST_NETNAME_SIZE], int64_t vni, const char *group);
