/* ec2_group_list.c - DescribeSecurityGroups. */
#include "base/str.h"
#include "cloud-manager/api/call.h"
#include "cloud-manager/model/rule.h"
#include "cloud-manager/ops/group.h"

/* IPv6 and prefix lists are known names that match nothing yet. */
static const char *const filter_names[] = {"description",
                                           "egress.ip-permission.cidr",
                                           "egress.ip-permission.from-port",
                                           "egress.ip-permission.group-id",
                                           "egress.ip-permission.group-name",
                                           "egress.ip-permission.ipv6-cidr",
                                           "egress.ip-permission.prefix-list-id",
                                           "egress.ip-permission.protocol",
                                           "egress.ip-permission.to-port",
                                           "egress.ip-permission.user-id",
                                           "group-id",
                                           "group-name",
                                           "ip-permission.cidr",
                                           "ip-permission.from-port",
                                           "ip-permission.group-id",
                                           "ip-permission.group-name",
                                           "ip-permission.ipv6-cidr",
                                           "ip-permission.prefix-list-id",
                                           "ip-permission.protocol",
                                           "ip-permission.to-port",
                                           "ip-permission.user-id",
                                           "owner-id",
                                           "tag-key",
                                           "vpc-id",
                                           NULL};

static const char *protocol_of(struct cloud_call *call, const struct cloud_rule *rule)
{
    char text[CLOUD_PROTOCOL_SIZE];
    cloud_protocol_format(text, rule->protocol);
    return arena_strdup(call->op->arena, text);
}

/* "egress.ip-permission.cidr" or "ip-permission.cidr" */
static const char *fact_name(struct cloud_call *call, const struct cloud_rule *rule,
                             const char *what)
{
    return arena_printf(call->op->arena, "%sip-permission.%s", rule->egress ? "egress." : "", what);
}

static void add_peer(struct cloud_call *call, const struct cloud_rule *rule, struct cloud_facts *f)
{
    struct cloud_group peer;
    cloud_facts_add(f, fact_name(call, rule, "group-id"), rule->peer);
    cloud_facts_add(f, fact_name(call, rule, "user-id"), rule->account);
    if (cloud_group_get(call->op->store, call->op->arena, rule->account, rule->peer, &peer))
        cloud_facts_add(f, fact_name(call, rule, "group-name"), peer.name);
}

static void add_rule(struct cloud_call *call, const struct cloud_rule *rule, struct cloud_facts *f)
{
    cloud_facts_add(f, fact_name(call, rule, "protocol"), protocol_of(call, rule));
    if (*rule->cidr != '\0')
        cloud_facts_add(f, fact_name(call, rule, "cidr"), rule->cidr);
    if (*rule->peer != '\0')
        add_peer(call, rule, f);
    if (!cloud_protocol_has_ports(rule->protocol))
        return;
    cloud_facts_add_i64(f, fact_name(call, rule, "from-port"), rule->from_port);
    cloud_facts_add_i64(f, fact_name(call, rule, "to-port"), rule->to_port);
}

static void add_facts(struct cloud_call *call, const struct cloud_group *group,
                      const struct cloud_rule *rules, size_t len, const struct cloud_tags *tags,
                      struct cloud_facts *f)
{
    cloud_facts_add(f, "description", group->description);
    cloud_facts_add(f, "group-id", group->id);
    cloud_facts_add(f, "group-name", group->name);
    cloud_facts_add(f, "owner-id", group->account);
    cloud_facts_add(f, "vpc-id", group->vpc);
    for (size_t i = 0; i < len; i++)
        add_rule(call, &rules[i], f);
    cloud_facts_add_tags(f, tags);
}

static bool is_same_match(const struct cloud_rule *a, const struct cloud_rule *b)
{
    return a->egress == b->egress && a->protocol == b->protocol && a->from_port == b->from_port &&
           a->to_port == b->to_port;
}

