/* ec2_rules.c - AuthorizeSecurityGroupIngress and -Egress, RevokeSecurityGroupIngress and -Egress,
 * DescribeSecurityGroupRules. */
#include "base/str.h"
#include "cloud-manager/api/permission.h"

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

/* Egress is younger than names of groups and the flat form: it has neither. */
static struct cloud_rules_of decode_of(struct cloud_query *q, enum cloud_direction direction)
{
    return (struct cloud_rules_of){
        .id = or_empty(cloud_query_get(q, "GroupId")),
        .name = direction == CLOUD_EGRESS ? "" : or_empty(cloud_query_get(q, "GroupName")),
        .direction = direction};
}

static enum err_code decode_permissions(struct cloud_call *call, enum cloud_direction direction,
                                        enum cloud_unbuilt_ends unbuilt,
                                        struct cloud_permissions *out, struct err *err)
{
    if (cloud_decode_permissions(call, unbuilt, out, err) != ERR_OK)
        return err->code;
    return direction == CLOUD_EGRESS ? ERR_OK : cloud_decode_flat_permission(call, out, err);
}

static void write_rules(struct cloud_call *call, const struct cloud_rule *rules, size_t len)
{
    cloud_xml_open(call->xml, "securityGroupRuleSet");
    for (size_t i = 0; i < len; i++)
        cloud_write_rule(call, &rules[i]);
    cloud_xml_close(call->xml);
}

static enum err_code authorize(struct cloud_call *call, enum cloud_direction direction,
                               struct err *err)
{
    static const char *const types[] = {"security-group-rule", NULL};
    struct cloud_rules_of of = decode_of(call->query, direction);
    struct cloud_permissions permissions;
    struct cloud_tag_specs tags;
    if (decode_permissions(call, direction, CLOUD_ENDS_REFUSED, &permissions, err) != ERR_OK ||
        cloud_decode_tag_specs(call, types, &tags, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK)
        return err->code;
    if (permissions.len == 0)
        return err_set(err, ERR_MISSING_PARAMETER,
                       "The request must contain the parameter IpPermissions");
    struct cloud_rule *rules = arena_alloc(call->op->arena, permissions.len * sizeof *rules);
    if (cloud_rules_authorize(call->op, &of, &permissions, &tags, rules, err) != ERR_OK)
        return err->code;
    cloud_write_done(call->xml);
    write_rules(call, rules, permissions.len);
    return ERR_OK;
}

static enum err_code revoke(struct cloud_call *call, enum cloud_direction direction,
                            struct err *err)
{
    struct cloud_rules_of of = decode_of(call->query, direction);
    struct cloud_texts ids = cloud_query_list(call->query, "SecurityGroupRuleId");
    struct cloud_permissions permissions;
    if (decode_permissions(call, direction, CLOUD_ENDS_ABSENT, &permissions, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK)
        return err->code;
    if (permissions.len + permissions.absent + ids.len == 0)
        return err_set(err, ERR_MISSING_PARAMETER,
                       "The request must contain the parameter IpPermissions or "
                       "SecurityGroupRuleId");
    if (cloud_rules_revoke(call->op, &of, &permissions, ids.list, ids.len, err) != ERR_OK)
        return err->code;
    cloud_write_done(call->xml);
    return ERR_OK;
}

enum err_code cloud_ec2_authorize_ingress(struct cloud_call *call, struct err *err)
{
    return authorize(call, CLOUD_INGRESS, err);
}

enum err_code cloud_ec2_authorize_egress(struct cloud_call *call, struct err *err)
{
    return authorize(call, CLOUD_EGRESS, err);
}

enum err_code cloud_ec2_revoke_ingress(struct cloud_call *call, struct err *err)
{
    return revoke(call, CLOUD_INGRESS, err);
}

enum err_code cloud_ec2_revoke_egress(struct cloud_call *call, struct err *err)
{
    return revoke(call, CLOUD_EGRESS, err);
}

static bool matches(struct cloud_call *call, const struct cloud_filters *filters,
                    const struct cloud_rule *rule)
{
    struct cloud_tags tags = cloud_tag_list(call->op->store, call->op->arena, rule->id);
    struct cloud_facts facts = {.arena = call->op->arena};
    cloud_facts_add(&facts, "group-id", rule->grp);
    cloud_facts_add(&facts, "security-group-rule-id", rule->id);
    cloud_facts_add_tags(&facts, &tags);
    return cloud_filters_match(filters, &facts);
}

enum err_code cloud_ec2_describe_rules(struct cloud_call *call, struct err *err)
{
    static const char *const known[] = {"group-id", "security-group-rule-id", "tag-key", NULL};
    struct cloud_texts ids = cloud_query_list(call->query, "SecurityGroupRuleId");
    struct cloud_filters filters;
    struct cloud_page page;
    struct cloud_rule *rules;
    size_t len;
    if (cloud_filters_decode(&filters, call->query, known, err) != ERR_OK ||
        cloud_page_decode(&page, call->query, 5, 1000, ids.len > 0, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_rules_describe(call->op, ids.list, ids.len, &rules, &len, err) != ERR_OK)
        return err->code;
    struct cloud_walk walk = {.page = &page};
    cloud_xml_open(call->xml, "securityGroupRuleSet");
    for (size_t i = 0; i < len && !walk.more; i++)
        if (matches(call, &filters, &rules[i]) && cloud_walk_takes(&walk, rules[i].id))
            cloud_write_rule(call, &rules[i]);
    cloud_xml_close(call->xml);
    cloud_write_next(call, &walk);
    return ERR_OK;
}
