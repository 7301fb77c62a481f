/* ec2_offerings.c - DescribeInstanceTypeOfferings, DescribeAccountAttributes. */
#include "base/str.h"
#include "cloud-manager/api/call.h"
#include "cloud-manager/model/type.h"
#include "cloud-manager/ops/instance.h"
#include "cloud-manager/ops/place_list.h"
#include "cloud-manager/store/account.h"

/* Where types are offered: every type in every zone. */
static enum err_code list_locations(struct cloud_call *call, const char *type,
                                    struct cloud_texts *out, struct err *err)
{
    struct cloud_zone *zones;
    size_t len;
    if (cloud_zones_describe(call->op, CLOUD_DO_DESCRIBE_TYPE_OFFERINGS, &zones, &len, err) !=
        ERR_OK)
        return err->code;
    *out = (struct cloud_texts){
        .list = arena_alloc(call->op->arena, (len + 1) * sizeof *out->list)};
    if (str_eq(type, "region"))
        out->list[out->len++] = call->op->config->region;
    else if (str_eq(type, "availability-zone"))
        for (; out->len < len; out->len++)
            out->list[out->len] = zones[out->len].name;
    else if (str_eq(type, "availability-zone-id"))
        for (; out->len < len; out->len++)
            out->list[out->len] = zones[out->len].id;
    else if (!str_eq(type, "outpost")) /* there are none */
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Value (%.64s) for parameter locationType is invalid", type);
    return ERR_OK;
}

static void write_offering(struct cloud_call *call, const struct cloud_type *type,
                           const char *location_type, const char *location)
{
    cloud_xml_open(call->xml, "item");
    cloud_xml_text(call->xml, "instanceType", type->name);
    cloud_xml_text(call->xml, "locationType", location_type);
    cloud_xml_text(call->xml, "location", location);
    cloud_xml_close(call->xml);
}

static void write_offerings(struct cloud_call *call, const char *location_type,
                            const struct cloud_texts *locations,
                            const struct cloud_filters *filters, const struct cloud_page *page)
{
    struct cloud_walk walk = {.page = page};
    cloud_xml_open(call->xml, "instanceTypeOfferingSet");
    for (size_t n = 0; n < locations->len; n++)
        for (size_t i = 0; cloud_type_at(i) != NULL && !walk.more; i++) {
            const struct cloud_type *type = cloud_type_at(i);
            struct cloud_facts facts = {.arena = call->op->arena};
            const char *key = arena_printf(call->op->arena, "%s/%03zu", locations->list[n], i);
            cloud_facts_add(&facts, "instance-type", type->name);
            cloud_facts_add(&facts, "location", locations->list[n]);
            if (cloud_filters_match(filters, &facts) && cloud_walk_takes(&walk, key))
                write_offering(call, type, location_type, locations->list[n]);
        }
    cloud_xml_close(call->xml);
    cloud_write_next(call, &walk);
}

enum err_code cloud_ec2_describe_type_offerings(struct cloud_call *call, struct err *err)
{
    static const char *const known[] = {"instance-type", "location", NULL};
    const char *type = cloud_query_get(call->query, "LocationType");
    struct cloud_filters filters;
    struct cloud_page page;
    struct cloud_texts locations = {0};
    if (type == NULL)
        type = "region";
    if (cloud_filters_decode(&filters, call->query, known, err) != ERR_OK ||
        cloud_page_decode(&page, call->query, 5, 1000, false, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        list_locations(call, type, &locations, err) != ERR_OK)
        return err->code;
    write_offerings(call, type, &locations, &filters, &page);
    return ERR_OK;
}

/* ---- account attributes -------------------------------------------------------------------- */

struct attribute {
    const char *name, *value;
};
enum { ATTRIBUTES = 6 };

static void list_attributes(struct cloud_call *call, struct attribute out[ATTRIBUTES])
{
    const struct cloud_op *op = call->op;
    struct cloud_usage usage = cloud_usage_get(op->store, op->account);
    struct cloud_vpc vpc;
    int64_t instances = usage.quota_instances >= 0 ? usage.quota_instances
                                                   : op->config->quota_instances;
    bool has_vpc = cloud_vpc_default(op->store, op->arena, op->account, &vpc);
    int64_t most = op->config->pool.len > 0 ? op->config->quota_addresses : 0;
    const char *addresses = arena_printf(op->arena, "%lld", (long long)most);
    out[0] = (struct attribute){"supported-platforms", "VPC"};
    out[1] = (struct attribute){"default-vpc", has_vpc ? vpc.id : "none"};
    out[2] = (struct attribute){"max-instances",
                                arena_printf(op->arena, "%lld", (long long)instances)};
    out[3] = (struct attribute){"vpc-max-security-groups-per-interface",
                                arena_printf(op->arena, "%d", CLOUD_PORT_GROUPS_MAX)};
    out[4] = (struct attribute){"max-elastic-ips", addresses};
    out[5] = (struct attribute){"vpc-max-elastic-ips", addresses};
}

static bool is_asked(const struct cloud_texts *names, const char *name)
{
    for (size_t i = 0; i < names->len; i++)
        if (str_eq(names->list[i], name))
            return true;
    return names->len == 0;
}

static enum err_code check_names(const struct cloud_texts *names,
                                 const struct attribute known[ATTRIBUTES], struct err *err)
{
    for (size_t i = 0; i < names->len; i++) {
        size_t at = 0;
        while (at < ATTRIBUTES && !str_eq(known[at].name, names->list[i]))
            at++;
        if (at == ATTRIBUTES)
            return err_set(err, ERR_INVALID_PARAMETER,
                           "Value (%.64s) for parameter attributeName is invalid", names->list[i]);
    }
    return ERR_OK;
}

enum err_code cloud_ec2_describe_account_attributes(struct cloud_call *call, struct err *err)
{
    struct cloud_texts names = cloud_query_list(call->query, "AttributeName");
    struct attribute attributes[ATTRIBUTES];
    if (cloud_query_done(call->query, err) != ERR_OK ||
        cloud_authorize(call->op, CLOUD_DO_DESCRIBE_ACCOUNT_ATTRIBUTES, err) != ERR_OK)
        return err->code;
    list_attributes(call, attributes);
    if (check_names(&names, attributes, err) != ERR_OK)
        return err->code;
    cloud_xml_open(call->xml, "accountAttributeSet");
    for (size_t i = 0; i < ATTRIBUTES; i++) {
        if (!is_asked(&names, attributes[i].name))
            continue;
        cloud_xml_open(call->xml, "item");
        cloud_xml_text(call->xml, "attributeName", attributes[i].name);
        cloud_xml_open(call->xml, "attributeValueSet");
        cloud_xml_open(call->xml, "item");
        cloud_xml_text(call->xml, "attributeValue", attributes[i].value);
        cloud_xml_close(call->xml);
        cloud_xml_close(call->xml);
        cloud_xml_close(call->xml);
    }
    cloud_xml_close(call->xml);
    return ERR_OK;
}
