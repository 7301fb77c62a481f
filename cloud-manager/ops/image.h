/* image.h - machine images: registered from an object in dos, imported by dos. */
#pragma once

#include "cloud-manager/ops/op.h"
#include "cloud-manager/ops/tag.h"
#include "cloud-manager/store/image.h"
#include "proto/wire/messages.h"

struct cloud_registration {
    const char *name, *description; /* 3 to 128 characters; up to 255 */
    const char *location;           /* "bucket/key" in dos */
    const char *architecture, *boot_mode, *root_device;
    int64_t disk_gib; /* of the root mapping; 0 = as large as the image */
    struct cloud_tag_specs tags;
};

/* ERR_IMAGE_NAME_*, ERR_INVALID_PARAMETER, ERR_UNAVAILABLE when no dos has joined. */
enum err_code cloud_image_register(struct cloud_op *op, const struct cloud_registration *r,
                                   const char **id, struct err *err);
enum err_code cloud_image_deregister(struct cloud_op *op, const char *id, struct err *err);
/* Those that the caller may launch, all or those named. */
enum err_code cloud_images_describe(struct cloud_op *op, const char *const *ids, size_t len,
                                    struct cloud_image **out, size_t *out_len, struct err *err);
/* The images whose snapshots those are: all of the caller's, or those named.
 * ERR_SNAPSHOT_NOT_FOUND. */
enum err_code cloud_snapshots_describe(struct cloud_op *op, const char *const *ids, size_t len,
                                       struct cloud_image **out, size_t *out_len, struct err *err);
/* A fact of kind "image" from dos. */
void cloud_image_hear(struct cloud_op *op, const char *node, const struct wire_item *fact);
