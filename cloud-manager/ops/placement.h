/* placement.h - why an instance is on its host, for admins. Its cluster decides and remembers; this
 * is what it said last. */
#pragma once

#include "cloud-manager/ops/op.h"
#include "proto/wire/messages.h"

struct cloud_placement {
    const char *node; /* its cluster */
    const char *zone;
    bool can_ask;                      /* it is worth asking the cluster */
    const struct wire_placement *said; /* NULL = nothing is known yet */
};

/* Of any account. ERR_INSTANCE_NOT_FOUND */
enum err_code cloud_placement_read(struct cloud_op *op, const char *id, struct cloud_placement *out,
                                   struct err *err);
void cloud_placement_hear(struct cloud_op *op, const char *node, const struct wire_note *note);
