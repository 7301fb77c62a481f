/* image.c - machine images. */
#include "cloud-manager/ops/image.h"

#include "base/id.h"
#include "base/log.h"
#include "base/str.h"
#include "cloud-manager/ops/image_share.h"
#include "cloud-manager/store/node.h"
#include "cloud-manager/store/seed.h"

#include <string.h>

/* What is installed from a medium goes onto a disk of this size where nobody says another one. */
enum { GIB_SHIFT = 30, EMPTY_GIB = 8 };

static const char name_characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789()[] ./-'@_";

static enum err_code check_name(struct cloud_op *op, const char *name, struct err *err)
{
    size_t len = strlen(name);
    if (len < 3 || len > 128 || strspn(name, name_characters) != len)
        return err_set(err, ERR_IMAGE_NAME_MALFORMED,
                       "AMI names must be from 3 to 128 characters of letters, digits and "
                       "()[] ./-'@_");
    if (cloud_image_name_is_taken(op->store, op->account, name))
        return err_set(err, ERR_IMAGE_NAME_DUPLICATE, "AMI name %s is already in use", name);
    return ERR_OK;
}

/* "bucket/key", with or without a leading slash or "s3://". */
static enum err_code split_location(struct cloud_op *op, const char *location, const char **bucket,
                                    const char **key, struct err *err)
{
    location += str_has_prefix(location, "s3://") ? 5 : *location == '/';
    const char *slash = strchr(location, '/');
    size_t len = slash != NULL ? (size_t)(slash - location) : 0;
    if (len < 3 || len > 63 || slash[1] == '\0' || strlen(slash + 1) > 1024)
        return err_set(err, ERR_INVALID_PARAMETER,
                       "The image location must be BUCKET/KEY of an object");
    *bucket = arena_strndup(op->arena, location, len);
    *key = arena_strdup(op->arena, slash + 1);
    return ERR_OK;
}

enum err_code cloud_image_register(struct cloud_op *op, const struct cloud_registration *r,
                                   const char **id, struct err *err)
{
    struct cloud_image row = {.name = r->name,
                              .description = r->description,
                              .architecture = r->architecture,
                              .boot_mode = r->boot_mode,
                              .root_device = r->root_device,
                              .disk_gib = r->disk_gib,
                              .is_named = 1,
                              .generation = 1,
                              .state = "pending",
                              .manifest = "",
                              .detail = "",
                              .is_dirty = 1};
    size_t len;
    if (cloud_authorize(op, CLOUD_DO_REGISTER_IMAGE, err) != ERR_OK ||
        check_name(op, r->name, err) != ERR_OK ||
        split_location(op, r->location, &row.bucket, &row.key, err) != ERR_OK)
        return err->code;
    const struct cloud_node *dos = cloud_node_list(op->store, op->arena, "dos", &len);
    if (len == 0)
        return err_set(err, ERR_UNAVAILABLE,
                       "No object store has joined this cloud: there is nothing to import from");
    row.id = *id = cloud_id(op, "ami");
    row.account = op->account;
    row.snapshot = cloud_id(op, "snap");
    row.node = dos[0].name;
    row.created_wall_ms = op->wall_ms;
    if (!cloud_image_insert(op->store, &row))
        return err_set(err, ERR_IMAGE_NAME_DUPLICATE, "AMI name %s is already in use", r->name);
    if (cloud_tag_new(op, row.snapshot, "snapshot", &r->tags, err) != ERR_OK)
        return err->code;
    return cloud_tag_new(op, row.id, "image", &r->tags, err);
}

enum err_code cloud_image_deregister(struct cloud_op *op, const char *id, struct err *err)
{
    struct cloud_image row = {0};
    if (cloud_image_own(op, CLOUD_DO_DEREGISTER_IMAGE, id, &row, err) != ERR_OK)
        return err->code;
    cloud_image_set_unnamed(op->store, id);
    cloud_seed_end(op->store, id);
    cloud_tag_delete_all(op->store, id);
    cloud_tag_delete_all(op->store, row.snapshot);
    return ERR_OK;
}

