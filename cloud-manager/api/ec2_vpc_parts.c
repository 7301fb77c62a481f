/* ec2_vpc_parts.c - what each network has from its start: DescribeRouteTables,
 * DescribeInternetGateways, DescribeNetworkAcls, DescribeDhcpOptions.
 *
 * One of each a network, named after it, and nothing of them can be changed: what is written here
 * is what hosts do with every network (ARCHITECTURE 10). */
#include "cloud-manager/api/call.h"

#include "base/str.h"
#include "cloud-manager/model/address.h"
#include "cloud-manager/ops/network.h"

/* A kind of part, and how EC2 spells it. */
struct part {
    enum cloud_action_id action;
    const char *prefix; /* of its ids */
    const char *ids;    /* parameter */
    const char *set;    /* of the answer */
    int64_t page_most;
    enum err_code missing;
    const char *what; /* in words */
    const char *const *filters;
    void (*add_facts)(struct cloud_call *call, const struct cloud_vpc *vpc, const char *id,
                      struct cloud_facts *f);
    void (*write)(struct cloud_call *call, const struct cloud_vpc *vpc, const char *id);
};

static bool is_asked(const struct cloud_texts *ids, const char *id)
{
    for (size_t i = 0; i < ids->len; i++)
        if (str_eq(ids->list[i], id))
            return true;
    return ids->len == 0;
}

static enum err_code check_ids(struct cloud_call *call, const struct part *part,
                               const struct cloud_texts *ids, const struct cloud_vpc *vpcs,
                               size_t len, struct err *err)
{
    for (size_t i = 0; i < ids->len; i++) {
        size_t at = 0;
        while (at < len &&
               !str_eq(cloud_network_part(call->op, part->prefix, &vpcs[at]), ids->list[i]))
            at++;
        if (at == len)
            return err_set(err, part->missing, "The %s ID '%.64s' does not exist", part->what,
                           ids->list[i]);
    }
    return ERR_OK;
}

static void describe_one(struct cloud_call *call, const struct part *part,
                         const struct cloud_vpc *vpc, const struct cloud_filters *filters,
                         struct cloud_walk *walk)
{
    const char *id = cloud_network_part(call->op, part->prefix, vpc);
    struct cloud_tags tags = cloud_tag_list(call->op->store, call->op->arena, id);
    struct cloud_facts facts = {.arena = call->op->arena};
    part->add_facts(call, vpc, id, &facts);
    cloud_facts_add(&facts, "owner-id", vpc->account);
    cloud_facts_add_tags(&facts, &tags);
    if (!cloud_filters_match(filters, &facts) || !cloud_walk_takes(walk, vpc->id))
        return;
    cloud_xml_open(call->xml, "item");
    part->write(call, vpc, id);
    cloud_xml_text(call->xml, "ownerId", vpc->account);
    cloud_write_tags(call->xml, &tags);
    cloud_xml_close(call->xml);
}

