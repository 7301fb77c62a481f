/* group.h - security groups: their rules. */
#pragma once

#include "cloud-manager/model/rule.h"
#include "cloud-manager/ops/op.h"
#include "cloud-manager/ops/tag.h"
#include "cloud-manager/store/group.h"

/* A rule as it was asked for: one source. */
struct cloud_permission {
    struct cloud_match match;
    const char *cidr;      /* canonical; "" with a peer */
    const char *peer;      /* id of a group, "" */
    const char *peer_name; /* or its name in the same VPC, "" */
    const char *description;
};

struct cloud_permissions {
    struct cloud_permission *list;
    size_t len;
};

/* The caller's group by id, or by name in the default VPC when `id` is "". ERR_GROUP_*. */
enum err_code cloud_group_find(struct cloud_op *op, const char *id, const char *name,
                               struct cloud_group *out, struct err *err);
/* Adds all or none; `out` has room for as many rules. ERR_PERMISSION_DUPLICATE, ERR_RULE_LIMIT. */
enum err_code cloud_ingress_authorize(struct cloud_op *op, const char *id, const char *name,
                                      const struct cloud_permissions *add,
                                      const struct cloud_tag_specs *tags, struct cloud_rule *out,
                                      struct err *err);
/* Removes those that say the same, and those named by id. ERR_PERMISSION_NOT_FOUND. */
enum err_code cloud_ingress_revoke(struct cloud_op *op, const char *id, const char *name,
                                   const struct cloud_permissions *remove, const char *const *ids,
                                   size_t ids_len, struct err *err);
/* The caller's: all, or those named by id or by name. */
enum err_code cloud_groups_describe(struct cloud_op *op, const char *const *ids, size_t ids_len,
                                    const char *const *names, size_t names_len,
                                    struct cloud_group **out, size_t *out_len, struct err *err);
