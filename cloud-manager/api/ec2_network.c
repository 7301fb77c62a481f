/* ec2_network.c - DescribeVpcs, DescribeVpcAttribute, DescribeSubnets. */
#include "base/str.h"
#include "cloud-manager/api/call.h"
#include "cloud-manager/model/address.h"
#include "cloud-manager/ops/network.h"

static const char *const vpc_filters[] = {"cidr",
                                          "cidr-block-association.association-id",
                                          "cidr-block-association.cidr-block",
                                          "cidr-block-association.state",
                                          "dhcp-options-id",
                                          "ipv6-cidr-block-association.association-id",
                                          "ipv6-cidr-block-association.ipv6-cidr-block",
                                          "ipv6-cidr-block-association.ipv6-pool",
                                          "ipv6-cidr-block-association.state",
                                          "is-default",
                                          "isDefault",
                                          "owner-id",
                                          "state",
                                          "tag-key",
                                          "vpc-id",
                                          NULL};

/* The association of the one range that a network has, named after the network. */
static const char *association(const struct cloud_op *op, const struct cloud_vpc *vpc)
{
    return arena_printf(op->arena, "vpc-cidr-assoc-%s", vpc->id + sizeof "vpc-" - 1);
}

static const char *truth(int64_t flag)
{
    return flag != 0 ? "true" : "false";
}

static void add_vpc_facts(struct cloud_call *call, const struct cloud_vpc *vpc,
                          const struct cloud_tags *tags, struct cloud_facts *f)
{
    cloud_facts_add(f, "cidr", vpc->cidr);
    cloud_facts_add(f, "cidr-block-association.cidr-block", vpc->cidr);
    cloud_facts_add(f, "cidr-block-association.association-id", association(call->op, vpc));
    cloud_facts_add(f, "cidr-block-association.state", "associated");
    cloud_facts_add(f, "dhcp-options-id", vpc->dhcp_options);
    cloud_facts_add(f, "is-default", truth(vpc->is_default));
    cloud_facts_add(f, "isDefault", truth(vpc->is_default));
    cloud_facts_add(f, "owner-id", vpc->account);
    cloud_facts_add(f, "state", "available");
    cloud_facts_add(f, "vpc-id", vpc->id);
    cloud_facts_add_tags(f, tags);
}

static void write_vpc(struct cloud_call *call, const struct cloud_vpc *vpc,
                      const struct cloud_tags *tags)
{
    struct cloud_xml *x = call->xml;
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "vpcId", vpc->id);
    cloud_xml_text(x, "ownerId", vpc->account);
    cloud_xml_text(x, "state", "available");
    cloud_xml_text(x, "cidrBlock", vpc->cidr);
    cloud_xml_open(x, "cidrBlockAssociationSet");
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "cidrBlock", vpc->cidr);
    cloud_xml_text(x, "associationId", association(call->op, vpc));
    cloud_xml_open(x, "cidrBlockState");
    cloud_xml_text(x, "state", "associated");
    cloud_xml_close(x);
    cloud_xml_close(x);
    cloud_xml_close(x);
    cloud_xml_text(x, "dhcpOptionsId", vpc->dhcp_options);
    cloud_xml_text(x, "instanceTenancy", "default");
    cloud_xml_bool(x, "isDefault", vpc->is_default != 0);
    cloud_write_tags(x, tags);
    cloud_xml_close(x);
}

