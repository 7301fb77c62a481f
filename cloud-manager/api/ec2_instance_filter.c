/* ec2_instance_filter.c - what DescribeInstances can be asked for. */
#include "cloud-manager/api/ec2_instance.h"
#include "cloud-manager/api/progress.h"
#include "cloud-manager/model/boot.h"

const char *const cloud_instance_filters[] = {
    "affinity",
    "architecture",
    "availability-zone",
    "availability-zone-id",
    "block-device-mapping.attach-time",
    "block-device-mapping.delete-on-termination",
    "block-device-mapping.device-name",
    "block-device-mapping.status",
    "block-device-mapping.volume-id",
    "boot-mode",
    "capacity-reservation-id",
    "capacity-reservation-specification.capacity-reservation-preference",
    "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id",
    "client-token",
    "current-instance-boot-mode",
    "dns-name",
    "ebs-optimized",
    "ena-support",
    "enclave-options.enabled",
    "hibernation-options.configured",
    "host-id",
    "hypervisor",
    "iam-instance-profile.arn",
    "iam-instance-profile.id",
    "image-id",
    "instance-id",
    "instance-lifecycle",
    "instance-state-code",
    "instance-state-name",
    "instance-type",
    "instance.group-id",
    "instance.group-name",
    "ip-address",
    "ipv6-address",
    "kernel-id",
    "key-name",
    "launch-index",
    "launch-time",
    "maintenance-options.auto-recovery",
    "metadata-options.http-endpoint",
    "metadata-options.http-protocol-ipv4",
    "metadata-options.http-protocol-ipv6",
    "metadata-options.http-put-response-hop-limit",
    "metadata-options.http-tokens",
    "metadata-options.instance-metadata-tags",
    "metadata-options.state",
    "monitoring-state",
    "network-interface.addresses.association.allocation-id",
    "network-interface.addresses.association.association-id",
    "network-interface.addresses.association.ip-owner-id",
    "network-interface.addresses.association.public-dns-name",
    "network-interface.addresses.association.public-ip",
    "network-interface.addresses.primary",
    "network-interface.addresses.private-dns-name",
    "network-interface.addresses.private-ip-address",
    "network-interface.association.allocation-id",
    "network-interface.association.association-id",
    "network-interface.association.ip-owner-id",
    "network-interface.association.public-dns-name",
    "network-interface.association.public-ip",
    "network-interface.attachment.attach-time",
    "network-interface.attachment.attachment-id",
    "network-interface.attachment.delete-on-termination",
    "network-interface.attachment.device-index",
    "network-interface.attachment.instance-id",
    "network-interface.attachment.instance-owner-id",
    "network-interface.attachment.network-card-index",
    "network-interface.attachment.status",
    "network-interface.availability-zone",
    "network-interface.description",
    "network-interface.group-id",
    "network-interface.group-name",
    "network-interface.ipv6-addresses.ipv6-address",
    "network-interface.mac-address",
    "network-interface.network-interface-id",
    "network-interface.outpost-arn",
    "network-interface.owner-id",
    "network-interface.private-dns-name",
    "network-interface.private-ip-address",
    "network-interface.requester-id",
    "network-interface.requester-managed",
    "network-interface.source-dest-check",
    "network-interface.status",
    "network-interface.subnet-id",
    "network-interface.vpc-id",
    "outpost-arn",
    "owner-id",
    "placement-group-name",
    "placement-partition-number",
    "platform",
    "platform-details",
    "private-dns-name",
    "private-dns-name-options.enable-resource-name-dns-a-record",
    "private-dns-name-options.enable-resource-name-dns-aaaa-record",
    "private-dns-name-options.hostname-type",
    "private-ip-address",
    "product-code",
    "product-code.type",
    "ramdisk-id",
    "reason",
    "requester-id",
    "reservation-id",
    "root-device-name",
    "root-device-type",
    "source-dest-check",
    "spot-instance-request-id",
    "state-reason-code",
    "state-reason-message",
    "subnet-id",
    "tag-key",
    "tenancy",
    "tpm-support",
    "usage-operation",
    "virtualization-type",
    "vpc-id",
    NULL};

