/* recover.c - the merge after a restore. Independent of the order of what was returned: each id is
 * at one cluster, and a deletion wins over everything. */
#include "cloud-manager/ops/recover.h"

#include "base/log.h"
#include "base/str.h"
#include "cloud-manager/model/address.h"
#include "cloud-manager/model/boot.h"
#include "cloud-manager/ops/instance.h"
#include "cloud-manager/ops/public_address.h"
#include "cloud-manager/ops/seed.h"
#include "cloud-manager/store/account.h"
#include "cloud-manager/store/group.h"
#include "cloud-manager/store/image.h"
#include "cloud-manager/store/node.h"
#include "cloud-manager/store/replay.h"
#include "cloud-manager/store/returned.h"
#include "cloud-manager/store/tag.h"

#include <string.h>

enum { GIB_SHIFT = 30 };

static void end_row(struct cloud_op *op, struct cloud_instance *row, const char *code,
                    const char *reason)
{
    row->want = CLOUD_WANT_TERMINATED;
    row->reason_code = code;
    row->reason = reason;
    row->reason_wall_ms = op->wall_ms;
    row->state = cloud_instance_state_show((enum cloud_instance_state)row->state,
                                           CLOUD_WANT_TERMINATED, CLOUD_SEEN_NOTHING, false);
    cloud_instance_save_want(op->store, row);
    cloud_public_part(op, row, row->generation + 1);
}

/* ---- what wishes carry for the cloud itself ------------------------------------------------- */

static void take_labels(struct cloud_op *op, const char *account, const struct wire_label *tags,
                        size_t len)
{
    for (size_t i = 0; i < len; i++)
        cloud_tag_save(op->store, account,
                       &(struct cloud_tag){tags[i].of, tags[i].key, tags[i].value});
}

/* I4: a token that was given before the restore stands for what it stood for. */
static void take_token(struct cloud_op *op, const struct wire_instance *body)
{
    struct cloud_token token;
    if (*body->client_token != '\0' && !cloud_token_get(op->store, op->arena, body->account,
                                                        "RunInstances", body->client_token, &token))
        cloud_token_insert(op->store, body->account, "RunInstances", body->client_token,
                           &(struct cloud_token){body->token_hash, body->reservation});
}

static bool decode(struct cloud_op *op, const struct cloud_returned *r, struct wire_instance *body)
{
    struct err err = {0};
    if (wire_decode(&wire_instance_type, r->body, strlen(r->body), op->arena, body, &err) == ERR_OK)
        return true;
    log_error("recovery.malformed", "id", r->id, "node", r->node, "why", err.text, NULL);
    return false;
}

static const char *boot_mode_of(const char *returned)
{
    return cloud_boot_mode_is(returned) ? returned : CLOUD_BOOT_BIOS;
}

static struct cloud_instance row_of(const struct cloud_returned *r,
                                    const struct wire_instance *body, const struct cloud_node *node)
{
    return (struct cloud_instance){.id = r->id,
                                   .account = body->account,
                                   .reservation = body->reservation,
                                   .launch_index = body->launch_index,
                                   .minimum = body->minimum,
                                   .count = body->count,
                                   .image = body->image,
                                   .manifest = body->manifest,
                                   .image_bytes = body->image_bytes,
                                   .is_cdrom = body->cdrom,
                                   .architecture = "x86_64",
                                   .boot_mode = boot_mode_of(body->boot_mode),
                                   .type = body->type,
                                   .vcpus = body->vcpus,
                                   .memory_mib = body->memory_mib,
                                   .key_name = body->key_name,
                                   .key = body->key,
                                   .user_data = body->user_data,
                                   .client_token = body->client_token,
                                   .on_shutdown = *body->on_shutdown != '\0' ? body->on_shutdown
                                                                             : "stop",
                                   .imds_off = body->imds_off,
                                   .imds_required = body->imds_required,
                                   .imds_tags = body->imds_tags,
                                   .imds_hops = body->imds_hops,
                                   .root_device = body->root_device,
                                   .letter = node->letter,
                                   .node = node->name,
                                   .vpc = "",
                                   .subnet = "",
                                   .launch_wall_ms = body->launch_ms,
                                   .generation = r->generation,
                                   .sent_rev = CLOUD_NOT_SENT,
                                   .reboot_n = body->reboot_n,
                                   .has_run = 1, /* it may have: its disk is never thrown away */
                                   .status = "",
                                   .status_why = "",
                                   .step = "",
                                   .reason_code = "",
                                   .reason = ""};
}

