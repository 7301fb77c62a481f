/* ec2_instance_view.c - how EC2 writes an instance. Every field that stock clients read. */
#include "base/str.h"
#include "cloud-manager/api/ec2_instance.h"
#include "cloud-manager/api/progress.h"
#include "cloud-manager/model/boot.h"

#include <string.h>

void cloud_instance_view(struct cloud_call *call, const struct cloud_instance *row,
                         struct cloud_instance_view *out)
{
    struct store *st = call->op->store;
    struct arena *arena = call->op->arena;
    *out = (struct cloud_instance_view){.row = row};
    out->has_port = cloud_port_of_instance(st, arena, row->id, &out->port);
    out->has_volume = cloud_volume_of_instance(st, arena, row->id, &out->volume);
    if (out->has_port)
        out->groups = cloud_port_groups(st, arena, out->port.id, &out->groups_len);
    out->has_address = cloud_public_of_instance(st, arena, row->id, &out->address);
    out->tags = cloud_tag_list(st, arena, row->id);
}

const char *cloud_text_transition(const struct cloud_op *op, const struct cloud_instance *row)
{
    if (!str_eq(row->reason_code, "Client.UserInitiatedShutdown"))
        return row->reason;
    char *text = arena_strdup(op->arena, cloud_text_time(op, row->reason_wall_ms));
    text[10] = ' ';  /* "2026-11-20T09:13:35.000Z" loses its T */
    text[19] = '\0'; /* and its fraction */
    return arena_printf(op->arena, "User initiated (%s GMT)", text);
}

const char *cloud_text_attached(const struct cloud_instance *row)
{
    return row->state == CLOUD_INSTANCE_PENDING && row->has_run == 0 ? "attaching" : "attached";
}

const char *cloud_text_attachment(const struct cloud_op *op, const struct cloud_port *port)
{
    return arena_printf(op->arena, "eni-attach-%s", port->id + strlen("eni-"));
}

const char *cloud_text_volume_state(const struct cloud_instance *row)
{
    return row->state == CLOUD_INSTANCE_PENDING && row->has_run == 0 ? "creating" : "in-use";
}

void cloud_write_groups(struct cloud_xml *x, const struct cloud_port_group *groups, size_t len)
{
    cloud_xml_open(x, "groupSet");
    for (size_t i = 0; i < len; i++) {
        cloud_xml_open(x, "item");
        cloud_xml_text(x, "groupId", groups[i].id);
        cloud_xml_text(x, "groupName", groups[i].name);
        cloud_xml_close(x);
    }
    cloud_xml_close(x);
}

enum { PIECE = 128 };

struct cloud_instance_span cloud_instance_span_of(const struct cloud_op *op,
                                                  const struct cloud_page *page)
{
    const char *slash = strrchr(page->after, '/');
    struct cloud_instance_span span = {.reservation = "", .launch_index = -1, .max = PIECE};
    if (slash == NULL || !str_parse_i64(slash + 1, 0, INT64_MAX, &span.launch_index))
        return span;
    span.reservation = arena_strndup(op->arena, page->after, (size_t)(slash - page->after));
    return span;
}

const char *cloud_instance_sort_key(const struct cloud_op *op, const struct cloud_instance *row)
{
    return arena_printf(op->arena, "%s/%05lld", row->reservation, (long long)row->launch_index);
}

void cloud_write_state(struct cloud_xml *x, const char *name, enum cloud_instance_state state)
{
    cloud_xml_open(x, name);
    cloud_xml_i64(x, "code", state);
    cloud_xml_text(x, "name", cloud_instance_state_text(state));
    cloud_xml_close(x);
}

static void write_state(struct cloud_call *call, const struct cloud_instance *row)
{
    struct cloud_xml *x = call->xml;
    cloud_write_state(x, "instanceState", (enum cloud_instance_state)row->state);
    cloud_xml_text(x, "reason", cloud_text_transition(call->op, row));
    struct cloud_reason reason = cloud_reason_of(call->op->arena, row);
    struct cloud_progress progress = cloud_progress_of(call->op->arena, row);
    if (x->tree != NULL)
        cloud_progress_write(x->tree, &progress);
    if (*reason.code == '\0')
        return;
    cloud_xml_open(x, "stateReason");
    cloud_xml_text(x, "code", reason.code);
    cloud_xml_text(x, "message", reason.message);
    cloud_xml_close(x);
}

