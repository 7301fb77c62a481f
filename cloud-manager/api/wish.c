/* wish.c - rows become the bodies of wishes. */
#include "cloud-manager/api/wish.h"

#include "base/check.h"
#include "base/str.h"
#include "cloud-manager/api/call.h"
#include "cloud-manager/model/address.h"
#include "cloud-manager/model/imds.h"
#include "cloud-manager/model/want.h"
#include "cloud-manager/ops/public_address.h"
#include "cloud-manager/store/network.h"
#include "cloud-manager/store/replay.h"
#include "cloud-manager/store/tag.h"
#include "cloud-manager/store/volume.h"
#include "proto/auth/seal.h"
#include "proto/wire/messages.h"

#include <string.h>

static void fill_public(struct cloud_op *op, const struct cloud_instance *row,
                        struct wire_port *out)
{
    int64_t address = row->want == CLOUD_WANT_TERMINATED ? cloud_public_in_end(op, row->id)
                                                         : cloud_public_in_wish(op, row->id);
    out->public_address = address != 0 ? cloud_text_address(op, address) : "";
    out->public_name = address != 0 ? cloud_text_public_name(op, address) : "";
}

static void fill_groups(struct cloud_op *op, const char *port, struct wire_port *out)
{
    const struct cloud_port_group *groups = cloud_port_groups(op->store, op->arena, port,
                                                              &out->groups_len);
    out->group_names_len = out->groups_len;
    out->groups = arena_alloc(op->arena, (out->groups_len + 1) * sizeof *out->groups);
    out->group_names = arena_alloc(op->arena, (out->groups_len + 1) * sizeof *out->group_names);
    for (size_t i = 0; i < out->groups_len; i++) {
        out->groups[i] = groups[i].id;
        out->group_names[i] = groups[i].name;
    }
}

static struct wire_port *make_port(struct cloud_op *op, const struct cloud_instance *row,
                                   const struct cloud_port *port)
{
    struct wire_port *out = arena_alloc(op->arena, sizeof *out);
    struct cloud_vpc vpc;
    struct cloud_subnet subnet;
    bool found = cloud_vpc_get(op->store, op->arena, row->account, row->vpc, &vpc) &&
                 cloud_subnet_get(op->store, op->arena, row->account, row->subnet, &subnet);
    INV(found);
    char cidr[CLOUD_CIDR_SIZE];
    cloud_cidr_format(cidr, subnet.base, (int)subnet.prefix);
    *out = (struct wire_port){.id = port->id,
                              .vpc = vpc.id,
                              .vni = vpc.vni,
                              .subnet = subnet.id,
                              .subnet_cidr = arena_strdup(op->arena, cidr),
                              .vpc_cidr = vpc.cidr,
                              .mac = port->mac,
                              .address = cloud_text_address(op, port->address),
                              .groups_n = row->groups_n};
    fill_public(op, row, out);
    fill_groups(op, port->id, out);
    return out;
}

/* Only to those whose guest may read them, and only what can be a path there. */
static void fill_tags(struct cloud_op *op, const struct cloud_instance *row,
                      struct wire_instance *out)
{
    if (row->imds_tags == 0)
        return;
    struct cloud_tags all = cloud_tag_list(op->store, op->arena, row->id);
    out->tags = arena_alloc(op->arena, (all.len + 1) * sizeof *out->tags);
    for (size_t i = 0; i < all.len; i++)
        if (cloud_imds_shows_key(all.list[i].key))
            out->tags[out->tags_len++] = (struct wire_tag){all.list[i].key, all.list[i].value};
}

static const char *domain_of(struct cloud_op *op)
{
    return arena_printf(op->arena, "%s.compute.internal", op->config->region);
}

enum { TAGGED_MAX = 3 };