static void forget_tags(struct cloud_op *op, const char *instance)
{
    struct cloud_volume volume;
    struct cloud_port port;
    cloud_tag_delete_all(op->store, instance);
    if (cloud_volume_of_instance(op->store, op->arena, instance, &volume))
        cloud_tag_delete_all(op->store, volume.id);
    if (cloud_port_of_instance(op->store, op->arena, instance, &port))
        cloud_tag_delete_all(op->store, port.id);
}

/* Only what is stopped is started: one that the backup has as stopping was stopped meanwhile. */
static void take_start(struct cloud_instance *row, const struct wire_instance *body)
{
    if (row->state == CLOUD_INSTANCE_STOPPING)
        row->state = CLOUD_INSTANCE_STOPPED;
    row->launch_wall_ms = body->launch_ms;
    row->reason_code = row->reason = "";
}

/* A newer want than ours is the owner's last word. */
static void take_want(struct cloud_op *op, struct cloud_instance *row,
                      const struct cloud_returned *r, const struct wire_instance *body)
{
    if (r->generation <= row->generation)
        return;
    if (row->want == CLOUD_WANT_STOPPED && !str_eq(body->want, "stopped"))
        take_start(row, body);
    row->want = str_eq(body->want, "stopped") ? CLOUD_WANT_STOPPED : CLOUD_WANT_RUNNING;
    row->reboot_n = body->reboot_n;
    row->state = cloud_instance_state_show((enum cloud_instance_state)row->state,
                                           (enum cloud_want)row->want, CLOUD_SEEN_NOTHING, false);
    cloud_instance_raise(op->store, r->id, r->generation);
    cloud_instance_save_want(op->store, row);
    if (row->want != CLOUD_WANT_RUNNING)
        cloud_public_part(op, row, r->generation + 1);
}

/* What else of it was changed after the backup, which may be under the same generation. */
static void take_attributes(struct cloud_op *op, struct cloud_instance *row,
                            const struct cloud_returned *r, const struct wire_instance *body)
{
    if (r->generation < row->generation)
        return;
    row->type = body->type;
    row->vcpus = body->vcpus;
    row->memory_mib = body->memory_mib;
    row->user_data = body->user_data;
    row->imds_off = body->imds_off;
    row->imds_required = body->imds_required;
    row->imds_tags = body->imds_tags;
    row->imds_hops = body->imds_hops;
    row->on_shutdown = *body->on_shutdown != '\0' ? body->on_shutdown : row->on_shutdown;
    cloud_instance_save_attributes(op->store, row);
    forget_tags(op, row->id);
    take_labels(op, row->account, body->labels, body->labels_len);
    cloud_instance_tell_again(op->store, row->id); /* the wish of the backup is older, too */
}

/* ---- what was made after the backup -------------------------------------------------------- */

/* In a conflict the row that no child returned gives way. */
static void clear_address(struct cloud_op *op, const char *vpc, int64_t address, const char *mac)
{
    struct cloud_port port;
    struct cloud_instance row;
    while (cloud_port_by_address(op->store, op->arena, vpc, address, mac, &port)) {
        cloud_port_delete(op->store, port.id);
        if (cloud_instance_get(op->store, op->arena, port.instance, &row) && row.is_live &&
            row.want != CLOUD_WANT_TERMINATED)
            end_row(op, &row, "Server.InternalError",
                    "Server.InternalError: its address was found with another instance after a "
                    "restore");
    }
}

static void adopt_port(struct cloud_op *op, const struct wire_instance *body, const char *id,
                       const char *node, int64_t address)
{
    const char *groups[CLOUD_PORT_GROUPS_MAX];
    size_t len = cloud_recover_known_groups(op, body, groups);
    clear_address(op, body->port->vpc, address, body->port->mac);
    struct cloud_port port = {.id = body->port->id,
                              .account = body->account,
                              .vpc = body->port->vpc,
                              .subnet = body->port->subnet,
                              .instance = id,
                              .mac = body->port->mac,
                              .address = address,
                              .description = "",
                              .created_wall_ms = body->launch_ms};
    cloud_port_insert(op->store, &port, node, groups, len);
}

