/* ec2_addresses.c - public addresses: AllocateAddress and its kin. */
#include "base/str.h"
#include "cloud-manager/api/ec2_instance.h"

static const char *text_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

const char *cloud_text_owner(const struct cloud_instance_view *view)
{
    return *view->address.allocation != '\0' ? view->address.account : "amazon";
}

void cloud_write_association(struct cloud_call *call, const struct cloud_instance_view *v,
                             enum cloud_association_ids ids)
{
    struct cloud_xml *x = call->xml;
    if (!v->has_address)
        return;
    cloud_xml_open(x, "association");
    cloud_xml_text(x, "publicIp", cloud_text_address(call->op, v->address.address));
    cloud_xml_text(x, "publicDnsName", cloud_text_public_name(call->op, v->address.address));
    cloud_xml_text(x, "ipOwnerId", cloud_text_owner(v));
    if (ids == CLOUD_ASSOCIATION_IDS) {
        cloud_xml_text_if(x, "allocationId", v->address.allocation);
        cloud_xml_text_if(x, "associationId", v->address.association);
    }
    cloud_xml_close(x);
}

/* ---- changing ------------------------------------------------------------------------------ */

enum err_code cloud_ec2_allocate_address(struct cloud_call *call, struct err *err)
{
    static const char *const types[] = {"elastic-ip", NULL};
    struct cloud_tag_specs tags;
    struct cloud_public row;
    cloud_query_accept(call->query, "Domain", "vpc");
    cloud_query_accept(call->query, "PublicIpv4Pool", "amazon");
    cloud_query_accept(call->query, "NetworkBorderGroup", call->op->config->region);
    if (cloud_decode_tag_specs(call, types, &tags, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_address_allocate(call->op, &tags, &row, err) != ERR_OK)
        return err->code;
    cloud_xml_text(call->xml, "publicIp", cloud_text_address(call->op, row.address));
    cloud_xml_text(call->xml, "allocationId", row.allocation);
    cloud_xml_text(call->xml, "publicIpv4Pool", "amazon");
    cloud_xml_text(call->xml, "networkBorderGroup", call->op->config->region);
    cloud_xml_text(call->xml, "domain", "vpc");
    return ERR_OK;
}

enum err_code cloud_ec2_associate_address(struct cloud_call *call, struct err *err)
{
    struct cloud_query *q = call->query;
    const char *association;
    struct cloud_associate ask = {
        .address = {.allocation = text_or_empty(cloud_query_get(q, "AllocationId")),
                    .association = "",
                    .address = text_or_empty(cloud_query_get(q, "PublicIp"))},
        .instance = text_or_empty(cloud_query_get(q, "InstanceId")),
        .port = text_or_empty(cloud_query_get(q, "NetworkInterfaceId")),
        .private_address = text_or_empty(cloud_query_get(q, "PrivateIpAddress"))};
    if (cloud_query_bool(q, "AllowReassociation", false, &ask.may_move, err) != ERR_OK ||
        cloud_query_done(q, err) != ERR_OK ||
        cloud_address_associate(call->op, &ask, &association, err) != ERR_OK)
        return err->code;
    cloud_write_done(call->xml);
    cloud_xml_text(call->xml, "associationId", association);
    return ERR_OK;
}

enum err_code cloud_ec2_disassociate_address(struct cloud_call *call, struct err *err)
{
    struct cloud_address_name name = {
        .allocation = "",
        .association = text_or_empty(cloud_query_get(call->query, "AssociationId")),
        .address = text_or_empty(cloud_query_get(call->query, "PublicIp"))};
    if (cloud_query_done(call->query, err) != ERR_OK ||
        cloud_address_disassociate(call->op, &name, err) != ERR_OK)
        return err->code;
    cloud_write_done(call->xml);
    return ERR_OK;
}

enum err_code cloud_ec2_release_address(struct cloud_call *call, struct err *err)
{
    struct cloud_address_name name = {
        .allocation = text_or_empty(cloud_query_get(call->query, "AllocationId")),
        .association = "",
        .address = text_or_empty(cloud_query_get(call->query, "PublicIp"))};
    cloud_query_accept(call->query, "NetworkBorderGroup", call->op->config->region);
    if (cloud_query_done(call->query, err) != ERR_OK ||
        cloud_address_release(call->op, &name, err) != ERR_OK)
        return err->code;
    cloud_write_done(call->xml);
    return ERR_OK;
}

/* ---- reading ------------------------------------------------------------------------------- */

static const char *const filter_names[] = {"allocation-id",
                                           "association-id",
                                           "domain",
                                           "instance-id",
                                           "network-border-group",
                                           "network-interface-id",
                                           "network-interface-owner-id",
                                           "private-ip-address",
                                           "public-ip",
                                           "tag-key",
                                           NULL};

/* An address with what it is associated with. */
struct view {
    const struct cloud_public *row;
    struct cloud_port port;
    bool has_port;
    struct cloud_tags tags;
};

static struct view make_view(struct cloud_call *call, const struct cloud_public *row)
{
    struct view v = {.row = row};
    v.tags = cloud_tag_list(call->op->store, call->op->arena, row->allocation);
    v.has_port = *row->want != '\0' &&
                 cloud_port_of_instance(call->op->store, call->op->arena, row->want, &v.port);
    return v;
}

static bool matches(struct cloud_call *call, const struct view *v,
                    const struct cloud_filters *filters)
{
    struct cloud_facts f = {.arena = call->op->arena};
    cloud_facts_add(&f, "allocation-id", v->row->allocation);
    cloud_facts_add(&f, "domain", "vpc");
    cloud_facts_add(&f, "network-border-group", call->op->config->region);
    cloud_facts_add(&f, "public-ip", cloud_text_address(call->op, v->row->address));
    if (v->has_port) {
        cloud_facts_add(&f, "association-id", v->row->association);
        cloud_facts_add(&f, "instance-id", v->row->want);
        cloud_facts_add(&f, "network-interface-id", v->port.id);
        cloud_facts_add(&f, "network-interface-owner-id", v->port.account);
        cloud_facts_add(&f, "private-ip-address", cloud_text_address(call->op, v->port.address));
    }
    cloud_facts_add_tags(&f, &v->tags);
    return cloud_filters_match(filters, &f);
}

static void write_address(struct cloud_call *call, const struct view *v)
{
    struct cloud_xml *x = call->xml;
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "publicIp", cloud_text_address(call->op, v->row->address));
    cloud_xml_text(x, "allocationId", v->row->allocation);
    cloud_xml_text(x, "domain", "vpc");
    cloud_xml_text(x, "publicIpv4Pool", "amazon");
    cloud_xml_text(x, "networkBorderGroup", call->op->config->region);
    if (v->has_port) {
        cloud_xml_text(x, "instanceId", v->row->want);
        cloud_xml_text(x, "associationId", v->row->association);
        cloud_xml_text(x, "networkInterfaceId", v->port.id);
        cloud_xml_text(x, "networkInterfaceOwnerId", v->port.account);
        cloud_xml_text(x, "privateIpAddress", cloud_text_address(call->op, v->port.address));
    }
    cloud_write_tags(x, &v->tags);
    cloud_xml_close(x);
}