/* The tags of up to TAGGED_MAX resources, one after the other. */
static struct wire_label *labels_of(struct cloud_op *op, const char *const *resources, size_t len,
                                    size_t *out_len)
{
    struct cloud_tags tags[TAGGED_MAX];
    size_t all = 0;
    PRE(len <= TAGGED_MAX);
    for (size_t i = 0; i < len; i++) {
        tags[i] = cloud_tag_list(op->store, op->arena, resources[i]);
        all += tags[i].len;
    }
    struct wire_label *out = arena_alloc(op->arena, (all + 1) * sizeof *out);
    *out_len = 0;
    for (size_t i = 0; i < len; i++)
        for (size_t j = 0; j < tags[i].len; j++)
            out[(*out_len)++] = (struct wire_label){resources[i], tags[i].list[j].key,
                                                    tags[i].list[j].value};
    return out;
}

static const char *token_hash_of(struct cloud_op *op, const struct cloud_instance *row)
{
    struct cloud_token token;
    bool has = *row->client_token != '\0' &&
               cloud_token_get(op->store, op->arena, row->account, "RunInstances",
                               row->client_token, &token);
    return has ? token.hash : "";
}

/* All but tags. False for a row without port or disk: one that a restore found ended. */
static bool fill_instance(struct cloud_op *op, const struct cloud_instance *row,
                          struct wire_instance *out)
{
    struct cloud_port port;
    struct cloud_volume volume;
    char hostname[CLOUD_HOSTNAME_SIZE];
    if (!cloud_port_of_instance(op->store, op->arena, row->id, &port) ||
        !cloud_volume_of_instance(op->store, op->arena, row->id, &volume))
        return false;
    cloud_hostname_format(hostname, port.address);
    *out = (struct wire_instance){
        .want = row->want == CLOUD_WANT_RUNNING ? "running" : "stopped",
        .reboot_n = row->reboot_n,
        .account = row->account,
        .type = row->type,
        .vcpus = row->vcpus,
        .memory_mib = row->memory_mib,
        .image = row->image,
        .manifest = row->manifest,
        .image_bytes = row->image_bytes,
        .cdrom = row->is_cdrom != 0,
        .boot_mode = row->boot_mode,
        .volume = volume.id,
        .disk_bytes = volume.size_gib << 30,
        .root_device = row->root_device,
        .key_name = row->key_name,
        .key = row->key,
        .user_data = row->user_data,
        .imds_off = row->imds_off != 0,
        .imds_required = row->imds_required != 0,
        .imds_hops = row->imds_hops,
        .imds_tags = row->imds_tags != 0,
        .reservation = row->reservation,
        .minimum = row->minimum,
        .count = row->count,
        .launch_index = row->launch_index,
        .launch_ms = row->launch_wall_ms,
        .hostname = arena_strdup(op->arena, hostname),
        .domain = domain_of(op),
        .region = op->config->region,
        .zone = cloud_zone_name(op, row->letter),
        .port = make_port(op, row, &port),
        .dos_url = cloud_node_dos_url(op->store, op->arena),
        .grant = "",
        .client_token = row->client_token,
        .token_hash = token_hash_of(op, row),
        .on_shutdown = row->on_shutdown,
    };
    return true;
}

void cloud_wish_instance(struct cloud_op *op, const struct cloud_instance *row, struct buf *out)
{
    struct wire_instance body;
    bool found = fill_instance(op, row, &body);
    INV(found);
    fill_tags(op, row, &body);
    const char *const tagged[] = {row->id, body.volume, body.port->id};
    body.labels = labels_of(op, tagged, TAGGED_MAX, &body.labels_len);
    wire_encode(out, &wire_instance_type, &body);
}

void cloud_wish_end(struct cloud_op *op, const struct cloud_instance *row, struct buf *out)
{
    struct wire_instance body;
    if (!fill_instance(op, row, &body))
        return;
    body.want = "";
    body.key = "";
    body.user_data = "";
    wire_encode(out, &wire_instance_type, &body);
}

void cloud_wish_group(struct cloud_op *op, const struct cloud_group *row, struct buf *out)
{
    struct cloud_vpc vpc;
    bool found = cloud_vpc_get(op->store, op->arena, row->account, row->vpc, &vpc);
    INV(found);
    struct wire_group body = {.vpc = row->vpc, .vni = vpc.vni, .name = row->name};
    const struct cloud_rule *rules = cloud_rule_list(op->store, op->arena, row->id,
                                                     &body.rules_len);
    body.rules = arena_alloc(op->arena, (body.rules_len + 1) * sizeof *body.rules);
    for (size_t i = 0; i < body.rules_len; i++)
        body.rules[i] = (struct wire_rule){.egress = rules[i].egress != 0,
                                           .protocol = rules[i].protocol,
                                           .from = rules[i].from_port,
                                           .to = rules[i].to_port,
                                           .cidr = rules[i].cidr,
                                           .group = rules[i].peer};
    wire_encode(out, &wire_group_type, &body);
}

