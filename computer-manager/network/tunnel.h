/* tunnel.h - a network's VXLAN link on this host: one a network, made with its first peer. */
#pragma once

#include "base/err.h"
#include "computer-manager/network/vpc.h"

#include <stdbool.h>
#include <stdint.h>

/* Whole: made to the end, with the local address and the MTU of `v`'s network now. */
bool tunnel_is_there(const struct vpc *v);
/* The bridge is there. A link that is not whole is made anew, with no peers. */
enum err_code tunnel_ensure(const struct vpc *v, int64_t mtu, struct err *err);
