/* verdict.h - would the filters of today let a connection begin? The same rules as model/filter.c
 * compiles, without the kernel: pure, and held against it by tests.
 *
 * A connection that stands is not asked again by the filters themselves; whoever changes rules asks
 * here, and ends what would not begin today. */
#pragma once

#include "computer-manager/model/job.h"

#include <stdbool.h>
#include <stdint.h>

/* The first packet of a connection. Addresses and ports in host order. */
struct host_flow {
    uint32_t from, to;
    uint8_t protocol;
    uint16_t from_port, to_port; /* of TCP and UDP */
    uint8_t type, code;          /* of ICMP */
};

enum host_direction { HOST_INGRESS, HOST_EGRESS };

struct host_verdict_groups {
    void *self;
    bool (*has)(void *self, int64_t vni, const char *group, uint32_t address);
};

/* Does the port's own chain of that direction let it through? */
bool host_verdict_port(const struct host_port *port, enum host_direction direction,
                       const struct host_flow *f, const struct host_verdict_groups *groups);