static void write_names(struct cloud_call *call, const struct cloud_instance_view *v)
{
    struct cloud_xml *x = call->xml;
    const char *dns = v->has_port ? cloud_text_dns(call->op, v->port.address) : "";
    cloud_xml_text(x, "privateDnsName", dns);
    cloud_xml_text(x, "dnsName",
                   v->has_address ? cloud_text_public_name(call->op, v->address.address) : "");
    if (!v->has_port)
        return;
    cloud_xml_text(x, "privateIpAddress", cloud_text_address(call->op, v->port.address));
    if (v->has_address)
        cloud_xml_text(x, "ipAddress", cloud_text_address(call->op, v->address.address));
    cloud_xml_text(x, "subnetId", v->row->subnet);
    cloud_xml_text(x, "vpcId", v->row->vpc);
    cloud_xml_bool(x, "sourceDestCheck", true);
}

void cloud_write_mappings(struct cloud_xml *x, const struct cloud_instance_view *v)
{
    cloud_xml_open(x, "blockDeviceMapping");
    if (v->has_volume) {
        cloud_xml_open(x, "item");
        cloud_xml_text(x, "deviceName", v->volume.device);
        cloud_xml_open(x, "ebs");
        cloud_xml_text(x, "volumeId", v->volume.id);
        cloud_xml_text(x, "status", cloud_text_attached(v->row));
        cloud_xml_time(x, "attachTime", v->volume.created_wall_ms);
        cloud_xml_bool(x, "deleteOnTermination", true);
        cloud_xml_close(x);
        cloud_xml_close(x);
    }
    cloud_xml_close(x);
}

static void write_disk(struct cloud_xml *x, const struct cloud_instance_view *v)
{
    cloud_xml_text(x, "rootDeviceType", "ebs");
    cloud_xml_text(x, "rootDeviceName", v->row->root_device);
    cloud_write_mappings(x, v);
}

const char *cloud_text_monitoring(const struct cloud_instance *row)
{
    return row->is_monitored != 0 ? "enabled" : "disabled";
}

static void write_attachment(struct cloud_call *call, const struct cloud_instance_view *v)
{
    struct cloud_xml *x = call->xml;
    cloud_xml_open(x, "attachment");
    cloud_xml_text(x, "attachmentId", cloud_text_attachment(call->op, &v->port));
    cloud_xml_i64(x, "deviceIndex", 0);
    cloud_xml_text(x, "status", cloud_text_attached(v->row));
    cloud_xml_time(x, "attachTime", v->port.created_wall_ms);
    cloud_xml_bool(x, "deleteOnTermination", true);
    cloud_xml_i64(x, "networkCardIndex", 0);
    cloud_xml_close(x);
}

static void write_port(struct cloud_call *call, const struct cloud_instance_view *v)
{
    struct cloud_xml *x = call->xml;
    const char *address = cloud_text_address(call->op, v->port.address);
    const char *dns = cloud_text_dns(call->op, v->port.address);
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "networkInterfaceId", v->port.id);
    cloud_write_association(call, v, CLOUD_ASSOCIATION_PLAIN);
    cloud_xml_text(x, "subnetId", v->port.subnet);
    cloud_xml_text(x, "vpcId", v->port.vpc);
    cloud_xml_text(x, "description", v->port.description);
    cloud_xml_text(x, "ownerId", v->row->account);
    cloud_xml_text(x, "status", "in-use");
    cloud_xml_text(x, "macAddress", v->port.mac);
    cloud_xml_text(x, "privateIpAddress", address);
    cloud_xml_text(x, "privateDnsName", dns);
    cloud_xml_bool(x, "sourceDestCheck", true);
    cloud_xml_text(x, "interfaceType", "interface");
    cloud_write_groups(x, v->groups, v->groups_len);
    write_attachment(call, v);
    cloud_xml_open(x, "privateIpAddressesSet");
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "privateIpAddress", address);
    cloud_xml_text(x, "privateDnsName", dns);
    cloud_xml_bool(x, "primary", true);
    cloud_write_association(call, v, CLOUD_ASSOCIATION_PLAIN);
    cloud_xml_close(x);
    cloud_xml_close(x);
    cloud_xml_open(x, "ipv6AddressesSet");
    cloud_xml_close(x);
    cloud_xml_close(x);
}

