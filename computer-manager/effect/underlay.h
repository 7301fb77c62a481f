/* underlay.h - this machine's address among the hosts of its cluster, and the MTU of its link.
 *
 * Asked once at the start; a machine that is given another address later says so when it is started
 * again. No packet is sent. */
#pragma once

#include "base/err.h"

#include <stdint.h>

enum { UNDERLAY_ADDRESS_SIZE = 16 };

struct underlay {
    char address[UNDERLAY_ADDRESS_SIZE]; /* IPv4; "" = this machine has none for others */
    int64_t mtu;                         /* of its link; 1500 where there is none */
};

/* `wanted`: the address, or "" for that of the default route's link. ERR_CONFIG when this machine
 * does not have the wanted one. */
enum err_code underlay_find(struct underlay *out, const char *wanted, struct err *err);
