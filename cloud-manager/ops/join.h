/* join.h - what the cloud adds to the joining of a child (proto/sync/admit): a cluster's zone, the
 * key of its link. */
#pragma once

#include "base/buf.h"
#include "cloud-manager/ops/op.h"
#include "cloud-manager/store/node.h"
#include "proto/wire/messages.h"

/* A node came in: its zone, once, and a new key of its link. ERR_ZONE_UNAVAILABLE. */
enum err_code cloud_join(struct cloud_op *op, const char *name, const char *kind, struct err *err);
/* What it is told of region and zone. */
void cloud_join_tell(struct cloud_op *op, const struct cloud_node *node, struct wire_joined *out);
/* The 32 bytes that secrets on its link are sealed with, as hex, appended. */
enum err_code cloud_node_link_key(struct cloud_op *op, const struct cloud_node *node,
                                  struct buf *hex, struct err *err);
