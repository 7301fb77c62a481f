/* wish.h - what children are told: the bodies of wishes, as JSON. Encoding only.
 *
 * Called by settle*.c. Texts end up in rows of the sync and are sent as they are. */
#pragma once

#include "base/buf.h"
#include "cloud-manager/model/type.h"
#include "cloud-manager/ops/op.h"
#include "cloud-manager/store/account.h"
#include "cloud-manager/store/group.h"
#include "cloud-manager/store/image.h"
#include "cloud-manager/store/instance.h"
#include "cloud-manager/store/members.h"
#include "cloud-manager/store/node.h"

void cloud_wish_instance(struct cloud_op *op, const struct cloud_instance *row, struct buf *out);
void cloud_wish_group(struct cloud_op *op, const struct cloud_group *row, struct buf *out);
/* False: nobody is in it, and nobody is to know of it. */
bool cloud_wish_members(struct cloud_op *op, const struct cloud_group *group,
                        const struct cloud_members_page *page, struct buf *out);
const char *cloud_wish_members_id(struct cloud_op *op, const struct cloud_members_page *page);
void cloud_wish_type(const struct cloud_type *type, struct buf *out);
/* What its tombstone carries, for this cloud itself: after a restore it holds its address until it
 * is gone, and its token stands for it. */
void cloud_wish_end(struct cloud_op *op, const struct cloud_instance *row, struct buf *out);
void cloud_wish_image(struct cloud_op *op, const struct cloud_image *row, struct buf *out);
void cloud_wish_seed(struct cloud_op *op, const struct cloud_image *row, struct buf *out);
/* `secret` sealed with the link key of a node; the context is "kind|id". */
void cloud_wish_key(struct cloud_op *op, const char *link_key_hex,
                    const struct cloud_access_key *row, const struct buf *secret, struct buf *out);
void cloud_wish_secret(struct cloud_op *op, const char *link_key_hex, const char *id,
                       const char *secret_hex, struct buf *out);
