/* ec2_ports.c - DescribeNetworkInterfaces. */
#include "base/check.h"
#include "base/str.h"
#include "cloud-manager/api/ec2_instance.h"
#include "cloud-manager/ops/network.h"

static const char *const filter_names[] = {"addresses.association.owner-id",
                                           "addresses.association.public-ip",
                                           "addresses.primary",
                                           "addresses.private-ip-address",
                                           "association.allocation-id",
                                           "association.association-id",
                                           "association.ip-owner-id",
                                           "association.public-dns-name",
                                           "association.public-ip",
                                           "attachment.attach-time",
                                           "attachment.attachment-id",
                                           "attachment.delete-on-termination",
                                           "attachment.device-index",
                                           "attachment.instance-id",
                                           "attachment.instance-owner-id",
                                           "attachment.status",
                                           "availability-zone",
                                           "availability-zone-id",
                                           "description",
                                           "group-id",
                                           "group-name",
                                           "interface-type",
                                           "ipv6-addresses.ipv6-address",
                                           "mac-address",
                                           "network-interface-id",
                                           "owner-id",
                                           "private-dns-name",
                                           "private-ip-address",
                                           "requester-id",
                                           "requester-managed",
                                           "source-dest-check",
                                           "status",
                                           "subnet-id",
                                           "tag-key",
                                           "vpc-id",
                                           NULL};

static void add_attachment(struct cloud_call *call, const struct cloud_instance_view *v,
                           struct cloud_facts *f)
{
    cloud_facts_add(f, "attachment.attachment-id", cloud_text_attachment(call->op, &v->port));
    cloud_facts_add(f, "attachment.attach-time",
                    cloud_text_time(call->op, v->port.created_wall_ms));
    cloud_facts_add(f, "attachment.delete-on-termination", "true");
    cloud_facts_add(f, "attachment.device-index", "0");
    cloud_facts_add(f, "attachment.instance-id", v->row->id);
    cloud_facts_add(f, "attachment.instance-owner-id", v->row->account);
    cloud_facts_add(f, "attachment.status", cloud_text_attached(v->row));
}

static void add_association(struct cloud_call *call, const struct cloud_instance_view *v,
                            struct cloud_facts *f)
{
    if (!v->has_address)
        return;
    const char *address = cloud_text_address(call->op, v->address.address);
    cloud_facts_add(f, "addresses.association.public-ip", address);
    cloud_facts_add(f, "association.public-ip", address);
    cloud_facts_add(f, "association.public-dns-name",
                    cloud_text_public_name(call->op, v->address.address));
    cloud_facts_add(f, "association.ip-owner-id", cloud_text_owner(v));
    if (*v->address.allocation == '\0')
        return;
    cloud_facts_add(f, "association.allocation-id", v->address.allocation);
    cloud_facts_add(f, "association.association-id", v->address.association);
}

static void add_facts(struct cloud_call *call, const struct cloud_instance_view *v,
                      const struct cloud_tags *tags, struct cloud_facts *f)
{
    const char *address = cloud_text_address(call->op, v->port.address);
    add_attachment(call, v, f);
    add_association(call, v, f);
    cloud_facts_add(f, "addresses.primary", "true");
    cloud_facts_add(f, "addresses.private-ip-address", address);
    cloud_facts_add(f, "availability-zone", cloud_zone_name(call->op, v->row->letter));
    cloud_facts_add(f, "availability-zone-id", cloud_zone_id(call->op, v->row->letter));
    cloud_facts_add(f, "description", v->port.description);
    cloud_facts_add(f, "interface-type", "interface");
    cloud_facts_add(f, "mac-address", v->port.mac);
    cloud_facts_add(f, "network-interface-id", v->port.id);
    cloud_facts_add(f, "owner-id", v->port.account);
    cloud_facts_add(f, "private-dns-name", cloud_text_dns(call->op, v->port.address));
    cloud_facts_add(f, "private-ip-address", address);
    cloud_facts_add(f, "requester-managed", "false");
    cloud_facts_add(f, "source-dest-check", "true");
    cloud_facts_add(f, "status", "in-use");
    cloud_facts_add(f, "subnet-id", v->port.subnet);
    cloud_facts_add(f, "vpc-id", v->port.vpc);
    for (size_t i = 0; i < v->groups_len; i++) {
        cloud_facts_add(f, "group-id", v->groups[i].id);
        cloud_facts_add(f, "group-name", v->groups[i].name);
    }
    cloud_facts_add_tags(f, tags);
}