static const char *sort_key(const struct cloud_call *call, const struct cloud_public *row)
{
    return arena_printf(call->op->arena, "%010lld", (long long)row->address);
}

enum err_code cloud_ec2_describe_addresses(struct cloud_call *call, struct err *err)
{
    struct cloud_texts ids = cloud_query_list(call->query, "AllocationId");
    struct cloud_texts addresses = cloud_query_list(call->query, "PublicIp");
    struct cloud_filters filters;
    struct cloud_page page;
    struct cloud_publics rows;
    if (cloud_filters_decode(&filters, call->query, filter_names, err) != ERR_OK ||
        cloud_page_decode_whole(&page, call->query, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_addresses_describe(call->op, CLOUD_DO_DESCRIBE_ADDRESSES, ids.list, ids.len,
                                 addresses.list, addresses.len, &rows, err) != ERR_OK)
        return err->code;
    struct cloud_walk walk = {.page = &page};
    cloud_xml_open(call->xml, "addressesSet");
    for (size_t i = 0; i < rows.len && !walk.more; i++) {
        struct view v = make_view(call, &rows.list[i]);
        if (matches(call, &v, &filters) && cloud_walk_takes(&walk, sort_key(call, &rows.list[i])))
            write_address(call, &v);
    }
    cloud_xml_close(call->xml);
    cloud_write_next(call, &walk);
    return ERR_OK;
}

/* The one attribute that there is, a name for the way back, cannot be set here: no address has it.
 */
enum err_code cloud_ec2_describe_addresses_attribute(struct cloud_call *call, struct err *err)
{
    struct cloud_texts ids = cloud_query_list(call->query, "AllocationId");
    struct cloud_page page;
    struct cloud_publics rows;
    cloud_query_accept(call->query, "Attribute", "domain-name");
    if (cloud_page_decode(&page, call->query, 1, 1000, ids.len > 0, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_addresses_describe(call->op, CLOUD_DO_DESCRIBE_ADDRESSES_ATTRIBUTE, ids.list, ids.len,
                                 NULL, 0, &rows, err) != ERR_OK)
        return err->code;
    struct cloud_walk walk = {.page = &page};
    cloud_xml_open(call->xml, "addressSet");
    for (size_t i = 0; i < rows.len && !walk.more; i++) {
        if (!cloud_walk_takes(&walk, sort_key(call, &rows.list[i])))
            continue;
        cloud_xml_open(call->xml, "item");
        cloud_xml_text(call->xml, "publicIp", cloud_text_address(call->op, rows.list[i].address));
        cloud_xml_text(call->xml, "allocationId", rows.list[i].allocation);
        cloud_xml_close(call->xml);
    }
    cloud_xml_close(call->xml);
    cloud_write_next(call, &walk);
    return ERR_OK;
}