/* What is the same for all; the view says the same. */
static void add_options(struct cloud_facts *f)
{
    static const struct cloud_fact same[] = {
        {"capacity-reservation-specification.capacity-reservation-preference", "open"},
        {"ebs-optimized", "false"},
        {"ena-support", "false"},
        {"enclave-options.enabled", "false"},
        {"hibernation-options.configured", "false"},
        {"maintenance-options.auto-recovery", "disabled"},
        {"platform-details", "Linux/UNIX"},
        {"private-dns-name-options.enable-resource-name-dns-a-record", "false"},
        {"private-dns-name-options.enable-resource-name-dns-aaaa-record", "false"},
        {"private-dns-name-options.hostname-type", "ip-name"},
        {"usage-operation", "RunInstances"},
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        cloud_facts_add(f, same[i].name, same[i].value);
}

static void add_row(struct cloud_call *call, const struct cloud_instance *row,
                    struct cloud_facts *f)
{
    cloud_facts_add(f, "architecture", row->architecture);
    cloud_facts_add(f, "availability-zone", cloud_zone_name(call->op, row->letter));
    cloud_facts_add(f, "availability-zone-id", cloud_zone_id(call->op, row->letter));
    cloud_facts_add(f, "boot-mode", row->boot_mode);
    cloud_facts_add(f, "client-token", row->client_token);
    cloud_facts_add(f, "current-instance-boot-mode", cloud_boot_current(row->boot_mode));
    cloud_facts_add(f, "hypervisor", "xen");
    cloud_facts_add(f, "image-id", row->image);
    cloud_facts_add(f, "instance-id", row->id);
    cloud_facts_add_i64(f, "instance-state-code", row->state);
    cloud_facts_add(f, "instance-state-name",
                    cloud_instance_state_text((enum cloud_instance_state)row->state));
    cloud_facts_add(f, "instance-type", row->type);
    cloud_facts_add(f, "key-name", row->key_name);
    cloud_facts_add_i64(f, "launch-index", row->launch_index);
    cloud_facts_add(f, "launch-time", cloud_text_time(call->op, row->launch_wall_ms));
    cloud_facts_add(f, "monitoring-state", cloud_text_monitoring(row));
    cloud_facts_add(f, "owner-id", row->account);
    cloud_facts_add(f, "reason", cloud_text_transition(call->op, row));
    cloud_facts_add(f, "reservation-id", row->reservation);
    cloud_facts_add(f, "root-device-name", row->root_device);
    cloud_facts_add(f, "root-device-type", "ebs");
    struct cloud_reason reason = cloud_reason_of(call->op->arena, row);
    cloud_facts_add(f, "state-reason-code", reason.code);
    cloud_facts_add(f, "state-reason-message", reason.message);
    cloud_facts_add(f, "tenancy", "default");
    cloud_facts_add(f, "virtualization-type", "hvm");
}

static void add_imds(const struct cloud_instance *row, struct cloud_facts *f)
{
    struct cloud_imds imds = cloud_instance_imds(row);
    cloud_facts_add(f, "metadata-options.http-endpoint", cloud_imds_endpoint(&imds));
    cloud_facts_add(f, "metadata-options.http-protocol-ipv4", cloud_imds_endpoint(&imds));
    cloud_facts_add(f, "metadata-options.http-protocol-ipv6", "disabled");
    cloud_facts_add_i64(f, "metadata-options.http-put-response-hop-limit", imds.hops);
    cloud_facts_add(f, "metadata-options.http-tokens", cloud_imds_tokens(&imds));
    cloud_facts_add(f, "metadata-options.instance-metadata-tags", cloud_imds_tags(&imds));
    cloud_facts_add(f, "metadata-options.state", "applied");
}

static void add_port(struct cloud_call *call, const struct cloud_instance_view *v,
                     struct cloud_facts *f)
{
    const char *address = cloud_text_address(call->op, v->port.address);
    const char *dns = cloud_text_dns(call->op, v->port.address);
    cloud_facts_add(f, "private-dns-name", dns);
    cloud_facts_add(f, "private-ip-address", address);
    cloud_facts_add(f, "source-dest-check", "true");
    cloud_facts_add(f, "subnet-id", v->port.subnet);
    cloud_facts_add(f, "vpc-id", v->port.vpc);
    cloud_facts_add(f, "network-interface.addresses.primary", "true");
    cloud_facts_add(f, "network-interface.addresses.private-ip-address", address);
    cloud_facts_add(f, "network-interface.addresses.private-dns-name", dns);
    cloud_facts_add(f, "network-interface.attachment.attach-time",
                    cloud_text_time(call->op, v->port.created_wall_ms));
    cloud_facts_add(f, "network-interface.attachment.attachment-id",
                    cloud_text_attachment(call->op, &v->port));
    cloud_facts_add(f, "network-interface.attachment.delete-on-termination", "true");
    cloud_facts_add(f, "network-interface.attachment.device-index", "0");
    cloud_facts_add(f, "network-interface.attachment.instance-id", v->row->id);
    cloud_facts_add(f, "network-interface.attachment.instance-owner-id", v->row->account);
    cloud_facts_add(f, "network-interface.attachment.network-card-index", "0");
    cloud_facts_add(f, "network-interface.attachment.status", cloud_text_attached(v->row));
    cloud_facts_add(f, "network-interface.availability-zone",
                    cloud_zone_name(call->op, v->row->letter));
    cloud_facts_add(f, "network-interface.description", v->port.description);
    cloud_facts_add(f, "network-interface.mac-address", v->port.mac);
    cloud_facts_add(f, "network-interface.network-interface-id", v->port.id);
    cloud_facts_add(f, "network-interface.owner-id", v->row->account);
    cloud_facts_add(f, "network-interface.private-dns-name", dns);
    cloud_facts_add(f, "network-interface.private-ip-address", address);
    cloud_facts_add(f, "network-interface.requester-managed", "false");
    cloud_facts_add(f, "network-interface.source-dest-check", "true");
    cloud_facts_add(f, "network-interface.status", "in-use");
    cloud_facts_add(f, "network-interface.subnet-id", v->port.subnet);
    cloud_facts_add(f, "network-interface.vpc-id", v->port.vpc);
    for (size_t i = 0; i < v->groups_len; i++) {
        cloud_facts_add(f, "instance.group-id", v->groups[i].id);
        cloud_facts_add(f, "instance.group-name", v->groups[i].name);
        cloud_facts_add(f, "network-interface.group-id", v->groups[i].id);
        cloud_facts_add(f, "network-interface.group-name", v->groups[i].name);
    }
}

static void add_address(struct cloud_call *call, const struct cloud_instance_view *v,
                        struct cloud_facts *f)
{
    const char *address = cloud_text_address(call->op, v->address.address);
    const char *name = cloud_text_public_name(call->op, v->address.address);
    cloud_facts_add(f, "dns-name", name);
    cloud_facts_add(f, "network-interface.association.public-dns-name", name);
    cloud_facts_add(f, "ip-address", address);
    cloud_facts_add(f, "network-interface.addresses.association.public-ip", address);
    cloud_facts_add(f, "network-interface.association.public-ip", address);
    cloud_facts_add(f, "network-interface.association.ip-owner-id", cloud_text_owner(v));
    if (*v->address.allocation == '\0')
        return;
    cloud_facts_add(f, "network-interface.association.allocation-id", v->address.allocation);
    cloud_facts_add(f, "network-interface.association.association-id", v->address.association);
}

static void add_volume(struct cloud_call *call, const struct cloud_instance_view *v,
                       struct cloud_facts *f)
{
    cloud_facts_add(f, "block-device-mapping.attach-time",
                    cloud_text_time(call->op, v->volume.created_wall_ms));
    cloud_facts_add(f, "block-device-mapping.delete-on-termination", "true");
    cloud_facts_add(f, "block-device-mapping.device-name", v->volume.device);
    cloud_facts_add(f, "block-device-mapping.status", cloud_text_attached(v->row));
    cloud_facts_add(f, "block-device-mapping.volume-id", v->volume.id);
}

void cloud_instance_facts(struct cloud_call *call, const struct cloud_instance_view *view,
                          struct cloud_facts *facts)
{
    add_row(call, view->row, facts);
    add_imds(view->row, facts);
    add_options(facts);
    if (view->has_port)
        add_port(call, view, facts);
    if (view->has_address)
        add_address(call, view, facts);
    if (view->has_volume)
        add_volume(call, view, facts);
    cloud_facts_add_tags(facts, &view->tags);
}
