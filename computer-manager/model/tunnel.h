/* tunnel.h - what may come out of a network's tunnel and go into it, as nft text: pure functions.
 *
 *   underlay --[inet input: VXLAN of a network of ours: (other end, MAC, IPv4) as planned]-- vxlan
 *   vxlan --[netdev egress: IPv4 to one guest; no ARP, no broadcast, nothing of the gateway's own]
 *
 * Where a frame comes from is known for sure only while it still has its outer header; so the whole
 * check stands there, on the bytes behind the UDP header, which are at fixed places:
 *
 *   8 VXLAN flags, VNI at 12 | 16 to MAC, 22 from MAC, 28 type | 30 IPv4, from at 42
 *
 * Frames that a gateway routed between subnets carry its MAC, which is the same on every host, and
 * their guest's address. Frames for networks that are not here find no link. */
#pragma once

#include "base/buf.h"
#include "computer-manager/model/job.h"

#include <stddef.h>
#include <stdint.h>

/* Outer headers, less: what a guest's MTU is below that of the underlay. */
enum { HOST_TUNNEL_OVERHEAD = 50, HOST_TUNNEL_PORT = 4789 };

/* This machine's end of all tunnels; address 0 = it has none. */
struct host_tunnel {
    uint32_t address; /* host order */
    uint16_t udp_port;
};

/* Maps, dispatch and chains in the shared table, beside host_filter_base(). Idempotent. */
void host_tunnel_base(struct buf *out, const char *prefix, const struct host_tunnel *tunnel);
/* One network's, with nobody in it yet; before its link is up. Idempotent but for that. */
void host_tunnel_open(struct buf *out, const char *prefix, int64_t vni);
/* All of the network goes; also what is there in part. The shared table exists. */
void host_tunnel_close(struct buf *out, const char *prefix, int64_t vni);
/* Lets in what a peer sends, or no more. The network is open. */
void host_tunnel_add(struct buf *out, const char *prefix, int64_t vni,
                     const struct host_net_peer *peer);
void host_tunnel_remove(struct buf *out, const char *prefix, int64_t vni,
                        const struct host_net_peer *peer);
