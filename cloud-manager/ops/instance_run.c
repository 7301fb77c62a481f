/* instance_run.c - RunInstances: every check, then all rows, in one transaction. */
#include "base/id.h"
#include "base/str.h"
#include "cloud-manager/ops/image_share.h"
#include "cloud-manager/ops/instance.h"
#include "cloud-manager/ops/place.h"
#include "cloud-manager/ops/port_groups.h"
#include "cloud-manager/ops/public_address.h"
#include "cloud-manager/ops/room.h"
#include "cloud-manager/store/account.h"
#include "cloud-manager/store/group.h"
#include "cloud-manager/store/image.h"
#include "cloud-manager/store/key_pair.h"
#include "cloud-manager/store/replay.h"

#include <string.h>

/* Everything that was looked up. */
struct found {
    const struct cloud_type *type;
    struct cloud_image image;
    struct cloud_key_pair key;
    struct cloud_place place;
    struct cloud_port_group groups[CLOUD_PORT_GROUPS_MAX];
    size_t groups_len;
    int64_t disk_gib;
    int64_t count;
};

static enum err_code find_image(struct cloud_op *op, const struct cloud_launch *launch,
                                struct cloud_image *image, struct err *err)
{
    if (cloud_image_find(op, launch->image, image, err) != ERR_OK)
        return err->code;
    if (!str_eq(image->state, "available"))
        return err_set(err, ERR_IMAGE_UNAVAILABLE,
                       "The image ID '%s' is %s; it can be used once it is available",
                       launch->image, image->state);
    return ERR_OK;
}

static enum err_code check_disk(const struct cloud_launch *launch, struct found *f, struct err *err)
{
    if (*launch->device != '\0' && !str_eq(launch->device, f->image.root_device))
        return err_set(err, ERR_UNSUPPORTED, "Only the root device %s can be mapped, not %.64s",
                       f->image.root_device, launch->device);
    f->disk_gib = launch->disk_gib > 0 ? launch->disk_gib : f->image.disk_gib;
    if (!f->image.is_cdrom && f->disk_gib < f->image.disk_gib)
        return err_set(err, ERR_BLOCK_DEVICE,
                       "Volume of size %lldGB is smaller than snapshot '%s', expect size>= %lldGB",
                       (long long)f->disk_gib, f->image.snapshot, (long long)f->image.disk_gib);
    return ERR_OK;
}

static enum err_code find_all(struct cloud_op *op, const struct cloud_launch *launch,
                              struct found *f, struct err *err)
{
    f->type = cloud_type_get(launch->type);
    if (f->type == NULL)
        return err_set(err, ERR_INSTANCE_TYPE, "The instance type '%.64s' does not exist",
                       launch->type);
    if (find_image(op, launch, &f->image, err) != ERR_OK || check_disk(launch, f, err) != ERR_OK)
        return err->code;
    f->key = (struct cloud_key_pair){.name = "", .line = ""};
    if (*launch->key_name != '\0' &&
        !cloud_key_pair_get(op->store, op->arena, op->account, launch->key_name, &f->key))
        return err_set(err, ERR_KEY_PAIR_NOT_FOUND, "The key pair '%.100s' does not exist",
                       launch->key_name);
    if (cloud_place_choose(op, launch, f->type, f->disk_gib, &f->place, err) != ERR_OK)
        return err->code;
    return cloud_place_groups(op, launch, f->place.subnet.vpc, f->groups, &f->groups_len, err);
}

static int64_t left(int64_t quota, int64_t otherwise, int64_t used)
{
    int64_t limit = quota >= 0 ? quota : otherwise;
    return limit > used ? limit - used : 0;
}