enum err_code cloud_images_describe(struct cloud_op *op, const char *const *ids, size_t len,
                                    struct cloud_image **out, size_t *out_len, struct err *err)
{
    if (cloud_authorize(op, CLOUD_DO_DESCRIBE_IMAGES, err) != ERR_OK)
        return err->code;
    if (len == 0) {
        *out = cloud_image_list(op->store, op->arena, op->account, out_len);
        return ERR_OK;
    }
    *out = arena_alloc(op->arena, len * sizeof **out);
    for (*out_len = 0; *out_len < len; (*out_len)++)
        if (cloud_image_find(op, ids[*out_len], &(*out)[*out_len], err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

/* An image may be shared; its snapshot never is. */
static struct cloud_image *list_own(struct cloud_op *op, size_t *len)
{
    size_t all_len;
    struct cloud_image *rows = cloud_image_list(op->store, op->arena, op->account, &all_len);
    *len = 0;
    for (size_t i = 0; i < all_len; i++)
        if (str_eq(rows[i].account, op->account))
            rows[(*len)++] = rows[i];
    return rows;
}

enum err_code cloud_snapshots_describe(struct cloud_op *op, const char *const *ids, size_t len,
                                       struct cloud_image **out, size_t *out_len, struct err *err)
{
    size_t all_len;
    if (cloud_authorize(op, CLOUD_DO_DESCRIBE_SNAPSHOTS, err) != ERR_OK)
        return err->code;
    struct cloud_image *all = list_own(op, &all_len);
    *out = all;
    *out_len = all_len;
    if (len == 0)
        return ERR_OK;
    *out = arena_alloc(op->arena, len * sizeof **out);
    for (*out_len = 0; *out_len < len; (*out_len)++) {
        size_t at = 0;
        while (at < all_len && !str_eq(all[at].snapshot, ids[*out_len]))
            at++;
        if (at == all_len)
            return err_set(err, ERR_SNAPSHOT_NOT_FOUND, "The snapshot '%.64s' does not exist.",
                           ids[*out_len]);
        (*out)[*out_len] = all[at];
    }
    return ERR_OK;
}

/* Of the root disks that are made of it: no smaller than the image, but a medium is not on them. */
static int64_t disk_gib_of(const struct cloud_image *row, const struct wire_image_seen *said)
{
    int64_t gib = (said->size_bytes + ((int64_t)1 << GIB_SHIFT) - 1) >> GIB_SHIFT;
    if (said->cdrom)
        return row->disk_gib > 0 ? row->disk_gib : EMPTY_GIB;
    return row->disk_gib > gib ? row->disk_gib : gib;
}

static void hear_progress(struct cloud_op *op, const struct cloud_image *row,
                          const struct wire_image_seen *said)
{
    struct cloud_image_progress now = {.state = said->state,
                                       .manifest = said->manifest,
                                       .detail = said->detail,
                                       .size_bytes = said->size_bytes,
                                       .is_cdrom = said->cdrom,
                                       .disk_gib = disk_gib_of(row, said),
                                       .percent = said->percent};
    bool is_word = str_eq(now.state, "pending") || str_eq(now.state, "available") ||
                   str_eq(now.state, "failed");
    /* What was available once stays so: a user sees states move forward only. */
    if (!is_word || (str_eq(row->state, "available") && !str_eq(now.state, "available")))
        return;
    cloud_image_set_progress(op->store, row->id, &now);
    if (!str_eq(row->state, now.state))
        log_info("image.state", "id", row->id, "state", now.state, "detail", now.detail, NULL);
}

void cloud_image_hear(struct cloud_op *op, const char *node, const struct wire_item *fact)
{
    struct cloud_image row;
    struct wire_image_seen said = {0};
    struct err err = {0};
    if (!cloud_image_get(op->store, op->arena, fact->id, &row) || !str_eq(row.node, node))
        return;
    if (*fact->gone != '\0') {
        if (fact->generation >= row.sent_generation && row.is_named == 0)
            cloud_image_set_gone(op->store, row.id);
        return;
    }
    if (*fact->error != '\0')
        said = (struct wire_image_seen){.state = "failed", .detail = fact->error, .manifest = ""};
    else if (wire_decode(&wire_image_seen_type, fact->body, strlen(fact->body), op->arena, &said,
                         &err) != ERR_OK) {
        log_error("image.fact_malformed", "id", fact->id, "why", err.text, NULL);
        return;
    }
    hear_progress(op, &row, &said);
}
