/* ec2_rule_changes.c - ModifySecurityGroupRules, UpdateSecurityGroupRuleDescriptionsIngress and
 * -Egress. */
#include "base/str.h"
#include "cloud-manager/api/permission.h"

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static enum err_code decode_change(struct cloud_call *call, unsigned n,
                                   struct cloud_rule_change *out, struct err *err)
{
    struct cloud_query *q = call->query;
    const char *id = arena_printf(q->arena, "SecurityGroupRule.%u.SecurityGroupRuleId", n);
    const char *rule = arena_printf(q->arena, "SecurityGroupRule.%u.SecurityGroupRule.", n);
    if (cloud_query_need(q, id, &out->id, err) != ERR_OK)
        return err->code;
    return cloud_decode_rule(call, rule, &out->to, err);
}

enum err_code cloud_ec2_modify_rules(struct cloud_call *call, struct err *err)
{
    struct cloud_indices at = cloud_query_indices(call->query, "SecurityGroupRule");
    struct cloud_rule_change *changes = arena_alloc(call->op->arena,
                                                    (at.len + 1) * sizeof *changes);
    const char *group;
    if (cloud_query_need(call->query, "GroupId", &group, err) != ERR_OK)
        return err->code;
    if (at.len == 0)
        return err_set(err, ERR_MISSING_PARAMETER,
                       "The request must contain the parameter SecurityGroupRule");
    for (size_t i = 0; i < at.len; i++)
        if (decode_change(call, at.list[i], &changes[i], err) != ERR_OK)
            return err->code;
    if (cloud_query_done(call->query, err) != ERR_OK ||
        cloud_rules_modify(call->op, group, changes, at.len, err) != ERR_OK)
        return err->code;
    cloud_write_done(call->xml);
    return ERR_OK;
}

static enum err_code decode_texts(struct cloud_query *q, struct cloud_rule_text *out,
                                  const struct cloud_indices *at, struct err *err)
{
    for (size_t i = 0; i < at->len; i++) {
        const char *name = arena_printf(
            q->arena, "SecurityGroupRuleDescription.%u.SecurityGroupRuleId", at->list[i]);
        if (cloud_query_need(q, name, &out[i].id, err) != ERR_OK)
            return err->code;
        out[i].description = or_empty(
            cloud_query_getf(q, "SecurityGroupRuleDescription.%u.Description", at->list[i]));
    }
    return ERR_OK;
}

static enum err_code redescribe(struct cloud_call *call, enum cloud_direction direction,
                                struct err *err)
{
    struct cloud_query *q = call->query;
    struct cloud_rules_of of = {.id = or_empty(cloud_query_get(q, "GroupId")),
                                .name = or_empty(cloud_query_get(q, "GroupName")),
                                .direction = direction};
    struct cloud_indices at = cloud_query_indices(q, "SecurityGroupRuleDescription");
    struct cloud_rule_text *texts = arena_alloc(q->arena, (at.len + 1) * sizeof *texts);
    struct cloud_permissions like;
    if (cloud_decode_permissions(call, CLOUD_ENDS_REFUSED, &like, err) != ERR_OK ||
        decode_texts(q, texts, &at, err) != ERR_OK || cloud_query_done(q, err) != ERR_OK)
        return err->code;
    if (like.len + at.len == 0)
        return err_set(err, ERR_MISSING_PARAMETER,
                       "The request must contain the parameter IpPermissions or "
                       "SecurityGroupRuleDescription");
    if (cloud_rules_redescribe(call->op, &of, &like, texts, at.len, err) != ERR_OK)
        return err->code;
    cloud_write_done(call->xml);
    return ERR_OK;
}

enum err_code cloud_ec2_redescribe_ingress(struct cloud_call *call, struct err *err)
{
    return redescribe(call, CLOUD_INGRESS, err);
}

enum err_code cloud_ec2_redescribe_egress(struct cloud_call *call, struct err *err)
{
    return redescribe(call, CLOUD_EGRESS, err);
}
