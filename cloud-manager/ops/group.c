/* group.c - rules of security groups come and go. */
#include "cloud-manager/ops/group.h"

#include "base/id.h"
#include "base/str.h"
#include "cloud-manager/store/network.h"

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

static enum err_code make_rule(struct cloud_op *op, const struct cloud_group *group,
                               const struct cloud_permission *p, struct cloud_rule *out,
                               struct err *err)
{
    struct cloud_group peer = {.id = ""};
    if (*p->peer != '\0' || *p->peer_name != '\0') {
        if (cloud_group_find(op, p->peer, p->peer_name, &peer, err) != ERR_OK)
            return err->code;
        if (!str_eq(peer.vpc, group->vpc))
            return err_set(err, ERR_GROUP_NOT_FOUND, "The group %s is in another network", peer.id);
    }
    *out = (struct cloud_rule){.id = cloud_id(op, "sgr"),
                               .account = op->account,
                               .grp = group->id,
                               .protocol = p->match.protocol,
                               .from_port = p->match.from,
                               .to_port = p->match.to,
                               .cidr = p->cidr,
                               .peer = peer.id,
                               .description = p->description};
    return ERR_OK;
}

/* The group is told anew, and so is the one that it refers to: more clusters may need it. */
static void touch(struct cloud_op *op, const struct cloud_rule *rule)
{
    cloud_group_touch(op->store, rule->grp);
    if (*rule->peer != '\0')
        cloud_group_touch(op->store, rule->peer);
}

static enum err_code check_room(struct cloud_op *op, const char *group, struct err *err)
{
    size_t len, ingress = 0;
    const struct cloud_rule *rules = cloud_rule_list(op->store, op->arena, group, &len);
    for (size_t i = 0; i < len; i++)
        ingress += rules[i].egress == 0;
    if (ingress > CLOUD_RULES_MAX)
        return err_set(err, ERR_RULE_LIMIT, "A security group has at most %d rules in a direction",
                       CLOUD_RULES_MAX);
    return ERR_OK;
}

enum err_code cloud_ingress_authorize(struct cloud_op *op, const char *id, const char *name,
                                      const struct cloud_permissions *add,
                                      const struct cloud_tag_specs *tags, struct cloud_rule *out,
                                      struct err *err)
{
    struct cloud_group group;
    if (cloud_authorize(op, CLOUD_DO_AUTHORIZE_INGRESS, err) != ERR_OK ||
        cloud_group_find(op, id, name, &group, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < add->len; i++) {
        if (make_rule(op, &group, &add->list[i], &out[i], err) != ERR_OK)
            return err->code;
        if (!cloud_rule_insert(op->store, &out[i]))
            return err_set(err, ERR_PERMISSION_DUPLICATE,
                           "the specified rule \"peer: %s%s, from: %lld, to: %lld, ALLOW\" already "
                           "exists",
                           out[i].cidr, out[i].peer, (long long)out[i].from_port,
                           (long long)out[i].to_port);
        if (cloud_tag_new(op, out[i].id, "security-group-rule", tags, err) != ERR_OK)
            return err->code;
        touch(op, &out[i]);
    }
    return check_room(op, group.id, err);
}

static void remove_rule(struct cloud_op *op, const struct cloud_rule *rule)
{
    touch(op, rule);
    cloud_tag_delete_all(op->store, rule->id);
    cloud_rule_delete(op->store, rule->id);
}

enum err_code cloud_ingress_revoke(struct cloud_op *op, const char *id, const char *name,
                                   const struct cloud_permissions *remove, const char *const *ids,
                                   size_t ids_len, struct err *err)
{
    struct cloud_group group;
    struct cloud_rule like, rule;
    if (cloud_authorize(op, CLOUD_DO_REVOKE_INGRESS, err) != ERR_OK ||
        cloud_group_find(op, id, name, &group, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < remove->len; i++) {
        if (make_rule(op, &group, &remove->list[i], &like, err) != ERR_OK)
            return err->code;
        if (!cloud_rule_find(op->store, op->arena, &like, &rule))
            return err_set(err, ERR_PERMISSION_NOT_FOUND,
                           "The specified rule does not exist in this security group.");
        remove_rule(op, &rule);
    }
    for (size_t i = 0; i < ids_len; i++) {
        if (!cloud_rule_get(op->store, op->arena, group.id, ids[i], &rule) || rule.egress)
            return err_set(err, ERR_RULE_NOT_FOUND,
                           "The security group rule ID '%.64s' does not exist", ids[i]);
        remove_rule(op, &rule);
    }
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
