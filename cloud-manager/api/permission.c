/* permission.c - decoding rules of security groups, and writing them. */
#include "cloud-manager/api/permission.h"

#include "base/str.h"
#include "cloud-manager/model/address.h"
#include "cloud-manager/store/row.h"

#include <arpa/inet.h>
#include <string.h>

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static enum err_code decode_match(struct cloud_query *q, const char *prefix,
                                  struct cloud_match *out, struct err *err)
{
    const char *from_name = arena_printf(q->arena, "%sFromPort", prefix);
    const char *to_name = arena_printf(q->arena, "%sToPort", prefix);
    const char *protocol = cloud_query_getf(q, "%sIpProtocol", prefix);
    bool has_from = cloud_query_get(q, from_name) != NULL;
    bool has_to = cloud_query_get(q, to_name) != NULL;
    if (protocol == NULL)
        return err_set(err, ERR_MISSING_PARAMETER,
                       "The request must contain the parameter %sIpProtocol", prefix);
    if (cloud_protocol_parse(protocol, &out->protocol, err) != ERR_OK ||
        cloud_query_i64(q, from_name, -1, 65535, -1, &out->from, err) != ERR_OK ||
        cloud_query_i64(q, to_name, -1, 65535, -1, &out->to, err) != ERR_OK)
        return err->code;
    return cloud_match_check(out, has_from, has_to, err);
}

static void add(struct cloud_query *q, struct cloud_permissions *out,
                const struct cloud_permission *p)
{
    out->list = row_grow(q->arena, out->list, out->len, sizeof *out->list);
    out->list[out->len++] = *p;
}

static enum err_code decode_cidr(struct cloud_query *q, const char *text, const char **out,
                                 struct err *err)
{
    char canonical[CLOUD_CIDR_SIZE];
    int64_t base;
    int prefix;
    if (!cloud_cidr_parse(text, &base, &prefix))
        return err_set(err, ERR_INVALID_PARAMETER,
                       "CIDR block %.64s is malformed: an address, a slash and 0 to 32", text);
    cloud_cidr_format(canonical, base, prefix);
    *out = arena_strdup(q->arena, canonical);
    return ERR_OK;
}

/* ---- IpPermissions.N ---------------------------------------------------------------------- */

/* One of them, as far as it is read. */
struct source {
    unsigned n;
    struct cloud_match match;
    struct cloud_permissions *out;
};

static struct cloud_indices ends_of(struct cloud_query *q, unsigned n, const char *kind)
{
    return cloud_query_indices(q, arena_printf(q->arena, "IpPermissions.%u.%s", n, kind));
}

static enum err_code add_ranges(struct cloud_query *q, const struct source *s, struct err *err)
{
    struct cloud_indices at = ends_of(q, s->n, "IpRanges");
    for (size_t i = 0; i < at.len; i++) {
        struct cloud_permission p = {.match = s->match, .peer = "", .peer_name = ""};
        const char *cidr = cloud_query_getf(q, "IpPermissions.%u.IpRanges.%u.CidrIp", s->n,
                                            at.list[i]);
        p.description = or_empty(
            cloud_query_getf(q, "IpPermissions.%u.IpRanges.%u.Description", s->n, at.list[i]));
        if (decode_cidr(q, or_empty(cidr), &p.cidr, err) != ERR_OK)
            return err->code;
        add(q, s->out, &p);
    }
    return ERR_OK;
}

static enum err_code check_owner(const struct cloud_call *call, const char *owner,
                                 const char *group, struct err *err)
{
    if (owner != NULL && !str_eq(owner, call->op->account))
        return err_set(err, ERR_GROUP_NOT_FOUND, "The security group '%.64s' does not exist",
                       group);
    return ERR_OK;
}

static enum err_code add_peers(struct cloud_call *call, const struct source *s, struct err *err)
{
    struct cloud_query *q = call->query;
    struct cloud_indices at = ends_of(q, s->n, "Groups");
    for (size_t i = 0; i < at.len; i++) {
        unsigned k = at.list[i];
        const char *id = cloud_query_getf(q, "IpPermissions.%u.Groups.%u.GroupId", s->n, k);
        const char *name = cloud_query_getf(q, "IpPermissions.%u.Groups.%u.GroupName", s->n, k);
        const char *owner = cloud_query_getf(q, "IpPermissions.%u.Groups.%u.UserId", s->n, k);
        const char *description = cloud_query_getf(q, "IpPermissions.%u.Groups.%u.Description",
                                                   s->n, k);
        if (check_owner(call, owner, id != NULL ? id : or_empty(name), err) != ERR_OK)
            return err->code;
        if (id == NULL && name == NULL)
            return err_set(err, ERR_MISSING_PARAMETER, "IpPermissions.%u.Groups.%u names no group",
                           s->n, k);
        add(q, s->out,
            &(struct cloud_permission){s->match, "", or_empty(id), id != NULL ? "" : name,
                                       or_empty(description)});
    }
    return ERR_OK;
}

static enum err_code pass_ipv6(struct cloud_query *q, const struct source *s, struct err *err)
{
    struct cloud_indices at = ends_of(q, s->n, "Ipv6Ranges");
    for (size_t i = 0; i < at.len; i++) {
        char address[INET6_ADDRSTRLEN];
        struct in6_addr bytes;
        int64_t prefix;
        const char *cidr = or_empty(
            cloud_query_getf(q, "IpPermissions.%u.Ipv6Ranges.%u.CidrIpv6", s->n, at.list[i]));
        const char *slash = strchr(cidr, '/');
        cloud_query_getf(q, "IpPermissions.%u.Ipv6Ranges.%u.Description", s->n, at.list[i]);
        if (slash == NULL || (size_t)(slash - cidr) >= sizeof address ||
            !str_parse_i64(slash + 1, 0, 128, &prefix))
            return err_set(err, ERR_INVALID_PARAMETER, "CIDR block %.64s is malformed", cidr);
        memcpy(address, cidr, (size_t)(slash - cidr));
        address[slash - cidr] = '\0';
        if (inet_pton(AF_INET6, address, &bytes) != 1)
            return err_set(err, ERR_INVALID_PARAMETER, "CIDR block %.64s is malformed", cidr);
    }
    s->out->absent += at.len;
    return ERR_OK;
}