/* An address is given out again only after the gone fact of who had it: of two that have ended, the
 * one that was launched later may still be there. */
static bool is_held_by_another(struct cloud_op *op, const struct wire_instance *body,
                               int64_t address)
{
    struct cloud_port port;
    struct cloud_instance row;
    if (!cloud_port_by_address(op->store, op->arena, body->port->vpc, address, body->port->mac,
                               &port))
        return false;
    return !cloud_instance_get(op->store, op->arena, port.instance, &row) ||
           row.want != CLOUD_WANT_TERMINATED || row.launch_wall_ms > body->launch_ms;
}

static void adopt_rows(struct cloud_op *op, const struct cloud_returned *r,
                       const struct wire_instance *body, const struct cloud_node *node,
                       int64_t address)
{
    bool is_stopped = str_eq(body->want, "stopped"), is_ended = *r->gone != '\0';
    struct cloud_instance row = row_of(r, body, node);
    row.vpc = body->port->vpc;
    row.subnet = body->port->subnet;
    row.groups_n = body->port->groups_n;
    row.want = is_ended     ? CLOUD_WANT_TERMINATED
               : is_stopped ? CLOUD_WANT_STOPPED
                            : CLOUD_WANT_RUNNING;
    row.state = is_ended     ? CLOUD_INSTANCE_SHUTTING_DOWN
                : is_stopped ? CLOUD_INSTANCE_STOPPING
                             : CLOUD_INSTANCE_PENDING;
    if (is_ended) {
        row.reason_code = "Client.UserInitiatedShutdown";
        row.reason = "Client.UserInitiatedShutdown: User initiated shutdown";
    }
    row.is_public = *body->port->public_address != '\0';
    row.is_live = 1;
    row.is_dirty = 1;
    cloud_instance_insert(op->store, &row);
    take_token(op, body);
    log_warn("recovery.adopted", "id", r->id, "node", r->node, NULL);
    /* What has ended holds its address until its gone fact, unless that was given to another. */
    if (is_ended && is_held_by_another(op, body, address))
        return;
    cloud_volume_insert(op->store, &(struct cloud_volume){.id = body->volume,
                                                          .account = body->account,
                                                          .instance = r->id,
                                                          .snapshot = "",
                                                          .letter = node->letter,
                                                          .size_gib = body->disk_bytes >> GIB_SHIFT,
                                                          .type = "gp2",
                                                          .device = body->root_device,
                                                          .created_wall_ms = body->launch_ms});
    adopt_port(op, body, r->id, node->name, address);
    take_labels(op, body->account, body->labels, body->labels_len);
}

static void adopt(struct cloud_op *op, const struct cloud_returned *r,
                  const struct wire_instance *body)
{
    struct cloud_node node;
    struct cloud_vpc vpc;
    struct cloud_subnet subnet;
    int64_t address;
    if (body->port == NULL || !cloud_address_parse(body->port->address, &address) ||
        !cloud_node_get(op->store, op->arena, r->node, &node) ||
        !cloud_vpc_get(op->store, op->arena, body->account, body->port->vpc, &vpc) ||
        !cloud_subnet_get(op->store, op->arena, body->account, body->port->subnet, &subnet)) {
        log_error("recovery.cannot_adopt", "id", r->id, "node", r->node, "account", body->account,
                  NULL);
        return;
    }
    adopt_rows(op, r, body, &node, address);
}

/* What its host may answer for is nobody else's until that is settled. */
static void take_public(struct cloud_op *op, const struct cloud_returned *r)
{
    struct cloud_instance row;
    struct wire_instance body;
    if (*r->body == '\0' || !decode(op, r, &body) || body.port == NULL ||
        !cloud_instance_get(op->store, op->arena, r->id, &row) || !row.is_live)
        return;
    if (!r->is_older)
        cloud_public_part_with_others(op, &row, body.port->public_address);
    cloud_public_adopt(op, &row, body.port->public_address);
}

/* Its owner ended it after the backup was made. */
static void take_end(struct cloud_op *op, const struct cloud_returned *r)
{
    struct cloud_instance row;
    struct wire_instance body;
    if (!cloud_instance_get(op->store, op->arena, r->id, &row)) {
        if (*r->body != '\0' && decode(op, r, &body))
            adopt(op, r, &body);
        return;
    }
    if (!row.is_live || !str_eq(row.node, r->node))
        return;
    cloud_instance_raise(op->store, r->id, r->generation);
    if (row.want != CLOUD_WANT_TERMINATED)
        end_row(op, &row, "Client.UserInitiatedShutdown",
                "Client.UserInitiatedShutdown: User initiated shutdown");
}

