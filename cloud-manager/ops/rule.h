/* rule.h - rules of security groups: added, removed, changed, described. */
#pragma once

#include "cloud-manager/model/rule.h"
#include "cloud-manager/ops/op.h"
#include "cloud-manager/ops/tag.h"
#include "cloud-manager/store/group.h"

enum cloud_direction { CLOUD_INGRESS, CLOUD_EGRESS };

/* A rule as it was asked for: one other end. */
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
    size_t absent; /* well-formed, and of a kind that no group here has: IPv6, prefix lists */
};

/* Whose rules of which direction: a group by id, or by name in the default VPC. */
struct cloud_rules_of {
    const char *id, *name;
    enum cloud_direction direction;
};

/* Adds all or none; `out` has room for as many rules. ERR_PERMISSION_DUPLICATE, ERR_RULE_LIMIT. */
enum err_code cloud_rules_authorize(struct cloud_op *op, const struct cloud_rules_of *of,
                                    const struct cloud_permissions *add,
                                    const struct cloud_tag_specs *tags, struct cloud_rule *out,
                                    struct err *err);
/* Removes those that say the same, and those named by id. ERR_PERMISSION_NOT_FOUND,
 * ERR_RULE_NOT_FOUND. */
enum err_code cloud_rules_revoke(struct cloud_op *op, const struct cloud_rules_of *of,
                                 const struct cloud_permissions *remove, const char *const *ids,
                                 size_t ids_len, struct err *err);

struct cloud_rule_text {
    const char *id, *description;
};
/* New descriptions for those that say the same, and for those named by id. */
enum err_code cloud_rules_redescribe(struct cloud_op *op, const struct cloud_rules_of *of,
                                     const struct cloud_permissions *like,
                                     const struct cloud_rule_text *texts, size_t texts_len,
                                     struct err *err);

struct cloud_rule_change {
    const char *id;
    struct cloud_permission to;
};
/* Each becomes what its change says, under its id and with its tags; all or none. */
enum err_code cloud_rules_modify(struct cloud_op *op, const char *group,
                                 const struct cloud_rule_change *changes, size_t len,
                                 struct err *err);
/* The caller's rules of all groups, by id; or those named. ERR_RULE_MALFORMED,
 * ERR_RULE_NOT_FOUND. */
enum err_code cloud_rules_describe(struct cloud_op *op, const char *const *ids, size_t len,
                                   struct cloud_rule **out, size_t *out_len, struct err *err);