static void write_sources(struct cloud_xml *x, const struct cloud_rule *rules, size_t len,
                          bool of_groups)
{
    cloud_xml_open(x, of_groups ? "groups" : "ipRanges");
    for (size_t i = 0; i < len; i++) {
        if ((*rules[i].peer != '\0') != of_groups)
            continue;
        cloud_xml_open(x, "item");
        if (of_groups) {
            cloud_xml_text(x, "userId", rules[i].account);
            cloud_xml_text(x, "groupId", rules[i].peer);
        } else {
            cloud_xml_text(x, "cidrIp", rules[i].cidr);
        }
        cloud_xml_text_if(x, "description", rules[i].description);
        cloud_xml_close(x);
    }
    cloud_xml_close(x);
}

/* Rules of one protocol and range of ports are one permission with several sources; the store
 * gives them side by side. */
static void write_permissions(struct cloud_call *call, const char *name,
                              const struct cloud_rule *rules, size_t len, bool egress)
{
    struct cloud_xml *x = call->xml;
    cloud_xml_open(x, name);
    for (size_t at = 0, n; at < len; at += n) {
        for (n = 1; at + n < len && is_same_match(&rules[at], &rules[at + n]);)
            n++;
        if ((rules[at].egress != 0) != egress)
            continue;
        cloud_xml_open(x, "item");
        cloud_xml_text(x, "ipProtocol", protocol_of(call, &rules[at]));
        if (cloud_protocol_has_ports(rules[at].protocol)) {
            cloud_xml_i64(x, "fromPort", rules[at].from_port);
            cloud_xml_i64(x, "toPort", rules[at].to_port);
        }
        write_sources(x, rules + at, n, true);
        write_sources(x, rules + at, n, false);
        cloud_xml_open(x, "ipv6Ranges");
        cloud_xml_close(x);
        cloud_xml_open(x, "prefixListIds");
        cloud_xml_close(x);
        cloud_xml_close(x);
    }
    cloud_xml_close(x);
}

static void write_group(struct cloud_call *call, const struct cloud_group *group,
                        const struct cloud_rule *rules, size_t len, const struct cloud_tags *tags)
{
    struct cloud_xml *x = call->xml;
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "ownerId", group->account);
    cloud_xml_text(x, "groupId", group->id);
    cloud_xml_text(x, "groupName", group->name);
    cloud_xml_text(x, "groupDescription", group->description);
    cloud_xml_text(x, "vpcId", group->vpc);
    write_permissions(call, "ipPermissions", rules, len, false);
    write_permissions(call, "ipPermissionsEgress", rules, len, true);
    cloud_write_tags(x, tags);
    cloud_xml_close(x);
}

enum err_code cloud_ec2_describe_groups(struct cloud_call *call, struct err *err)
{
    struct cloud_texts ids = cloud_query_list(call->query, "GroupId");
    struct cloud_texts names = cloud_query_list(call->query, "GroupName");
    struct cloud_filters filters;
    struct cloud_page page;
    struct cloud_group *groups;
    size_t len;
    if (cloud_filters_decode(&filters, call->query, filter_names, err) != ERR_OK ||
        cloud_page_decode(&page, call->query, 5, 1000, ids.len > 0, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_groups_describe(call->op, ids.list, ids.len, names.list, names.len, &groups, &len,
                              err) != ERR_OK)
        return err->code;
    struct cloud_walk walk = {.page = &page};
    struct cloud_op *op = call->op;
    cloud_xml_open(call->xml, "securityGroupInfo");
    for (size_t i = 0; i < len && !walk.more; i++) {
        size_t rules_len;
        const struct cloud_rule *rules = cloud_rule_list(op->store, op->arena, groups[i].id,
                                                         &rules_len);
        struct cloud_tags tags = cloud_tag_list(op->store, op->arena, groups[i].id);
        struct cloud_facts facts = {.arena = op->arena};
        add_facts(call, &groups[i], rules, rules_len, &tags, &facts);
        if (cloud_filters_match(&filters, &facts) && cloud_walk_takes(&walk, groups[i].id))
            write_group(call, &groups[i], rules, rules_len, &tags);
    }
    cloud_xml_close(call->xml);
    cloud_write_next(call, &walk);
    return ERR_OK;
}
