/* vpc.h - one network on this host: bridge, router namespace with gateway and uplink, dnsmasq.
 *
 *      host namespace                      router namespace tercet-P-VNI
 *   taps -- PbVNI (bridge) -- PgVNI ====== gw   gateway of each subnet, resolver, 169.254.169.254
 *                             PuVNI ====== up   100.64.x.y/30, default route, masquerade
 *                             PvVNI             tunnel.c: to the hosts of its other guests
 *
 * All of it is derived from the vni and from what a port says; ensuring it again changes nothing.
 * The filters' shared table is there before the bridge is. */
#pragma once

#include "base/err.h"
#include "computer-manager/model/filter.h"
#include "computer-manager/model/job.h"
#include "computer-manager/model/netname.h"
#include "computer-manager/network/lease.h"
#include "computer-manager/network/network.h"
#include "computer-manager/network/survey.h"

#include <stdint.h>

struct vpc {
    struct network *net;
    int64_t vni;
    uint16_t slot; /* unique on this machine: conntrack zone and number of the uplink's range */
    char bridge[HOST_LINK_SIZE], gateway[HOST_LINK_SIZE], uplink[HOST_LINK_SIZE];
    char tunnel[HOST_LINK_SIZE];
    char space[HOST_NETNAME_SIZE];
    struct lease_paths paths;
};

/* Names and slot (0 = not there) of a network, as surveyed. */
void vpc_init(struct vpc *v, struct network *net, const struct survey *survey, int64_t vni);
/* What a port's filters stand on: the shared table, the bridge and its slot. */
enum err_code vpc_ensure_bridge(struct vpc *v, const struct survey *survey,
                                const struct host_port *port, struct err *err);
/* Whatever else this port needs of its network: router namespace, its links, dnsmasq. */
enum err_code vpc_ensure_router(struct vpc *v, const struct host_port *port, struct err *err);
/* After a port left a network that stays: dnsmasq anew, for it would keep the lease in memory, and
 * refuse the address to the port that has it next. */
enum err_code vpc_forget_leases(struct vpc *v, struct err *err);
/* Everything of the network goes. Its filters' maps and sets too. */
enum err_code vpc_remove(struct vpc *v, struct err *err);
/* The metadata socket, listening inside; the caller closes. -1 and `err` where it fails. */
int vpc_listen(struct vpc *v, struct err *err);
/* The router's end of the uplink: where routes to guests point. */
uint32_t vpc_router_address(const struct vpc *v);
