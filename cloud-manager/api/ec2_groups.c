/* ec2_groups.c - DescribeSecurityGroups, AuthorizeSecurityGroupIngress, RevokeSecurityGroupIngress.
 */
#include "base/check.h"
#include "base/str.h"
#include "cloud-manager/api/call.h"
#include "cloud-manager/model/address.h"
#include "cloud-manager/ops/group.h"
#include "cloud-manager/store/row.h"

/* ---- decoding rules ----------------------------------------------------------------------- */

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

/* Where the parts of one IpPermissions.N stand; the old flat form has no prefix. */
struct source {
    const char *prefix; /* "IpPermissions.1." or "" */
    struct cloud_match match;
};

static enum err_code decode_match(struct cloud_query *q, struct source *s, struct err *err)
{
    const char *from_name = arena_printf(q->arena, "%sFromPort", s->prefix);
    const char *to_name = arena_printf(q->arena, "%sToPort", s->prefix);
    const char *protocol = cloud_query_getf(q, "%sIpProtocol", s->prefix);
    bool has_from = cloud_query_get(q, from_name) != NULL;
    bool has_to = cloud_query_get(q, to_name) != NULL;
    if (protocol == NULL)
        return err_set(err, ERR_MISSING_PARAMETER,
                       "The request must contain the parameter %sIpProtocol", s->prefix);
    if (cloud_protocol_parse(protocol, &s->match.protocol, err) != ERR_OK ||
        cloud_query_i64(q, from_name, -1, 65535, -1, &s->match.from, err) != ERR_OK ||
        cloud_query_i64(q, to_name, -1, 65535, -1, &s->match.to, err) != ERR_OK)
        return err->code;
    return cloud_match_check(&s->match, has_from, has_to, err);
}

static void add(struct cloud_query *q, struct cloud_permissions *out,
                const struct cloud_permission *p)
{
    out->list = row_grow(q->arena, out->list, out->len, sizeof *out->list);
    out->list[out->len++] = *p;
}

static enum err_code add_cidr(struct cloud_query *q, const struct source *s, const char *cidr,
                              const char *description, struct cloud_permissions *out,
                              struct err *err)
{
    char canonical[CLOUD_CIDR_SIZE];
    int64_t base;
    int prefix;
    if (!cloud_cidr_parse(cidr, &base, &prefix))
        return err_set(err, ERR_INVALID_PARAMETER,
                       "CIDR block %.64s is malformed: an address, a slash and 0 to 32", cidr);
    cloud_cidr_format(canonical, base, prefix);
    add(q, out,
        &(struct cloud_permission){s->match, arena_strdup(q->arena, canonical), "", "",
                                   description});
    return ERR_OK;
}

static enum err_code add_ranges(struct cloud_query *q, const struct source *s, unsigned n,
                                struct cloud_permissions *out, struct err *err)
{
    struct cloud_indices at = cloud_query_indices(
        q, arena_printf(q->arena, "IpPermissions.%u.IpRanges", n));
    for (size_t i = 0; i < at.len; i++) {
        const char *cidr = cloud_query_getf(q, "IpPermissions.%u.IpRanges.%u.CidrIp", n,
                                            at.list[i]);
        const char *description = cloud_query_getf(q, "IpPermissions.%u.IpRanges.%u.Description", n,
                                                   at.list[i]);
        if (add_cidr(q, s, or_empty(cidr), or_empty(description), out, err) != ERR_OK)
            return err->code;
    }
    return ERR_OK;
}

static enum err_code add_peers(struct cloud_call *call, const struct source *s, unsigned n,
                               struct cloud_permissions *out, struct err *err)
{
    struct cloud_query *q = call->query;
    struct cloud_indices at = cloud_query_indices(
        q, arena_printf(q->arena, "IpPermissions.%u.Groups", n));
    for (size_t i = 0; i < at.len; i++) {
        unsigned k = at.list[i];
        const char *id = cloud_query_getf(q, "IpPermissions.%u.Groups.%u.GroupId", n, k);
        const char *name = cloud_query_getf(q, "IpPermissions.%u.Groups.%u.GroupName", n, k);
        const char *owner = cloud_query_getf(q, "IpPermissions.%u.Groups.%u.UserId", n, k);
        const char *description = cloud_query_getf(q, "IpPermissions.%u.Groups.%u.Description", n,
                                                   k);
        if (owner != NULL && !str_eq(owner, call->op->account))
            return err_set(err, ERR_GROUP_NOT_FOUND, "The security group '%.64s' does not exist",
                           or_empty(id));
        if (id == NULL && name == NULL)
            return err_set(err, ERR_MISSING_PARAMETER, "IpPermissions.%u.Groups.%u names no group",
                           n, k);
        add(q, out,
            &(struct cloud_permission){s->match, "", or_empty(id), id != NULL ? "" : name,
                                       or_empty(description)});
    }
    return ERR_OK;
}

static enum err_code decode_permission(struct cloud_call *call, unsigned n,
                                       struct cloud_permissions *out, struct err *err)
{
    struct source s = {.prefix = arena_printf(call->op->arena, "IpPermissions.%u.", n)};
    size_t before = out->len;
    if (decode_match(call->query, &s, err) != ERR_OK ||
        add_ranges(call->query, &s, n, out, err) != ERR_OK ||
        add_peers(call, &s, n, out, err) != ERR_OK)
        return err->code;
    /* Ranges of IPv6 and prefix lists are refused by name later; nothing at all is, here. */
    if (out->len == before && cloud_query_done(call->query, err) == ERR_OK)
        return err_set(err, ERR_MISSING_PARAMETER,
                       "IpPermissions.%u names no address range and no group", n);
    return err->code;
}

