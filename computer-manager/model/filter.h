/* filter.h - security groups and anti-spoofing as nft text: pure functions.
 *
 * computer-network loads each text as one transaction. Two layers:
 *
 *   guest --tap--[netdev ingress: its own MAC, IPv4, ARP only; no DHCP server; no IPv6]--+
 *                                                                                        |
 *   bridge --[inet prerouting: conntrack zone of the network]--[inet forward:]           |
 *        established, related -> through;  from the guest: map `from` -> its egress rules;
 *        to a guest: map `to` -> its ingress rules;  anything else is dropped            |
 *                                                                                        |
 *   guest <--tap--[netdev egress: ARP, its own address, DHCP answers of the gateway]-----+
 *
 * The maps are keyed by (bridge, address), so that equal addresses of two networks never meet.
 * IPv6 is dropped whole at the tap until networks have it. What every guest may always reach, as
 * on EC2: DHCP, the resolver, the metadata service. */
#pragma once

#include "base/buf.h"
#include "computer-manager/model/job.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_FILTER_METADATA 0xa9fea9feu /* 169.254.169.254 */
#define HOST_FILTER_RESOLVER 0xa9fea9fdu /* 169.254.169.253 */

/* MAC of every gateway of every network on every host: a guest that moves keeps its ARP entry.
 * And of every bridge, which no guest has a reason to talk to. Locally administered. */
extern const uint8_t HOST_FILTER_GATEWAY_MAC[6];
extern const uint8_t HOST_FILTER_BRIDGE_MAC[6];

enum { HOST_FILTER_RESOLVERS_MAX = 4 };

/* The machine's resolvers: guests' queries may reach them even where they are this machine. */
struct host_filter_resolvers {
    uint32_t addresses[HOST_FILTER_RESOLVERS_MAX];
    size_t len;
};

/* The shared table: maps, dispatch, masquerade, and what no guest may reach. Idempotent. */
void host_filter_base(struct buf *out, const char *prefix,
                      const struct host_filter_resolvers *resolvers);
/* One port in full, replacing what it had. `zone` is its network's conntrack zone. The shared
 * table exists; the tap exists. */
void host_filter_port(struct buf *out, const char *prefix, const struct host_port *port,
                      uint16_t zone);
/* The port's tap and chains go; `addresses` are those under which the maps know it. */
void host_filter_unport(struct buf *out, const char *prefix, const char *port, int64_t vni,
                        const uint32_t *addresses, size_t len);

/* What of a group's set is to change; addresses are borrowed. */
struct host_filter_change {
    bool is_anew; /* what is in it counts for nothing: `in` is all, and `out` is empty */
    const uint32_t *in, *out;
    size_t in_len, out_len;
};

/* The change of a group's set on its network; nothing where nothing changes. */
void host_filter_group(struct buf *out, const char *prefix, const struct host_net_group *group,
                       const struct host_filter_change *change);
/* The table of a router namespace: what may reach it, what passes, masquerade to the uplink. */
void host_filter_router(struct buf *out, uint32_t vpc_cidr, uint8_t vpc_cidr_len);
