/* network.h - what every part of computer-network is given: where it works and under which names.
 * Filled by main.c, changed by nobody. */
#pragma once

#include "computer-manager/model/tunnel.h"
#include "computer-manager/network/netlink.h"

#include <stdint.h>

struct network {
    const char *prefix;        /* of links, namespaces and tables (model/netname.h) */
    const char *run_dir;       /* absolute; leases and pid files, one directory per network */
    const char *dnsmasq;       /* absolute path of the program */
    const char *resolv_conf;   /* names the resolvers that guests' queries go to */
    int64_t tap_owner;         /* uid that may open taps besides root; -1 = none */
    struct host_tunnel tunnel; /* this machine's end of all tunnels */
    uint32_t link_base;        /* first address of the /14 that uplinks take theirs from */
    struct netlink home;       /* of the namespace the process lives in */
};
