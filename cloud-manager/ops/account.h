/* account.h - making accounts: with their key, their default network, and nothing else. */
#pragma once

#include "base/buf.h"
#include "cloud-manager/ops/op.h"

/* An account with one access key and a default network; fills `out`. The name is one, and free. */
void cloud_account_create(struct cloud_op *op, const char *name, struct cloud_root *out);
bool cloud_account_is_name(const char *name);
/* The secret of an access key, appended. ERR_INTERNAL when it does not open. */
enum err_code cloud_access_key_secret(struct cloud_op *op, const char *key_id, const char *sealed,
                                      struct buf *secret, struct err *err);
/* A default subnet of zone `letter` for every account that has none there. */
void cloud_zone_add_subnets(struct cloud_op *op, const char *letter);