enum err_code cloud_ec2_describe_vpcs(struct cloud_call *call, struct err *err)
{
    struct cloud_texts ids = cloud_query_list(call->query, "VpcId");
    struct cloud_filters filters;
    struct cloud_page page;
    struct cloud_vpc *vpcs;
    size_t len;
    if (cloud_filters_decode(&filters, call->query, vpc_filters, err) != ERR_OK ||
        cloud_page_decode(&page, call->query, 5, 1000, ids.len > 0, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_vpcs_describe(call->op, CLOUD_DO_DESCRIBE_VPCS, ids.list, ids.len, &vpcs, &len,
                            err) != ERR_OK)
        return err->code;
    struct cloud_walk walk = {.page = &page};
    cloud_xml_open(call->xml, "vpcSet");
    for (size_t i = 0; i < len && !walk.more; i++) {
        struct cloud_tags tags = cloud_tag_list(call->op->store, call->op->arena, vpcs[i].id);
        struct cloud_facts facts = {.arena = call->op->arena};
        add_vpc_facts(call, &vpcs[i], &tags, &facts);
        if (cloud_filters_match(&filters, &facts) && cloud_walk_takes(&walk, vpcs[i].id))
            write_vpc(call, &vpcs[i], &tags);
    }
    cloud_xml_close(call->xml);
    cloud_write_next(call, &walk);
    return ERR_OK;
}

/* Guests find a resolver and their own names in it; public names are not given. */
static const struct {
    const char *name;
    bool value;
} vpc_attributes[] = {
    {"enableDnsSupport", true},
    {"enableDnsHostnames", false},
    {"enableNetworkAddressUsageMetrics", false},
};
enum { VPC_ATTRIBUTES = sizeof vpc_attributes / sizeof vpc_attributes[0] };

enum err_code cloud_ec2_describe_vpc_attribute(struct cloud_call *call, struct err *err)
{
    const char *id, *name;
    struct cloud_vpc *vpcs;
    size_t len, at = 0;
    if (cloud_query_need(call->query, "VpcId", &id, err) != ERR_OK ||
        cloud_query_need(call->query, "Attribute", &name, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_vpcs_describe(call->op, CLOUD_DO_DESCRIBE_VPC_ATTRIBUTE, &id, 1, &vpcs, &len, err) !=
            ERR_OK)
        return err->code;
    while (at < VPC_ATTRIBUTES && !str_eq(vpc_attributes[at].name, name))
        at++;
    if (at == VPC_ATTRIBUTES)
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Value (%.64s) for parameter attribute is invalid", name);
    cloud_xml_text(call->xml, "vpcId", id);
    cloud_xml_open(call->xml, name);
    cloud_xml_bool(call->xml, "value", vpc_attributes[at].value);
    cloud_xml_close(call->xml);
    return ERR_OK;
}

/* ---- subnets ------------------------------------------------------------------------------ */

static const char *const subnet_filters[] = {
    "availability-zone",
    "availability-zone-id",
    "availabilityZone",
    "availabilityZoneId",
    "available-ip-address-count",
    "cidr",
    "cidr-block",
    "cidrBlock",
    "customer-owned-ipv4-pool",
    "default-for-az",
    "defaultForAz",
    "enable-dns64",
    "ipv6-cidr-block-association.association-id",
    "ipv6-cidr-block-association.ipv6-cidr-block",
    "ipv6-cidr-block-association.state",
    "ipv6-native",
    "map-customer-owned-ip-on-launch",
    "map-public-ip-on-launch",
    "outpost-arn",
    "owner-id",
    "private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
    "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
    "private-dns-name-options-on-launch.hostname-type",
    "state",
    "subnet-arn",
    "subnet-id",
    "tag-key",
    "vpc-id",
    NULL};

static const char *cidr_of(const struct cloud_op *op, const struct cloud_subnet *subnet)
{
    char text[CLOUD_CIDR_SIZE];
    cloud_cidr_format(text, subnet->base, (int)subnet->prefix);
    return arena_strdup(op->arena, text);
}

static int64_t free_of(const struct cloud_subnet *subnet)
{
    return cloud_subnet_room((int)subnet->prefix) - subnet->used;
}

/* As ops/instance_run.c decides. */
static bool maps_public(const struct cloud_call *call, const struct cloud_subnet *s)
{
    return s->is_default && call->op->config->pool.len > 0;
}

static void add_subnet_facts(struct cloud_call *call, const struct cloud_subnet *s,
                             const struct cloud_tags *tags, struct cloud_facts *f)
{
    cloud_facts_add(f, "availability-zone", cloud_zone_name(call->op, s->letter));
    cloud_facts_add(f, "availabilityZone", cloud_zone_name(call->op, s->letter));
    cloud_facts_add(f, "availability-zone-id", cloud_zone_id(call->op, s->letter));
    cloud_facts_add(f, "availabilityZoneId", cloud_zone_id(call->op, s->letter));
    cloud_facts_add_i64(f, "available-ip-address-count", free_of(s));
    cloud_facts_add(f, "cidr", cidr_of(call->op, s));
    cloud_facts_add(f, "cidr-block", cidr_of(call->op, s));
    cloud_facts_add(f, "cidrBlock", cidr_of(call->op, s));
    cloud_facts_add(f, "default-for-az", truth(s->is_default));
    cloud_facts_add(f, "defaultForAz", truth(s->is_default));
    cloud_facts_add(f, "enable-dns64", "false");
    cloud_facts_add(f, "ipv6-native", "false");
    cloud_facts_add(f, "map-customer-owned-ip-on-launch", "false");
    cloud_facts_add(f, "map-public-ip-on-launch", truth(maps_public(call, s)));
    cloud_facts_add(f, "private-dns-name-options-on-launch.hostname-type", "ip-name");
    cloud_facts_add(f, "private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
                    "false");
    cloud_facts_add(f, "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
                    "false");
    cloud_facts_add(f, "owner-id", s->account);
    cloud_facts_add(f, "state", "available");
    cloud_facts_add(f, "subnet-arn", cloud_text_arn(call->op, "subnet", s->id));
    cloud_facts_add(f, "subnet-id", s->id);
    cloud_facts_add(f, "vpc-id", s->vpc);
    cloud_facts_add_tags(f, tags);
}

static void write_subnet(struct cloud_call *call, const struct cloud_subnet *s,
                         const struct cloud_tags *tags)
{
    struct cloud_xml *x = call->xml;
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "subnetId", s->id);
    cloud_xml_text(x, "subnetArn", cloud_text_arn(call->op, "subnet", s->id));
    cloud_xml_text(x, "state", "available");
    cloud_xml_text(x, "ownerId", s->account);
    cloud_xml_text(x, "vpcId", s->vpc);
    cloud_xml_text(x, "cidrBlock", cidr_of(call->op, s));
    cloud_xml_open(x, "ipv6CidrBlockAssociationSet");
    cloud_xml_close(x);
    cloud_xml_i64(x, "availableIpAddressCount", free_of(s));
    cloud_xml_text(x, "availabilityZone", cloud_zone_name(call->op, s->letter));
    cloud_xml_text(x, "availabilityZoneId", cloud_zone_id(call->op, s->letter));
    cloud_xml_bool(x, "defaultForAz", s->is_default != 0);
    cloud_xml_bool(x, "mapPublicIpOnLaunch", maps_public(call, s));
    cloud_xml_bool(x, "mapCustomerOwnedIpOnLaunch", false);
    cloud_xml_bool(x, "assignIpv6AddressOnCreation", false);
    cloud_xml_bool(x, "enableDns64", false);
    cloud_xml_bool(x, "ipv6Native", false);
    cloud_xml_open(x, "privateDnsNameOptionsOnLaunch");
    cloud_xml_text(x, "hostnameType", "ip-name");
    cloud_xml_bool(x, "enableResourceNameDnsARecord", false);
    cloud_xml_bool(x, "enableResourceNameDnsAAAARecord", false);
    cloud_xml_close(x);
    cloud_write_tags(x, tags);
    cloud_xml_close(x);
}

enum err_code cloud_ec2_describe_subnets(struct cloud_call *call, struct err *err)
{
    struct cloud_texts ids = cloud_query_list(call->query, "SubnetId");
    struct cloud_filters filters;
    struct cloud_page page;
    struct cloud_subnet *subnets;
    size_t len;
    if (cloud_filters_decode(&filters, call->query, subnet_filters, err) != ERR_OK ||
        cloud_page_decode(&page, call->query, 5, 1000, ids.len > 0, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_subnets_describe(call->op, ids.list, ids.len, &subnets, &len, err) != ERR_OK)
        return err->code;
    struct cloud_walk walk = {.page = &page};
    cloud_xml_open(call->xml, "subnetSet");
    for (size_t i = 0; i < len && !walk.more; i++) {
        struct cloud_tags tags = cloud_tag_list(call->op->store, call->op->arena, subnets[i].id);
        struct cloud_facts facts = {.arena = call->op->arena};
        const char *key = arena_printf(call->op->arena, "%s/%s", subnets[i].letter, subnets[i].id);
        add_subnet_facts(call, &subnets[i], &tags, &facts);
        if (cloud_filters_match(&filters, &facts) && cloud_walk_takes(&walk, key))
            write_subnet(call, &subnets[i], &tags);
    }
    cloud_xml_close(call->xml);
    cloud_write_next(call, &walk);
    return ERR_OK;
}