static enum err_code describe(struct cloud_call *call, const struct part *part, struct err *err)
{
    struct cloud_texts ids = cloud_query_list(call->query, part->ids);
    struct cloud_filters filters;
    struct cloud_page page;
    struct cloud_vpc *vpcs;
    size_t len;
    if (cloud_filters_decode(&filters, call->query, part->filters, err) != ERR_OK ||
        cloud_page_decode(&page, call->query, 5, part->page_most, ids.len > 0, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_vpcs_describe(call->op, part->action, NULL, 0, &vpcs, &len, err) != ERR_OK ||
        check_ids(call, part, &ids, vpcs, len, err) != ERR_OK)
        return err->code;
    struct cloud_walk walk = {.page = &page};
    cloud_xml_open(call->xml, part->set);
    for (size_t i = 0; i < len && !walk.more; i++)
        if (is_asked(&ids, cloud_network_part(call->op, part->prefix, &vpcs[i])))
            describe_one(call, part, &vpcs[i], &filters, &walk);
    cloud_xml_close(call->xml);
    cloud_write_next(call, &walk);
    return ERR_OK;
}

/* ---- route tables: the network itself, and out by its gateway ------------------------------ */

static const char *const route_filters[] = {"association.gateway-id",
                                            "association.main",
                                            "association.route-table-association-id",
                                            "association.route-table-id",
                                            "association.subnet-id",
                                            "owner-id",
                                            "route-table-id",
                                            "route.destination-cidr-block",
                                            "route.destination-ipv6-cidr-block",
                                            "route.destination-prefix-list-id",
                                            "route.egress-only-internet-gateway-id",
                                            "route.gateway-id",
                                            "route.instance-id",
                                            "route.nat-gateway-id",
                                            "route.origin",
                                            "route.state",
                                            "route.transit-gateway-id",
                                            "route.vpc-peering-connection-id",
                                            "tag-key",
                                            "vpc-id",
                                            NULL};

struct route {
    const char *to, *by, *origin;
};
enum { ROUTES = 2 };

static void list_routes(struct cloud_call *call, const struct cloud_vpc *vpc,
                        struct route out[ROUTES])
{
    out[0] = (struct route){vpc->cidr, "local", "CreateRouteTable"};
    out[1] = (struct route){"0.0.0.0/0", cloud_network_part(call->op, "igw", vpc), "CreateRoute"};
}

static void add_route_facts(struct cloud_call *call, const struct cloud_vpc *vpc, const char *id,
                            struct cloud_facts *f)
{
    struct route routes[ROUTES];
    list_routes(call, vpc, routes);
    cloud_facts_add(f, "route-table-id", id);
    cloud_facts_add(f, "vpc-id", vpc->id);
    cloud_facts_add(f, "association.main", "true");
    cloud_facts_add(f, "association.route-table-id", id);
    cloud_facts_add(f, "association.route-table-association-id",
                    cloud_network_part(call->op, "rtbassoc", vpc));
    for (size_t i = 0; i < ROUTES; i++) {
        cloud_facts_add(f, "route.destination-cidr-block", routes[i].to);
        cloud_facts_add(f, "route.gateway-id", routes[i].by);
        cloud_facts_add(f, "route.origin", routes[i].origin);
        cloud_facts_add(f, "route.state", "active");
    }
}

static void write_route_table(struct cloud_call *call, const struct cloud_vpc *vpc, const char *id)
{
    struct cloud_xml *x = call->xml;
    struct route routes[ROUTES];
    list_routes(call, vpc, routes);
    cloud_xml_text(x, "routeTableId", id);
    cloud_xml_text(x, "vpcId", vpc->id);
    cloud_xml_open(x, "routeSet");
    for (size_t i = 0; i < ROUTES; i++) {
        cloud_xml_open(x, "item");
        cloud_xml_text(x, "destinationCidrBlock", routes[i].to);
        cloud_xml_text(x, "gatewayId", routes[i].by);
        cloud_xml_text(x, "state", "active");
        cloud_xml_text(x, "origin", routes[i].origin);
        cloud_xml_close(x);
    }
    cloud_xml_close(x);
    cloud_xml_open(x, "associationSet");
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "routeTableAssociationId", cloud_network_part(call->op, "rtbassoc", vpc));
    cloud_xml_text(x, "routeTableId", id);
    cloud_xml_bool(x, "main", true);
    cloud_xml_open(x, "associationState");
    cloud_xml_text(x, "state", "associated");
    cloud_xml_close(x);
    cloud_xml_close(x);
    cloud_xml_close(x);
    cloud_xml_open(x, "propagatingVgwSet");
    cloud_xml_close(x);
}

enum err_code cloud_ec2_describe_route_tables(struct cloud_call *call, struct err *err)
{
    static const struct part part = {.action = CLOUD_DO_DESCRIBE_ROUTE_TABLES,
                                     .prefix = "rtb",
                                     .ids = "RouteTableId",
                                     .set = "routeTableSet",
                                     .page_most = 100,
                                     .missing = ERR_ROUTE_TABLE_NOT_FOUND,
                                     .what = "routeTable",
                                     .filters = route_filters,
                                     .add_facts = add_route_facts,
                                     .write = write_route_table};
    return describe(call, &part, err);
}

/* ---- internet gateways --------------------------------------------------------------------- */

static const char *const gateway_filters[] = {
    "attachment.state", "attachment.vpc-id", "internet-gateway-id", "owner-id", "tag-key", NULL};

static void add_gateway_facts(struct cloud_call *call, const struct cloud_vpc *vpc, const char *id,
                              struct cloud_facts *f)
{
    (void)call;
    cloud_facts_add(f, "internet-gateway-id", id);
    cloud_facts_add(f, "attachment.state", "available");
    cloud_facts_add(f, "attachment.vpc-id", vpc->id);
}

