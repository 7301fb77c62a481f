/* group.c - security groups come and go. */
#include "cloud-manager/ops/group.h"

#include "base/check.h"
#include "base/id.h"
#include "base/str.h"
#include "cloud-manager/model/group_text.h"
#include "cloud-manager/model/rule.h"
#include "cloud-manager/store/network.h"

/* ---- finding ------------------------------------------------------------------------------ */

static enum err_code by_name(struct cloud_op *op, const char *name, struct cloud_group *out,
                             struct err *err)
{
    struct cloud_vpc vpc;
    if (!cloud_vpc_default(op->store, op->arena, op->account, &vpc) ||
        !cloud_group_by_name(op->store, op->arena, vpc.id, name, out))
        return err_set(err, ERR_GROUP_NOT_FOUND, "The security group '%.100s' does not exist",
                       name);
    return ERR_OK;
}

enum err_code cloud_group_find(struct cloud_op *op, const char *id, const char *name,
                               struct cloud_group *out, struct err *err)
{
    if (*id == '\0' && *name == '\0')
        return err_set(err, ERR_MISSING_PARAMETER,
                       "The request must contain the parameter GroupId or GroupName");
    if (*id == '\0')
        return by_name(op, name, out, err);
    if (!id_is(id, "sg"))
        return err_set(err, ERR_GROUP_MALFORMED, "Invalid id: \"%.64s\" (expecting \"sg-...\")",
                       id);
    if (!cloud_group_get(op->store, op->arena, op->account, id, out) ||
        (*name != '\0' && !str_eq(out->name, name)))
        return err_set(err, ERR_GROUP_NOT_FOUND, "The security group '%s' does not exist", id);
    return ERR_OK;
}

enum err_code cloud_groups_describe(struct cloud_op *op, const char *const *ids, size_t ids_len,
                                    const char *const *names, size_t names_len,
                                    struct cloud_group **out, size_t *out_len, struct err *err)
{
    if (cloud_authorize(op, CLOUD_DO_DESCRIBE_SECURITY_GROUPS, err) != ERR_OK)
        return err->code;
    if (ids_len + names_len == 0) {
        *out = cloud_group_list(op->store, op->arena, op->account, out_len);
        return ERR_OK;
    }
    *out = arena_alloc(op->arena, (ids_len + names_len) * sizeof **out);
    *out_len = 0;
    for (size_t i = 0; i < ids_len; i++)
        if (cloud_group_find(op, ids[i], "", &(*out)[(*out_len)++], err) != ERR_OK)
            return err->code;
    for (size_t i = 0; i < names_len; i++)
        if (cloud_group_find(op, "", names[i], &(*out)[(*out_len)++], err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

/* ---- coming ------------------------------------------------------------------------------- */

const char *cloud_group_make(struct cloud_op *op, const char *account, const char *vpc,
                             const char *name, const char *description)
{
    const char *id = cloud_id(op, "sg");
    cloud_group_insert(op->store, &(struct cloud_group){.id = id,
                                                        .account = account,
                                                        .vpc = vpc,
                                                        .name = name,
                                                        .description = description,
                                                        .generation = 1});
    bool added = cloud_rule_insert(op->store, &(struct cloud_rule){.id = cloud_id(op, "sgr"),
                                                                   .account = account,
                                                                   .grp = id,
                                                                   .egress = 1,
                                                                   .protocol = CLOUD_RULE_EVERY,
                                                                   .from_port = -1,
                                                                   .to_port = -1,
                                                                   .cidr = "0.0.0.0/0",
                                                                   .peer = "",
                                                                   .description = ""});
    INV(added);
    return id;
}

static enum err_code choose_vpc(struct cloud_op *op, const char *id, struct cloud_vpc *out,
                                struct err *err)
{
    bool found = *id == '\0' ? cloud_vpc_default(op->store, op->arena, op->account, out)
                             : cloud_vpc_get(op->store, op->arena, op->account, id, out);
    return found ? ERR_OK
                 : err_set(err, ERR_VPC_NOT_FOUND, "The vpc ID '%.64s' does not exist", id);
}

static enum err_code check_new(struct cloud_op *op, const struct cloud_group_spec *spec,
                               const char *vpc, struct err *err)
{
    struct cloud_group other;
    if (cloud_group_by_name(op->store, op->arena, vpc, spec->name, &other))
        return err_set(err, ERR_GROUP_DUPLICATE,
                       "The security group '%s' already exists for VPC '%s'", spec->name, vpc);
    if (cloud_group_count(op->store, op->account) >= op->config->quota_groups)
        return err_set(err, ERR_GROUP_LIMIT,
                       "The maximum number of security groups has been reached: %lld",
                       (long long)op->config->quota_groups);
    return ERR_OK;
}

enum err_code cloud_group_create(struct cloud_op *op, const struct cloud_group_spec *spec,
                                 struct cloud_group *out, struct err *err)
{
    struct cloud_vpc vpc;
    if (cloud_authorize(op, CLOUD_DO_CREATE_SECURITY_GROUP, err) != ERR_OK ||
        cloud_group_name_check(spec->name, err) != ERR_OK ||
        cloud_group_text_check("GroupDescription", spec->description, err) != ERR_OK ||
        choose_vpc(op, spec->vpc, &vpc, err) != ERR_OK ||
        check_new(op, spec, vpc.id, err) != ERR_OK)
        return err->code;
    const char *id = cloud_group_make(op, op->account, vpc.id, spec->name, spec->description);
    bool found = cloud_group_get(op->store, op->arena, op->account, id, out);
    INV(found);
    return cloud_tag_new(op, id, "security-group", &spec->tags, err);
}

/* ---- going -------------------------------------------------------------------------------- */

static void remove_rules(struct cloud_op *op, const char *group)
{
    size_t len;
    const struct cloud_rule *rules = cloud_rule_list(op->store, op->arena, group, &len);
    for (size_t i = 0; i < len; i++) {
        if (*rules[i].peer != '\0')
            cloud_group_mark(op->store, rules[i].peer);
        cloud_tag_delete_all(op->store, rules[i].id);
        cloud_rule_delete(op->store, rules[i].id);
    }
}

enum err_code cloud_group_remove(struct cloud_op *op, const char *id, const char *name,
                                 struct cloud_group *out, struct err *err)
{
    if (cloud_authorize(op, CLOUD_DO_DELETE_SECURITY_GROUP, err) != ERR_OK ||
        cloud_group_find(op, id, name, out, err) != ERR_OK)
        return err->code;
    if (str_eq(out->name, "default"))
        return err_set(err, ERR_CANNOT_DELETE,
                       "the specified group: \"%s\" name: \"default\" cannot be deleted by a user",
                       out->id);
    if (cloud_group_is_needed(op->store, out->id))
        return err_set(err, ERR_DEPENDENCY, "resource %s has a dependent object", out->id);
    remove_rules(op, out->id);
    cloud_tag_delete_all(op->store, out->id);
    cloud_group_end(op->store, out->id);
    return ERR_OK;
}
