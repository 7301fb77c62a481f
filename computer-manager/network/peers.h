/* peers.h - the job NET_PEERS: who of a network lives on other hosts.
 *
 * What is there is read from the kernel and only the difference is done. A permanent neighbour of
 * the bridge is the mark of a peer: it comes first and goes last, what the tunnel lets in comes
 * last and goes first, so whatever a kill cut short is found and completed by the repeated job. The
 * tunnel itself is made with the first peer and goes with its network. */
#pragma once

#include "base/err.h"
#include "computer-manager/model/job.h"
#include "computer-manager/network/network.h"
#include "computer-manager/network/vpc.h"

/* An address that a port here has is nobody's elsewhere: it is left out. ERR_VPC_NOT_FOUND where
 * this host has no port of that network, ERR_UNAVAILABLE where it has no end for tunnels. */
enum err_code peers_apply(struct network *net, const struct host_net_peers *wanted,
                          struct host_net_peers_done *done, struct err *err);
/* The address is a port's here from now on. */
enum err_code peers_yield(const struct vpc *v, uint32_t address, struct err *err);