static void write_gateway(struct cloud_call *call, const struct cloud_vpc *vpc, const char *id)
{
    struct cloud_xml *x = call->xml;
    cloud_xml_text(x, "internetGatewayId", id);
    cloud_xml_open(x, "attachmentSet");
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "vpcId", vpc->id);
    cloud_xml_text(x, "state", "available"); /* EC2's word here, whatever its model's enum says */
    cloud_xml_close(x);
    cloud_xml_close(x);
}

enum err_code cloud_ec2_describe_gateways(struct cloud_call *call, struct err *err)
{
    static const struct part part = {.action = CLOUD_DO_DESCRIBE_INTERNET_GATEWAYS,
                                     .prefix = "igw",
                                     .ids = "InternetGatewayId",
                                     .set = "internetGatewaySet",
                                     .page_most = 1000,
                                     .missing = ERR_GATEWAY_NOT_FOUND,
                                     .what = "internetGateway",
                                     .filters = gateway_filters,
                                     .add_facts = add_gateway_facts,
                                     .write = write_gateway};
    return describe(call, &part, err);
}

/* ---- network ACLs: AWS's default one, which lets everything through ------------------------- */

static const char *const acl_filters[] = {"association.association-id",
                                          "association.network-acl-id",
                                          "association.subnet-id",
                                          "default",
                                          "entry.cidr",
                                          "entry.icmp.code",
                                          "entry.icmp.type",
                                          "entry.ipv6-cidr",
                                          "entry.port-range.from",
                                          "entry.port-range.to",
                                          "entry.protocol",
                                          "entry.rule-action",
                                          "entry.egress",
                                          "entry.rule-number",
                                          "network-acl-id",
                                          "owner-id",
                                          "tag-key",
                                          "vpc-id",
                                          NULL};

static const struct {
    const char *number, *action;
    bool egress;
} acl_entries[] = {{"100", "allow", true},
                   {"32767", "deny", true},
                   {"100", "allow", false},
                   {"32767", "deny", false}};
enum { ACL_ENTRIES = sizeof acl_entries / sizeof acl_entries[0] };

/* Calls `each` for every subnet of the network. */
static void each_subnet(struct cloud_call *call, const struct cloud_vpc *vpc, const char *acl,
                        void (*each)(struct cloud_call *call, const char *acl,
                                     const char *association, const char *subnet, void *to),
                        void *to)
{
    size_t len;
    const struct cloud_subnet *subnets = cloud_subnet_list(call->op->store, call->op->arena,
                                                           vpc->account, &len);
    for (size_t i = 0; i < len; i++)
        if (str_eq(subnets[i].vpc, vpc->id))
            each(call, acl,
                 arena_printf(call->op->arena, "aclassoc-%s", subnets[i].id + sizeof "subnet-" - 1),
                 subnets[i].id, to);
}

static void add_association(struct cloud_call *call, const char *acl, const char *association,
                            const char *subnet, void *to)
{
    (void)call;
    cloud_facts_add(to, "association.association-id", association);
    cloud_facts_add(to, "association.network-acl-id", acl);
    cloud_facts_add(to, "association.subnet-id", subnet);
}

static void write_association(struct cloud_call *call, const char *acl, const char *association,
                              const char *subnet, void *to)
{
    (void)to;
    cloud_xml_open(call->xml, "item");
    cloud_xml_text(call->xml, "networkAclAssociationId", association);
    cloud_xml_text(call->xml, "networkAclId", acl);
    cloud_xml_text(call->xml, "subnetId", subnet);
    cloud_xml_close(call->xml);
}

static void add_acl_facts(struct cloud_call *call, const struct cloud_vpc *vpc, const char *id,
                          struct cloud_facts *f)
{
    cloud_facts_add(f, "network-acl-id", id);
    cloud_facts_add(f, "vpc-id", vpc->id);
    cloud_facts_add(f, "default", "true");
    for (size_t i = 0; i < ACL_ENTRIES; i++) {
        cloud_facts_add(f, "entry.cidr", "0.0.0.0/0");
        cloud_facts_add(f, "entry.protocol", "-1");
        cloud_facts_add(f, "entry.rule-action", acl_entries[i].action);
        cloud_facts_add(f, "entry.egress", acl_entries[i].egress ? "true" : "false");
        cloud_facts_add(f, "entry.rule-number", acl_entries[i].number);
    }
    each_subnet(call, vpc, id, add_association, f);
}