/* The flat form: IpProtocol, FromPort, ToPort, CidrIp, SourceSecurityGroupName. */
static enum err_code decode_flat(struct cloud_call *call, struct cloud_permissions *out,
                                 struct err *err)
{
    struct source s = {.prefix = ""};
    const char *cidr = cloud_query_get(call->query, "CidrIp");
    const char *peer = cloud_query_get(call->query, "SourceSecurityGroupName");
    const char *owner = cloud_query_get(call->query, "SourceSecurityGroupOwnerId");
    if (cidr == NULL && peer == NULL)
        return ERR_OK;
    if (owner != NULL && !str_eq(owner, call->op->account))
        return err_set(err, ERR_GROUP_NOT_FOUND, "The security group '%.64s' does not exist",
                       or_empty(peer));
    if (peer != NULL && cidr == NULL && cloud_query_get(call->query, "IpProtocol") == NULL)
        s.match = (struct cloud_match){CLOUD_RULE_EVERY, -1, -1};
    else if (decode_match(call->query, &s, err) != ERR_OK)
        return err->code;
    if (peer != NULL)
        add(call->query, out, &(struct cloud_permission){s.match, "", "", peer, ""});
    return cidr != NULL ? add_cidr(call->query, &s, cidr, "", out, err) : ERR_OK;
}

static enum err_code decode_permissions(struct cloud_call *call, struct cloud_permissions *out,
                                        struct err *err)
{
    struct cloud_indices at = cloud_query_indices(call->query, "IpPermissions");
    *out = (struct cloud_permissions){0};
    for (size_t i = 0; i < at.len; i++)
        if (decode_permission(call, at.list[i], out, err) != ERR_OK)
            return err->code;
    return decode_flat(call, out, err);
}

/* ---- authorize and revoke ----------------------------------------------------------------- */

static void write_rule(struct cloud_call *call, const struct cloud_rule *rule)
{
    struct cloud_xml *x = call->xml;
    struct cloud_tags tags = cloud_tag_list(call->op->store, call->op->arena, rule->id);
    char protocol[CLOUD_PROTOCOL_SIZE];
    cloud_protocol_format(protocol, rule->protocol);
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "securityGroupRuleId", rule->id);
    cloud_xml_text(x, "groupId", rule->grp);
    cloud_xml_text(x, "groupOwnerId", rule->account);
    cloud_xml_bool(x, "isEgress", rule->egress != 0);
    cloud_xml_text(x, "ipProtocol", protocol);
    cloud_xml_i64(x, "fromPort", rule->from_port);
    cloud_xml_i64(x, "toPort", rule->to_port);
    cloud_xml_text_if(x, "cidrIpv4", rule->cidr);
    if (*rule->peer != '\0') {
        cloud_xml_open(x, "referencedGroupInfo");
        cloud_xml_text(x, "groupId", rule->peer);
        cloud_xml_text(x, "userId", rule->account);
        cloud_xml_close(x);
    }
    cloud_xml_text_if(x, "description", rule->description);
    cloud_write_tags(x, &tags);
    cloud_xml_close(x);
}

enum err_code cloud_ec2_authorize_ingress(struct cloud_call *call, struct err *err)
{
    static const char *const types[] = {"security-group-rule", NULL};
    const char *id = or_empty(cloud_query_get(call->query, "GroupId"));
    const char *name = or_empty(cloud_query_get(call->query, "GroupName"));
    struct cloud_permissions permissions;
    struct cloud_tag_specs tags;
    if (decode_permissions(call, &permissions, err) != ERR_OK ||
        cloud_decode_tag_specs(call, types, &tags, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK)
        return err->code;
    if (permissions.len == 0)
        return err_set(err, ERR_MISSING_PARAMETER,
                       "The request must contain the parameter IpPermissions");
    struct cloud_rule *rules = arena_alloc(call->op->arena, permissions.len * sizeof *rules);
    if (cloud_ingress_authorize(call->op, id, name, &permissions, &tags, rules, err) != ERR_OK)
        return err->code;
    cloud_write_done(call->xml);
    cloud_xml_open(call->xml, "securityGroupRuleSet");
    for (size_t i = 0; i < permissions.len; i++)
        write_rule(call, &rules[i]);
    cloud_xml_close(call->xml);
    return ERR_OK;
}

enum err_code cloud_ec2_revoke_ingress(struct cloud_call *call, struct err *err)
{
    const char *id = or_empty(cloud_query_get(call->query, "GroupId"));
    const char *name = or_empty(cloud_query_get(call->query, "GroupName"));
    struct cloud_texts ids = cloud_query_list(call->query, "SecurityGroupRuleId");
    struct cloud_permissions permissions;
    if (decode_permissions(call, &permissions, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK)
        return err->code;
    if (permissions.len + ids.len == 0)
        return err_set(err, ERR_MISSING_PARAMETER,
                       "The request must contain the parameter IpPermissions or "
                       "SecurityGroupRuleId");
    if (cloud_ingress_revoke(call->op, id, name, &permissions, ids.list, ids.len, err) != ERR_OK)
        return err->code;
    cloud_write_done(call->xml);
    return ERR_OK;
}