/* An end is never taken back, not by a later wish either (that of a life between two restores): it
 * is told again, above what the cluster holds. */
static void take_living(struct cloud_op *op, struct cloud_instance *row,
                        const struct cloud_returned *r, const struct wire_instance *body)
{
    if (row->want == CLOUD_WANT_TERMINATED) {
        cloud_instance_raise(op->store, row->id, r->generation + 1);
        return;
    }
    take_attributes(op, row, r, body);
    cloud_recover_port_groups(op, row, body);
    take_want(op, row, r, body);
}

static void take_live(struct cloud_op *op, struct cloud_returned *r)
{
    struct cloud_instance row;
    struct wire_instance body;
    if (!decode(op, r, &body))
        return;
    if (!cloud_instance_get(op->store, op->arena, r->id, &row)) {
        adopt(op, r, &body);
    } else if (row.is_live && str_eq(row.node, r->node)) {
        r->is_older = r->generation < row.generation;
        take_living(op, &row, r, &body);
    }
}

/* ---- the rest ------------------------------------------------------------------------------ */

/* Registered after the backup: what its dos says of it is looked at again after the merge. */
static void adopt_image(struct cloud_op *op, const struct cloud_returned *r)
{
    struct wire_image body;
    struct err err = {0};
    if (wire_decode(&wire_image_type, r->body, strlen(r->body), op->arena, &body, &err) != ERR_OK ||
        !cloud_account_known(op->store, body.account) || *body.name == '\0' ||
        !cloud_image_insert(op->store,
                            &(struct cloud_image){.id = r->id,
                                                  .account = body.account,
                                                  .name = body.name,
                                                  .description = body.description,
                                                  .bucket = body.bucket,
                                                  .key = body.key,
                                                  .architecture = body.architecture,
                                                  .boot_mode = boot_mode_of(body.boot_mode),
                                                  .root_device = body.root_device,
                                                  .snapshot = body.snapshot,
                                                  .disk_gib = body.disk_gib,
                                                  .is_named = 1,
                                                  .generation = r->generation,
                                                  .node = r->node,
                                                  .state = "pending",
                                                  .manifest = "",
                                                  .detail = "",
                                                  .created_wall_ms = body.created_ms,
                                                  .is_dirty = 1})) {
        log_error("recovery.cannot_adopt", "id", r->id, "node", r->node, "why", err.text, NULL);
        return;
    }
    take_labels(op, body.account, body.labels, body.labels_len);
    log_warn("recovery.adopted", "id", r->id, "node", r->node, NULL);
}

static void recover_images(struct cloud_op *op)
{
    size_t len;
    const struct cloud_returned *r = cloud_returned_list(op->store, op->arena, "image", &len);
    for (size_t i = 0; i < len; i++) {
        struct cloud_image row;
        bool known = cloud_image_get(op->store, op->arena, r[i].id, &row);
        if (!known && *r[i].gone == '\0')
            adopt_image(op, &r[i]);
        if (known && *r[i].gone != '\0' && row.is_named)
            cloud_image_set_unnamed(op->store, row.id);
        if (known)
            cloud_image_raise(op->store, row.id, r[i].generation);
    }
}

void cloud_recover(struct cloud_op *op)
{
    size_t len;
    struct cloud_returned *r = cloud_returned_list(op->store, op->arena, "instance", &len);
    cloud_recover_groups(op); /* before the ports that are in them */
    for (size_t i = 0; i < len; i++)
        if (*r[i].gone == '\0')
            take_live(op, &r[i]);
    for (size_t i = 0; i < len; i++) {
        if (*r[i].gone == '\0' || cloud_returned_lives(op->store, "instance", r[i].id))
            continue;
        take_end(op, &r[i]);
        take_public(op, &r[i]);
    }
    /* What lives was given its address after everybody before was without it: it comes last. */
    for (size_t i = 0; i < len; i++)
        if (*r[i].gone == '\0')
            take_public(op, &r[i]);
    recover_images(op);
    cloud_recover_seeds(op); /* after the images that they name */
}
