/* group.h - security groups come and go. Their rules: rule.h; who is in them: port_groups.h. */
#pragma once

#include "cloud-manager/ops/op.h"
#include "cloud-manager/ops/tag.h"
#include "cloud-manager/store/group.h"

struct cloud_group_spec {
    const char *name, *description;
    const char *vpc; /* "" = the default one */
    struct cloud_tag_specs tags;
};

/* A group as AWS makes them: nothing comes in, everything goes out. Its id in the op's arena. */
const char *cloud_group_make(struct cloud_op *op, const char *account, const char *vpc,
                             const char *name, const char *description);
/* ERR_GROUP_DUPLICATE, ERR_GROUP_LIMIT, ERR_VPC_NOT_FOUND. */
enum err_code cloud_group_create(struct cloud_op *op, const struct cloud_group_spec *spec,
                                 struct cloud_group *out, struct err *err);
/* By id, or by name in the default VPC. ERR_CANNOT_DELETE: a default group; ERR_DEPENDENCY: a
 * living port has it, or a rule of another group names it. `out`: what it was. */
enum err_code cloud_group_remove(struct cloud_op *op, const char *id, const char *name,
                                 struct cloud_group *out, struct err *err);
/* The caller's group by id, or by name in the default VPC when `id` is "". ERR_GROUP_*. */
enum err_code cloud_group_find(struct cloud_op *op, const char *id, const char *name,
                               struct cloud_group *out, struct err *err);
/* The caller's: all, or those named by id or by name. */
enum err_code cloud_groups_describe(struct cloud_op *op, const char *const *ids, size_t ids_len,
                                    const char *const *names, size_t names_len,
                                    struct cloud_group **out, size_t *out_len, struct err *err);
