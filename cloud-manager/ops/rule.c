/* rule.c - rules of security groups: each change is whole or not at all, and told anew. */
#include "cloud-manager/ops/rule.h"

#include "base/id.h"
#include "base/str.h"
#include "cloud-manager/model/group_text.h"
#include "cloud-manager/ops/group.h"

static enum err_code begin(struct cloud_op *op, const struct cloud_rules_of *of,
                           enum cloud_action_id ingress, enum cloud_action_id egress,
                           struct cloud_group *group, struct err *err)
{
    if (cloud_authorize(op, of->direction == CLOUD_EGRESS ? egress : ingress, err) != ERR_OK)
        return err->code;
    return cloud_group_find(op, of->id, of->name, group, err);
}

static enum err_code find_peer(struct cloud_op *op, const struct cloud_group *group,
                               const struct cloud_permission *p, const char **id, struct err *err)
{
    struct cloud_group peer = {0};
    *id = "";
    if (*p->peer == '\0' && *p->peer_name == '\0')
        return ERR_OK;
    if (cloud_group_find(op, p->peer, p->peer_name, &peer, err) != ERR_OK)
        return err->code;
    if (!str_eq(peer.vpc, group->vpc))
        return err_set(err, ERR_GROUP_NOT_FOUND, "The group %s is in another network", peer.id);
    *id = peer.id;
    return ERR_OK;
}

static enum err_code make_rule(struct cloud_op *op, const struct cloud_group *group,
                               enum cloud_direction direction, const struct cloud_permission *p,
                               struct cloud_rule *out, struct err *err)
{
    const char *peer;
    if (cloud_group_text_check("Description", p->description, err) != ERR_OK ||
        find_peer(op, group, p, &peer, err) != ERR_OK)
        return err->code;
    *out = (struct cloud_rule){.id = "",
                               .account = op->account,
                               .grp = group->id,
                               .egress = direction == CLOUD_EGRESS,
                               .protocol = p->match.protocol,
                               .from_port = p->match.from,
                               .to_port = p->match.to,
                               .cidr = p->cidr,
                               .peer = peer,
                               .description = p->description};
    return ERR_OK;
}

/* The group is told anew, and the one that it refers to may be needed by more clusters. */
static void touch(struct cloud_op *op, const struct cloud_rule *rule)
{
    cloud_group_touch(op->store, rule->grp);
    if (*rule->peer != '\0')
        cloud_group_mark(op->store, rule->peer);
}

static void remove_rule(struct cloud_op *op, const struct cloud_rule *rule)
{
    touch(op, rule);
    cloud_rule_delete(op->store, rule->id);
}

static bool says_the_same(const struct cloud_rule *a, const struct cloud_rule *b)
{
    return a->protocol == b->protocol && a->from_port == b->from_port && a->to_port == b->to_port &&
           str_eq(a->cidr, b->cidr) && str_eq(a->peer, b->peer);
}

/* In EC2's words; clients show them. */
static const char *text_of(struct cloud_op *op, const struct cloud_rule *rule)
{
    char protocol[CLOUD_PROTOCOL_SIZE];
    cloud_protocol_format(protocol, rule->protocol);
    for (char *p = protocol; *p != '\0'; p++)
        *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    if (rule->protocol == CLOUD_RULE_EVERY)
        return arena_printf(op->arena, "peer: %s%s, ALL, ALLOW", rule->cidr, rule->peer);
    return arena_printf(op->arena, "peer: %s%s, %s, from port: %lld, to port: %lld, ALLOW",
                        rule->cidr, rule->peer, protocol, (long long)rule->from_port,
                        (long long)rule->to_port);
}

/* ---- authorize ---------------------------------------------------------------------------- */

static enum err_code check_room(struct cloud_op *op, const struct cloud_group *group,
                                enum cloud_direction direction, struct err *err)
{
    if (cloud_rule_count(op->store, group->id, direction == CLOUD_EGRESS) > CLOUD_RULES_MAX)
        return err_set(err, ERR_RULE_LIMIT,
                       "The maximum number of rules per security group has been reached: %d in one "
                       "direction",
                       CLOUD_RULES_MAX);
    return ERR_OK;
}