const char *cloud_wish_members_id(struct cloud_op *op, const struct cloud_members_page *page)
{
    return arena_printf(op->arena, "%s/%s", page->grp, cloud_text_address(op, page->base));
}

bool cloud_wish_members(struct cloud_op *op, const struct cloud_group *group,
                        const struct cloud_members_page *page, struct buf *out)
{
    unsigned char bits[CLOUD_MEMBERS_PAGE_BYTES];
    char text[2 * CLOUD_MEMBERS_PAGE_BYTES + 1];
    struct cloud_vpc vpc;
    if (!cloud_members_read(op->store, page, bits))
        return false;
    bool found = cloud_vpc_get(op->store, op->arena, group->account, group->vpc, &vpc);
    INV(found);
    str_hex(text, bits, sizeof bits);
    wire_encode(out, &wire_members_type,
                &(struct wire_members){.group = page->grp,
                                       .vni = vpc.vni,
                                       .base = cloud_text_address(op, page->base),
                                       .bits = text});
    return true;
}

void cloud_wish_image(struct cloud_op *op, const struct cloud_image *row, struct buf *out)
{
    struct wire_image body = {.account = row->account,
                              .bucket = row->bucket,
                              .key = row->key,
                              .name = row->name,
                              .description = row->description,
                              .architecture = row->architecture,
                              .boot_mode = row->boot_mode,
                              .root_device = row->root_device,
                              .snapshot = row->snapshot,
                              .disk_gib = row->disk_gib,
                              .created_ms = row->created_wall_ms};
    const char *const tagged[] = {row->id, row->snapshot};
    body.labels = labels_of(op, tagged, 2, &body.labels_len);
    wire_encode(out, &wire_image_type, &body);
}

void cloud_wish_seed(struct cloud_op *op, const struct cloud_image *row, struct buf *out)
{
    wire_encode(out, &wire_seed_type,
                &(struct wire_seed){.manifest = row->manifest,
                                    .image_bytes = row->size_bytes,
                                    .dos_url = cloud_node_dos_url(op->store, op->arena)});
}

void cloud_wish_type(const struct cloud_type *type, struct buf *out)
{
    wire_encode(out, &wire_shape_type,
                &(struct wire_shape){.vcpus = type->vcpus, .memory_mib = type->memory_mib});
}

static const char *seal_for_link(struct cloud_op *op, const char *link_key_hex, const char *context,
                                 const void *secret, size_t len)
{
    CLEANUP(buf_fini) struct buf sealed = {0};
    struct seal_key key;
    bool is_hex = str_unhex(key.bytes, sizeof key.bytes, link_key_hex);
    INV(is_hex);
    seal_wrap(&key, context, secret, len, op->rng, &sealed);
    seal_key_wipe(&key);
    return arena_strdup(op->arena, buf_str(&sealed));
}

void cloud_wish_key(struct cloud_op *op, const char *link_key_hex,
                    const struct cloud_access_key *row, const struct buf *secret, struct buf *out)
{
    struct wire_key body = {.account = row->account};
    body.sealed = seal_for_link(op, link_key_hex, arena_printf(op->arena, "key|%s", row->id),
                                secret->data, secret->len);
    wire_encode(out, &wire_key_type, &body);
}

void cloud_wish_secret(struct cloud_op *op, const char *link_key_hex, const char *id,
                       const char *secret_hex, struct buf *out)
{
    struct wire_secret body = {.sealed = NULL};
    body.sealed = seal_for_link(op, link_key_hex, arena_printf(op->arena, "secret|%s", id),
                                secret_hex, strlen(secret_hex));
    wire_encode(out, &wire_secret_type, &body);
}