static void write_network(struct cloud_call *call, const struct cloud_instance_view *v)
{
    cloud_write_groups(call->xml, v->groups, v->groups_len);
    cloud_xml_open(call->xml, "networkInterfaceSet");
    if (v->has_port)
        write_port(call, v);
    cloud_xml_close(call->xml);
}

/* What is the same for all, and is read all the same. */
static void write_options(struct cloud_xml *x, const struct cloud_instance *row)
{
    cloud_xml_open(x, "cpuOptions");
    cloud_xml_i64(x, "coreCount", row->vcpus);
    cloud_xml_i64(x, "threadsPerCore", 1);
    cloud_xml_close(x);
    cloud_xml_open(x, "capacityReservationSpecification");
    cloud_xml_text(x, "capacityReservationPreference", "open");
    cloud_xml_close(x);
    cloud_xml_open(x, "hibernationOptions");
    cloud_xml_bool(x, "configured", false);
    cloud_xml_close(x);
    cloud_xml_open(x, "enclaveOptions");
    cloud_xml_bool(x, "enabled", false);
    cloud_xml_close(x);
    cloud_xml_open(x, "maintenanceOptions");
    cloud_xml_text(x, "autoRecovery", "disabled");
    cloud_xml_close(x);
    cloud_xml_open(x, "privateDnsNameOptions");
    cloud_xml_text(x, "hostnameType", "ip-name");
    cloud_xml_bool(x, "enableResourceNameDnsARecord", false);
    cloud_xml_bool(x, "enableResourceNameDnsAAAARecord", false);
    cloud_xml_close(x);
}

/* What can be changed at any time. */
static void write_changeable(struct cloud_xml *x, const struct cloud_instance *row)
{
    struct cloud_imds imds = cloud_instance_imds(row);
    cloud_xml_open(x, "monitoring");
    cloud_xml_text(x, "state", cloud_text_monitoring(row));
    cloud_xml_close(x);
    cloud_write_imds(x, "metadataOptions", &imds);
}

void cloud_write_instance(struct cloud_call *call, const struct cloud_instance_view *v)
{
    struct cloud_xml *x = call->xml;
    const struct cloud_instance *row = v->row;
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "instanceId", row->id);
    cloud_xml_text(x, "imageId", row->image);
    write_state(call, row);
    write_names(call, v);
    cloud_xml_text_if(x, "keyName", row->key_name);
    cloud_xml_i64(x, "amiLaunchIndex", row->launch_index);
    cloud_xml_open(x, "productCodes");
    cloud_xml_close(x);
    cloud_xml_text(x, "instanceType", row->type);
    cloud_xml_time(x, "launchTime", row->launch_wall_ms);
    cloud_xml_open(x, "placement");
    cloud_xml_text(x, "availabilityZone", cloud_zone_name(call->op, row->letter));
    cloud_xml_text(x, "groupName", "");
    cloud_xml_text(x, "tenancy", "default");
    cloud_xml_close(x);
    cloud_xml_text(x, "architecture", row->architecture);
    write_disk(x, v);
    cloud_xml_text(x, "virtualizationType", "hvm");
    cloud_xml_text(x, "clientToken", row->client_token);
    cloud_write_tags(x, &v->tags);
    cloud_xml_text(x, "bootMode", row->boot_mode);
    cloud_xml_text(x, "currentInstanceBootMode", cloud_boot_current(row->boot_mode));
    cloud_xml_text(x, "hypervisor", "xen"); /* the only words that EC2's enum knows */
    write_network(call, v);
    cloud_xml_bool(x, "ebsOptimized", false);
    cloud_xml_bool(x, "enaSupport", false);
    write_options(x, row);
    write_changeable(x, row);
    cloud_xml_text(x, "platformDetails", "Linux/UNIX");
    cloud_xml_text(x, "usageOperation", "RunInstances");
    cloud_xml_close(x);
}

void cloud_write_reservation(struct cloud_call *call, const struct cloud_instance *rows, size_t len)
{
    struct cloud_xml *x = call->xml;
    cloud_xml_text(x, "reservationId", rows[0].reservation);
    cloud_xml_text(x, "ownerId", rows[0].account);
    cloud_xml_open(x, "groupSet");
    cloud_xml_close(x);
    cloud_xml_open(x, "instancesSet");
    for (size_t i = 0; i < len; i++) {
        struct cloud_instance_view view;
        cloud_instance_view(call, &rows[i], &view);
        cloud_write_instance(call, &view);
    }
    cloud_xml_close(x);
}
