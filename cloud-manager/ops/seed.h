/* seed.h - images that every host of a zone has before anybody starts from them, for admins. */
#pragma once

#include "cloud-manager/ops/op.h"
#include "cloud-manager/store/seed.h"
#include "proto/wire/messages.h"

struct cloud_seeding {
    const struct cloud_seed *row;
    const char *name; /* of the image */
    const char *zone;
};

/* The image, of whatever account, is to be on the hosts of that zone, or no longer has to.
 * ERR_IMAGE_*, ERR_INVALID_PARAMETER where there is no such zone. */
enum err_code cloud_image_seed(struct cloud_op *op, enum cloud_action_id action, const char *image,
                               const char *zone, struct err *err);
/* What is wished so, by image and zone. */
enum err_code cloud_seeds_describe(struct cloud_op *op, struct cloud_seeding **out, size_t *len,
                                   struct err *err);
/* A fact of kind "seed" from a cluster. */
void cloud_seed_hear(struct cloud_op *op, const char *node, const struct wire_item *fact);
/* After a restore: what clusters returned is the last that an admin wished. */
void cloud_recover_seeds(struct cloud_op *op);