/* How many: as many as wanted, quota and room allow; never fewer than the minimum. */
static enum err_code count_allowed(struct cloud_op *op, const struct cloud_launch *launch,
                                   struct found *f, struct err *err)
{
    struct cloud_usage u = cloud_usage_get(op->store, op->account);
    int64_t instances = left(u.quota_instances, op->config->quota_instances, u.instances);
    int64_t vcpus = left(u.quota_vcpus, op->config->quota_vcpus, u.vcpus);
    int64_t by_vcpus = vcpus / f->type->vcpus;
    if (instances < launch->min)
        return err_set(err, ERR_INSTANCE_LIMIT,
                       "You have requested %lld instances, but your quota leaves room for %lld",
                       (long long)launch->min, (long long)instances);
    if (by_vcpus < launch->min)
        return err_set(err, ERR_VCPU_LIMIT,
                       "You have requested more vCPU capacity than your quota leaves: %lld vCPUs, "
                       "enough for %lld of %s",
                       (long long)vcpus, (long long)by_vcpus, f->type->name);
    if (f->place.fits < launch->min)
        return err_set(err, ERR_NO_CAPACITY,
                       "We currently do not have sufficient %s capacity in the zone %s: %lld of "
                       "%lld would fit with a root disk of %lld GiB",
                       f->type->name, cloud_zone_name(op, f->place.node.letter),
                       (long long)f->place.fits, (long long)launch->min, (long long)f->disk_gib);
    f->count = launch->max;
    f->count = f->count < instances ? f->count : instances;
    f->count = f->count < by_vcpus ? f->count : by_vcpus;
    f->count = f->count < f->place.fits ? f->count : f->place.fits;
    return ERR_OK;
}