static void pass_lists(struct cloud_query *q, const struct source *s)
{
    struct cloud_indices at = ends_of(q, s->n, "PrefixListIds");
    for (size_t i = 0; i < at.len; i++) {
        cloud_query_getf(q, "IpPermissions.%u.PrefixListIds.%u.PrefixListId", s->n, at.list[i]);
        cloud_query_getf(q, "IpPermissions.%u.PrefixListIds.%u.Description", s->n, at.list[i]);
    }
    s->out->absent += at.len;
}

static enum err_code decode_ends(struct cloud_call *call, const struct source *s,
                                 enum cloud_unbuilt_ends unbuilt, struct err *err)
{
    if (add_ranges(call->query, s, err) != ERR_OK || add_peers(call, s, err) != ERR_OK)
        return err->code;
    if (unbuilt == CLOUD_ENDS_REFUSED)
        return ERR_OK; /* left unread, and so refused by name */
    pass_lists(call->query, s);
    return pass_ipv6(call->query, s, err);
}

static enum err_code decode_permission(struct cloud_call *call, unsigned n,
                                       enum cloud_unbuilt_ends unbuilt,
                                       struct cloud_permissions *out, struct err *err)
{
    struct source s = {.n = n, .out = out};
    const char *prefix = arena_printf(call->op->arena, "IpPermissions.%u.", n);
    size_t before = out->len + out->absent;
    if (decode_match(call->query, prefix, &s.match, err) != ERR_OK ||
        decode_ends(call, &s, unbuilt, err) != ERR_OK)
        return err->code;
    /* What is refused by name goes before "there is none". */
    if (out->len + out->absent == before && cloud_query_done(call->query, err) == ERR_OK)
        return err_set(err, ERR_MISSING_PARAMETER,
                       "IpPermissions.%u names no address range and no group", n);
    return out->len + out->absent == before ? err->code : ERR_OK;
}

enum err_code cloud_decode_permissions(struct cloud_call *call, enum cloud_unbuilt_ends unbuilt,
                                       struct cloud_permissions *out, struct err *err)
{
    struct cloud_indices at = cloud_query_indices(call->query, "IpPermissions");
    *out = (struct cloud_permissions){0};
    for (size_t i = 0; i < at.len; i++)
        if (decode_permission(call, at.list[i], unbuilt, out, err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

/* ---- the flat forms ----------------------------------------------------------------------- */

enum err_code cloud_decode_flat_permission(struct cloud_call *call, struct cloud_permissions *out,
                                           struct err *err)
{
    struct cloud_query *q = call->query;
    struct cloud_match match = {CLOUD_RULE_EVERY, -1, -1};
    const char *cidr = cloud_query_get(q, "CidrIp");
    const char *peer = cloud_query_get(q, "SourceSecurityGroupName");
    const char *owner = cloud_query_get(q, "SourceSecurityGroupOwnerId");
    if (cidr == NULL && peer == NULL)
        return ERR_OK;
    if (check_owner(call, owner, or_empty(peer), err) != ERR_OK)
        return err->code;
    /* A group alone: everything from it. */
    bool is_bare = cidr == NULL && cloud_query_get(q, "IpProtocol") == NULL;
    if (!is_bare && decode_match(q, "", &match, err) != ERR_OK)
        return err->code;
    if (peer != NULL)
        add(q, out, &(struct cloud_permission){match, "", "", peer, ""});
    if (cidr == NULL)
        return ERR_OK;
    struct cloud_permission p = {.match = match, .peer = "", .peer_name = "", .description = ""};
    if (decode_cidr(q, cidr, &p.cidr, err) != ERR_OK)
        return err->code;
    add(q, out, &p);
    return ERR_OK;
}

enum err_code cloud_decode_rule(struct cloud_call *call, const char *prefix,
                                struct cloud_permission *out, struct err *err)
{
    struct cloud_query *q = call->query;
    const char *cidr = cloud_query_getf(q, "%sCidrIpv4", prefix);
    const char *peer = cloud_query_getf(q, "%sReferencedGroupId", prefix);
    *out = (struct cloud_permission){
        .cidr = "",
        .peer = or_empty(peer),
        .peer_name = "",
        .description = or_empty(cloud_query_getf(q, "%sDescription", prefix))};
    if (decode_match(q, prefix, &out->match, err) != ERR_OK)
        return err->code;
    if (cidr != NULL && peer != NULL)
        return err_set(err, ERR_PARAMETER_COMBINATION,
                       "%sCidrIpv4 and %sReferencedGroupId cannot both be given", prefix, prefix);
    if (cidr == NULL && peer == NULL)
        return cloud_query_done(q, err) != ERR_OK
                   ? err->code
                   : err_set(err, ERR_MISSING_PARAMETER,
                             "The request must contain the parameter %sCidrIpv4 or "
                             "%sReferencedGroupId",
                             prefix, prefix);
    return cidr != NULL ? decode_cidr(q, cidr, &out->cidr, err) : ERR_OK;
}

/* ---- writing ------------------------------------------------------------------------------ */

void cloud_write_rule(struct cloud_call *call, const struct cloud_rule *rule)
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