static void write_attachment(struct cloud_call *call, const struct cloud_instance_view *v)
{
    struct cloud_xml *x = call->xml;
    cloud_xml_open(x, "attachment");
    cloud_xml_text(x, "attachmentId", cloud_text_attachment(call->op, &v->port));
    cloud_xml_text(x, "instanceId", v->row->id);
    cloud_xml_text(x, "instanceOwnerId", v->row->account);
    cloud_xml_i64(x, "deviceIndex", 0);
    cloud_xml_i64(x, "networkCardIndex", 0);
    cloud_xml_text(x, "status", cloud_text_attached(v->row));
    cloud_xml_time(x, "attachTime", v->port.created_wall_ms);
    cloud_xml_bool(x, "deleteOnTermination", true);
    cloud_xml_close(x);
}

static void write_addresses(struct cloud_call *call, const struct cloud_instance_view *v)
{
    struct cloud_xml *x = call->xml;
    const char *address = cloud_text_address(call->op, v->port.address);
    const char *dns = cloud_text_dns(call->op, v->port.address);
    cloud_write_association(call, v, CLOUD_ASSOCIATION_IDS);
    cloud_xml_text(x, "privateIpAddress", address);
    cloud_xml_text(x, "privateDnsName", dns);
    cloud_xml_open(x, "privateIpAddressesSet");
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "privateIpAddress", address);
    cloud_xml_text(x, "privateDnsName", dns);
    cloud_xml_bool(x, "primary", true);
    cloud_write_association(call, v, CLOUD_ASSOCIATION_IDS);
    cloud_xml_close(x);
    cloud_xml_close(x);
    cloud_xml_open(x, "ipv6AddressesSet");
    cloud_xml_close(x);
}

static void write_port(struct cloud_call *call, const struct cloud_instance_view *v,
                       const struct cloud_tags *tags)
{
    struct cloud_xml *x = call->xml;
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "networkInterfaceId", v->port.id);
    cloud_xml_text(x, "subnetId", v->port.subnet);
    cloud_xml_text(x, "vpcId", v->port.vpc);
    cloud_xml_text(x, "availabilityZone", cloud_zone_name(call->op, v->row->letter));
    cloud_xml_text(x, "description", v->port.description);
    cloud_xml_text(x, "ownerId", v->port.account);
    cloud_xml_bool(x, "requesterManaged", false);
    cloud_xml_text(x, "status", "in-use");
    cloud_xml_text(x, "macAddress", v->port.mac);
    write_addresses(call, v);
    cloud_xml_bool(x, "sourceDestCheck", true);
    cloud_xml_text(x, "interfaceType", "interface");
    cloud_write_groups(x, v->groups, v->groups_len);
    write_attachment(call, v);
    cloud_write_tags(x, tags);
    cloud_xml_close(x);
}

enum err_code cloud_ec2_describe_ports(struct cloud_call *call, struct err *err)
{
    struct cloud_texts ids = cloud_query_list(call->query, "NetworkInterfaceId");
    struct cloud_filters filters;
    struct cloud_page page;
    struct cloud_port *ports;
    size_t len;
    if (cloud_filters_decode(&filters, call->query, filter_names, err) != ERR_OK ||
        cloud_page_decode(&page, call->query, 5, 1000, ids.len > 0, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_ports_describe(call->op, ids.list, ids.len, &ports, &len, err) != ERR_OK)
        return err->code;
    struct cloud_walk walk = {.page = &page};
    cloud_xml_open(call->xml, "networkInterfaceSet");
    for (size_t i = 0; i < len && !walk.more; i++) {
        struct cloud_instance row;
        struct cloud_instance_view view;
        struct cloud_tags tags = cloud_tag_list(call->op->store, call->op->arena, ports[i].id);
        struct cloud_facts facts = {.arena = call->op->arena};
        bool found = cloud_instance_get(call->op->store, call->op->arena, ports[i].instance, &row);
        INV(found); /* a port lives as long as its instance */
        cloud_instance_view(call, &row, &view);
        add_facts(call, &view, &tags, &facts);
        if (cloud_filters_match(&filters, &facts) && cloud_walk_takes(&walk, ports[i].id))
            write_port(call, &view, &tags);
    }
    cloud_xml_close(call->xml);
    cloud_write_next(call, &walk);
    return ERR_OK;
}
