/* conntrack.h - the kernel's table of connections in one zone, over nfnetlink: read, and ended one
 * by one. IPv4 only, as all that passes here. */
#pragma once

#include "base/err.h"
#include "computer-manager/model/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ends every connection of the zone that `ends` says so of; the answer is asked once for each, with
 * its first packet as it began. *len counts them. */
enum err_code conntrack_end(uint16_t zone, bool (*ends)(void *self, const struct host_flow *f),
                            void *self, size_t *len, struct err *err);
