/* room.h - what clusters last said of their room. RAM only: every sync says it again.
 *
 * It is advice: the cluster's own refusal is the truth (PROTOCOL 6). */
#pragma once

#include "base/map.h"
#include "cloud-manager/model/type.h"
#include "cloud-manager/ops/op.h"
#include "proto/wire/messages.h"

struct cloud_rooms {
    struct map by_node; /* node -> struct cloud_room */
    struct map listed;  /* the newest of each that lists its hosts; the same ones, or older */
};

void cloud_rooms_fini(struct cloud_rooms *rooms);
/* Takes what a child said; what cannot be decoded is logged and forgotten. */
void cloud_room_hear(struct cloud_op *op, const char *node, const char *capacity_json);
/* Was the child heard within the time after which it is suspect? */
bool cloud_room_is_fresh(const struct cloud_op *op, const char *node);
/* How many instances of `type` with a root disk of disk_gib could still start there: the cluster's
 * own count, less what it was told after the last revision in that count. */
int64_t cloud_room_fits(const struct cloud_op *op, const char *node, const struct cloud_type *type,
                        int64_t disk_gib);
/* So many more are on their way to it since then: its cluster has not counted them. */
void cloud_room_take(const struct cloud_op *op, const char *node, const struct cloud_type *type,
                     int64_t count, int64_t disk_gib);
/* What launches took may have been undone: it is counted again from the rows. */
void cloud_rooms_recount(struct cloud_rooms *rooms);
/* The newest of what it said that lists its hosts; NULL when none was heard. */
const struct wire_capacity *cloud_room_listed(const struct cloud_op *op, const char *node);
/* What it said, decoded; NULL when nothing was heard. */
const struct wire_capacity *cloud_room_get(const struct cloud_op *op, const char *node);