static void write_acl(struct cloud_call *call, const struct cloud_vpc *vpc, const char *id)
{
    struct cloud_xml *x = call->xml;
    cloud_xml_text(x, "networkAclId", id);
    cloud_xml_text(x, "vpcId", vpc->id);
    cloud_xml_bool(x, "default", true);
    cloud_xml_open(x, "entrySet");
    for (size_t i = 0; i < ACL_ENTRIES; i++) {
        cloud_xml_open(x, "item");
        cloud_xml_text(x, "ruleNumber", acl_entries[i].number);
        cloud_xml_text(x, "protocol", "-1");
        cloud_xml_text(x, "ruleAction", acl_entries[i].action);
        cloud_xml_bool(x, "egress", acl_entries[i].egress);
        cloud_xml_text(x, "cidrBlock", "0.0.0.0/0");
        cloud_xml_close(x);
    }
    cloud_xml_close(x);
    cloud_xml_open(x, "associationSet");
    each_subnet(call, vpc, id, write_association, NULL);
    cloud_xml_close(x);
}

enum err_code cloud_ec2_describe_acls(struct cloud_call *call, struct err *err)
{
    static const struct part part = {.action = CLOUD_DO_DESCRIBE_NETWORK_ACLS,
                                     .prefix = "acl",
                                     .ids = "NetworkAclId",
                                     .set = "networkAclSet",
                                     .page_most = 1000,
                                     .missing = ERR_ACL_NOT_FOUND,
                                     .what = "networkAcl",
                                     .filters = acl_filters,
                                     .add_facts = add_acl_facts,
                                     .write = write_acl};
    return describe(call, &part, err);
}

/* ---- DHCP options: what guests are given ---------------------------------------------------- */

static const char *const dhcp_filters[] = {"dhcp-options-id", "key",   "owner-id",
                                           "tag-key",         "value", NULL};

struct dhcp_option {
    const char *key, *value;
};
enum { DHCP_OPTIONS = 2 };

static void list_dhcp(struct cloud_call *call, struct dhcp_option out[DHCP_OPTIONS])
{
    out[0] = (struct dhcp_option){
        "domain-name",
        arena_printf(call->op->arena, "%s.compute.internal", call->op->config->region)};
    out[1] = (struct dhcp_option){"domain-name-servers", "AmazonProvidedDNS"};
}

static void add_dhcp_facts(struct cloud_call *call, const struct cloud_vpc *vpc, const char *id,
                           struct cloud_facts *f)
{
    struct dhcp_option options[DHCP_OPTIONS];
    (void)vpc;
    list_dhcp(call, options);
    cloud_facts_add(f, "dhcp-options-id", id);
    for (size_t i = 0; i < DHCP_OPTIONS; i++) {
        cloud_facts_add(f, "key", options[i].key);
        cloud_facts_add(f, "value", options[i].value);
    }
}

static void write_dhcp(struct cloud_call *call, const struct cloud_vpc *vpc, const char *id)
{
    struct cloud_xml *x = call->xml;
    struct dhcp_option options[DHCP_OPTIONS];
    (void)vpc;
    list_dhcp(call, options);
    cloud_xml_text(x, "dhcpOptionsId", id);
    cloud_xml_open(x, "dhcpConfigurationSet");
    for (size_t i = 0; i < DHCP_OPTIONS; i++) {
        cloud_xml_open(x, "item");
        cloud_xml_text(x, "key", options[i].key);
        cloud_xml_open(x, "valueSet");
        cloud_xml_open(x, "item");
        cloud_xml_text(x, "value", options[i].value);
        cloud_xml_close(x);
        cloud_xml_close(x);
        cloud_xml_close(x);
    }
    cloud_xml_close(x);
}

enum err_code cloud_ec2_describe_dhcp_options(struct cloud_call *call, struct err *err)
{
    static const struct part part = {.action = CLOUD_DO_DESCRIBE_DHCP_OPTIONS,
                                     .prefix = "dopt",
                                     .ids = "DhcpOptionsId",
                                     .set = "dhcpOptionsSet",
                                     .page_most = 1000,
                                     .missing = ERR_DHCP_OPTIONS_NOT_FOUND,
                                     .what = "dhcpOption",
                                     .filters = dhcp_filters,
                                     .add_facts = add_dhcp_facts,
                                     .write = write_dhcp};
    return describe(call, &part, err);
}