static enum err_code check_repeated(const struct cloud_rule *rules, size_t len, struct err *err)
{
    for (size_t i = 0; i < len; i++)
        for (size_t j = 0; j < i; j++)
            if (says_the_same(&rules[i], &rules[j]))
                return err_set(err, ERR_INVALID_PARAMETER,
                               "The same permission must not appear multiple times");
    return ERR_OK;
}

static enum err_code insert(struct cloud_op *op, const struct cloud_rule *rule, struct err *err)
{
    if (!cloud_rule_insert(op->store, rule))
        return err_set(err, ERR_PERMISSION_DUPLICATE, "the specified rule \"%s\" already exists",
                       text_of(op, rule));
    touch(op, rule);
    return ERR_OK;
}

enum err_code cloud_rules_authorize(struct cloud_op *op, const struct cloud_rules_of *of,
                                    const struct cloud_permissions *add,
                                    const struct cloud_tag_specs *tags, struct cloud_rule *out,
                                    struct err *err)
{
    struct cloud_group group = {0};
    if (begin(op, of, CLOUD_DO_AUTHORIZE_INGRESS, CLOUD_DO_AUTHORIZE_EGRESS, &group, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < add->len; i++)
        if (make_rule(op, &group, of->direction, &add->list[i], &out[i], err) != ERR_OK)
            return err->code;
    if (check_repeated(out, add->len, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < add->len; i++) {
        out[i].id = cloud_id(op, "sgr");
        if (insert(op, &out[i], err) != ERR_OK ||
            cloud_tag_new(op, out[i].id, "security-group-rule", tags, err) != ERR_OK)
            return err->code;
    }
    return check_room(op, &group, of->direction, err);
}

/* ---- finding those that exist ------------------------------------------------------------- */

static enum err_code find_like(struct cloud_op *op, const struct cloud_group *group,
                               enum cloud_direction direction, const struct cloud_permission *p,
                               struct cloud_rule *out, struct err *err)
{
    struct cloud_rule like;
    if (make_rule(op, group, direction, p, &like, err) != ERR_OK)
        return err->code;
    if (!cloud_rule_find(op->store, op->arena, &like, out))
        return err_set(err, ERR_PERMISSION_NOT_FOUND,
                       "The specified rule does not exist in this security group.");
    return ERR_OK;
}

static enum err_code not_found(const char *id, struct err *err)
{
    return err_set(err, ERR_RULE_NOT_FOUND, "The security group rule ID '%.64s' does not exist",
                   id);
}

static enum err_code check_id(const char *id, struct err *err)
{
    return id_is(id, "sgr") ? ERR_OK
                            : err_set(err, ERR_RULE_MALFORMED,
                                      "Invalid id: \"%.64s\" (expecting \"sgr-...\")", id);
}

static enum err_code find_in(struct cloud_op *op, const struct cloud_group *group, const char *id,
                             struct cloud_rule *out, struct err *err)
{
    if (check_id(id, err) != ERR_OK)
        return err->code;
    return cloud_rule_get(op->store, op->arena, group->id, id, out) ? ERR_OK : not_found(id, err);
}

static enum err_code find_of(struct cloud_op *op, const struct cloud_group *group,
                             enum cloud_direction direction, const char *id, struct cloud_rule *out,
                             struct err *err)
{
    if (find_in(op, group, id, out, err) != ERR_OK)
        return err->code;
    return (out->egress != 0) == (direction == CLOUD_EGRESS) ? ERR_OK : not_found(id, err);
}

/* ---- revoke, descriptions ----------------------------------------------------------------- */

static void revoke(struct cloud_op *op, const struct cloud_rule *rule)
{
    cloud_tag_delete_all(op->store, rule->id);
    remove_rule(op, rule);
}

enum err_code cloud_rules_revoke(struct cloud_op *op, const struct cloud_rules_of *of,
                                 const struct cloud_permissions *remove, const char *const *ids,
                                 size_t ids_len, struct err *err)
{
    struct cloud_group group = {0};
    struct cloud_rule rule = {.peer = ""};
    if (begin(op, of, CLOUD_DO_REVOKE_INGRESS, CLOUD_DO_REVOKE_EGRESS, &group, err) != ERR_OK)
        return err->code;
    if (remove->absent > 0)
        return err_set(err, ERR_PERMISSION_NOT_FOUND,
                       "The specified rule does not exist in this security group.");
    for (size_t i = 0; i < remove->len; i++) {
        if (find_like(op, &group, of->direction, &remove->list[i], &rule, err) != ERR_OK)
            return err->code;
        revoke(op, &rule);
    }
    for (size_t i = 0; i < ids_len; i++) {
        if (find_of(op, &group, of->direction, ids[i], &rule, err) != ERR_OK)
            return err->code;
        revoke(op, &rule);
    }
    return ERR_OK;
}

enum err_code cloud_rules_redescribe(struct cloud_op *op, const struct cloud_rules_of *of,
                                     const struct cloud_permissions *like,
                                     const struct cloud_rule_text *texts, size_t texts_len,
                                     struct err *err)
{
    struct cloud_group group = {0};
    struct cloud_rule rule = {.peer = ""};
    if (begin(op, of, CLOUD_DO_DESCRIBE_INGRESS_ANEW, CLOUD_DO_DESCRIBE_EGRESS_ANEW, &group, err) !=
        ERR_OK)
        return err->code;
    for (size_t i = 0; i < like->len; i++) {
        if (find_like(op, &group, of->direction, &like->list[i], &rule, err) != ERR_OK)
            return err->code;
        cloud_rule_describe(op->store, rule.id, like->list[i].description);
    }
    for (size_t i = 0; i < texts_len; i++) {
        if (cloud_group_text_check("Description", texts[i].description, err) != ERR_OK ||
            find_of(op, &group, of->direction, texts[i].id, &rule, err) != ERR_OK)
            return err->code;
        cloud_rule_describe(op->store, rule.id, texts[i].description);
    }
    return ERR_OK;
}

/* ---- modify ------------------------------------------------------------------------------- */

/* All of them leave before any comes back, so that two may change places. */
enum err_code cloud_rules_modify(struct cloud_op *op, const char *group_id,
                                 const struct cloud_rule_change *changes, size_t len,
                                 struct err *err)
{
    struct cloud_group group = {0};
    struct cloud_rule *rules = arena_alloc(op->arena, (len + 1) * sizeof *rules);
    if (cloud_authorize(op, CLOUD_DO_MODIFY_RULES, err) != ERR_OK ||
        cloud_group_find(op, group_id, "", &group, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < len; i++) {
        struct cloud_rule was = {.peer = ""};
        if (find_in(op, &group, changes[i].id, &was, err) != ERR_OK ||
            make_rule(op, &group, was.egress ? CLOUD_EGRESS : CLOUD_INGRESS, &changes[i].to,
                      &rules[i], err) != ERR_OK)
            return err->code;
        rules[i].id = was.id;
        remove_rule(op, &was);
    }
    for (size_t i = 0; i < len; i++)
        if (insert(op, &rules[i], err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

enum err_code cloud_rules_describe(struct cloud_op *op, const char *const *ids, size_t len,
                                   struct cloud_rule **out, size_t *out_len, struct err *err)
{
    if (cloud_authorize(op, CLOUD_DO_DESCRIBE_RULES, err) != ERR_OK)
        return err->code;
    if (len == 0) {
        *out = cloud_rule_list_account(op->store, op->arena, op->account, out_len);
        return ERR_OK;
    }
    *out = arena_alloc(op->arena, len * sizeof **out);
    *out_len = len;
    for (size_t i = 0; i < len; i++) {
        if (check_id(ids[i], err) != ERR_OK)
            return err->code;
        if (!cloud_rule_of(op->store, op->arena, op->account, ids[i], &(*out)[i]))
            return not_found(ids[i], err);
    }
    return ERR_OK;
}
