/* image_share.h - what of an image can be changed: its description, and who else may launch it. */
#pragma once

#include "cloud-manager/ops/image.h"

enum { CLOUD_PERMISSIONS_MAX = 1000 };

/* One that the caller may launch, and see: its owner's, of those named, or everybody's. Whoever
 * else asks hears of another's image what is heard of none. ERR_IMAGE_*. */
enum err_code cloud_image_find(struct cloud_op *op, const char *id, struct cloud_image *out,
                               struct err *err);

/* The caller's own; nobody else may read or change what follows. ERR_IMAGE_*. */
enum err_code cloud_image_own(struct cloud_op *op, enum cloud_action_id action, const char *id,
                              struct cloud_image *out, struct err *err);

/* Accounts of 12 digits, or "all". */
struct cloud_share {
    const char **add, **remove;
    size_t add_len, remove_len;
};
/* ERR_IMAGE_USER: what is neither an account nor "all"; ERR_INVALID_PARAMETER: too many. */
enum err_code cloud_image_share(struct cloud_op *op, const char *id,
                                const struct cloud_share *share, struct err *err);
/* At most 255 characters: ERR_INVALID_PARAMETER. */
enum err_code cloud_image_describe_as(struct cloud_op *op, const char *id, const char *description,
                                      struct err *err);
/* Nobody else may launch it any more. */
enum err_code cloud_image_unshare(struct cloud_op *op, const char *id, struct err *err);