static enum err_code add_port(struct cloud_op *op, const struct cloud_launch *launch,
                              struct found *f, const char *instance, struct err *err)
{
    const char *groups[CLOUD_PORT_GROUPS_MAX];
    const char *id = cloud_id(op, "eni");
    struct cloud_port port = {.id = id,
                              .account = op->account,
                              .vpc = f->place.subnet.vpc,
                              .subnet = f->place.subnet.id,
                              .instance = instance,
                              .mac = cloud_place_mac(op, id),
                              .description = launch->description,
                              .created_wall_ms = op->wall_ms};
    if (cloud_place_address(op, &f->place.subnet, launch->address, &port.address, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < f->groups_len; i++)
        groups[i] = f->groups[i].id;
    cloud_port_insert(op->store, &port, f->place.node.name, groups, f->groups_len);
    return cloud_tag_new(op, port.id, "network-interface", &launch->tags, err);
}

static enum err_code add_volume(struct cloud_op *op, const struct cloud_launch *launch,
                                const struct found *f, const char *instance, struct err *err)
{
    struct cloud_volume volume = {.id = cloud_id(op, "vol"),
                                  .account = op->account,
                                  .instance = instance,
                                  .snapshot = f->image.snapshot,
                                  .letter = f->place.node.letter,
                                  .size_gib = f->disk_gib,
                                  .type = launch->volume_type,
                                  .device = f->image.root_device,
                                  .created_wall_ms = op->wall_ms};
    cloud_volume_insert(op->store, &volume);
    return cloud_tag_new(op, volume.id, "volume", &launch->tags, err);
}

/* A default subnet gives one, as long as the operator has given the cloud any. */
static bool wants_public(const struct cloud_op *op, const struct cloud_launch *launch)
{
    return launch->public_address == CLOUD_PUBLIC_YES ||
           (launch->public_address == CLOUD_PUBLIC_AS_SUBNET && op->config->pool.len > 0);
}

static enum err_code add_public(struct cloud_op *op, const struct cloud_launch *launch,
                                const struct cloud_instance *row, struct err *err)
{
    if (row->is_public && !cloud_public_lend(op, row) && launch->public_address == CLOUD_PUBLIC_YES)
        return err_set(err, ERR_ADDRESS_CAPACITY, "There is no free public address");
    return ERR_OK;
}

static struct cloud_instance make_row(struct cloud_op *op, const struct cloud_launch *launch,
                                      const struct found *f, const char *reservation)
{
    return (struct cloud_instance){.id = cloud_id(op, "i"),
                                   .account = op->account,
                                   .reservation = reservation,
                                   .minimum = launch->min,
                                   .count = f->count,
                                   .image = f->image.id,
                                   .manifest = f->image.manifest,
                                   .image_bytes = f->image.size_bytes,
                                   .is_cdrom = f->image.is_cdrom,
                                   .architecture = f->image.architecture,
                                   .boot_mode = f->image.boot_mode,
                                   .type = f->type->name,
                                   .vcpus = f->type->vcpus,
                                   .memory_mib = f->type->memory_mib,
                                   .key_name = f->key.name,
                                   .key = f->key.line,
                                   .user_data = launch->user_data,
                                   .client_token = launch->client_token,
                                   .on_shutdown = launch->on_shutdown,
                                   .no_terminate = launch->no_terminate,
                                   .no_stop = launch->no_stop,
                                   .is_monitored = launch->is_monitored,
                                   .imds_off = launch->imds.is_off,
                                   .imds_required = launch->imds.is_required,
                                   .imds_tags = launch->imds.shows_tags,
                                   .imds_hops = launch->imds.hops,
                                   .is_public = wants_public(op, launch),
                                   .root_device = f->image.root_device,
                                   .letter = f->place.node.letter,
                                   .node = f->place.node.name,
                                   .vpc = f->place.subnet.vpc,
                                   .subnet = f->place.subnet.id,
                                   .launch_wall_ms = op->wall_ms,
                                   .want = CLOUD_WANT_RUNNING,
                                   .generation = 1,
                                   .sent_rev = CLOUD_NOT_SENT,
                                   .seen = CLOUD_SEEN_NOTHING,
                                   .state = CLOUD_INSTANCE_PENDING,
                                   .status = "",
                                   .status_why = "",
                                   .step = "",
                                   .reason_code = "",
                                   .reason = "",
                                   .is_live = 1,
                                   .is_dirty = 1};
}

static enum err_code add_all(struct cloud_op *op, const struct cloud_launch *launch,
                             struct found *f, const char *reservation, struct cloud_instances *out,
                             struct err *err)
{
    out->list = arena_alloc(op->arena, (size_t)f->count * sizeof *out->list);
    for (int64_t i = 0; i < f->count; i++) {
        struct cloud_instance *row = &out->list[out->len++];
        *row = make_row(op, launch, f, reservation);
        row->launch_index = i;
        cloud_instance_insert(op->store, row);
        if (add_volume(op, launch, f, row->id, err) != ERR_OK ||
            add_port(op, launch, f, row->id, err) != ERR_OK ||
            add_public(op, launch, row, err) != ERR_OK ||
            cloud_tag_new(op, row->id, "instance", &launch->tags, err) != ERR_OK)
            return err->code;
    }
    cloud_room_take(op, f->place.node.name, f->type, f->count, f->disk_gib);
    return ERR_OK;
}

/* I4: one set of resources for one token, ever. */
static bool is_repeat(struct cloud_op *op, const struct cloud_launch *launch,
                      struct cloud_instances *out, struct err *err)
{
    struct cloud_token token;
    if (*launch->client_token == '\0' ||
        !cloud_token_get(op->store, op->arena, op->account, "RunInstances", launch->client_token,
                         &token))
        return false;
    if (!str_eq(token.hash, launch->params_hash))
        err_set(err, ERR_IDEMPOTENT_MISMATCH,
                "Arguments on this idempotent request are inconsistent with arguments used in "
                "previous request(s).");
    *out = cloud_instance_list_reservation(op->store, op->arena, op->account, token.reservation);
    return true;
}

enum err_code cloud_instance_run(struct cloud_op *op, const struct cloud_launch *launch,
                                 struct cloud_instances *out, struct err *err)
{
    struct found f = {0};
    if (cloud_authorize(op, CLOUD_DO_RUN_INSTANCES, err) != ERR_OK)
        return err->code;
    if (is_repeat(op, launch, out, err))
        return err->code;
    if (find_all(op, launch, &f, err) != ERR_OK || count_allowed(op, launch, &f, err) != ERR_OK)
        return err->code;
    const char *reservation = cloud_id(op, "r");
    if (*launch->client_token != '\0')
        cloud_token_insert(op->store, op->account, "RunInstances", launch->client_token,
                           &(struct cloud_token){launch->params_hash, reservation});
    return add_all(op, launch, &f, reservation, out, err);
}
