/* image.h - machine images. Table image. */
#pragma once

#include "cloud-manager/store/row.h"

#include <stdbool.h>

#define CLOUD_IMAGE_ROW(TEXT, INT)                                                     \
    TEXT(id) /* ami-... */                                                             \
    TEXT(account)                                                                      \
    TEXT(name)                                                                         \
    TEXT(description)                                                                  \
    TEXT(bucket)                                                                       \
    TEXT(key)                                                                          \
    TEXT(architecture) /* "x86_64", "arm64" */                                         \
    TEXT(boot_mode)    /* model/boot.h */                                              \
    TEXT(root_device)  /* "/dev/sda1" */                                               \
    TEXT(snapshot)     /* snap-... of the root mapping */                              \
    INT(disk_gib)      /* of the root mapping; 0 until the image's size is known */    \
    INT(is_named)      /* not deregistered */                                          \
    INT(generation)                                                                    \
    INT(sent_generation) /* what dos was told; 0 = nothing */                          \
    TEXT(node)           /* the dos that has it */                                     \
    TEXT(state)          /* "pending", "available", "failed": EC2's words and dos's */ \
    INT(is_gone)         /* dos has nothing of it any more */                          \
    TEXT(manifest)                                                                     \
    INT(size_bytes)                                                                    \
    INT(is_cdrom) /* a medium to install or to start from, not a disk */               \
    TEXT(detail)  /* why it failed */                                                  \
    INT(percent)                                                                       \
    INT(created_wall_ms)                                                               \
    INT(is_dirty)

struct cloud_image {
    ROW_FIELDS(CLOUD_IMAGE_ROW)
};

struct cloud_image_progress {
    const char *state, *manifest, *detail;
    int64_t size_bytes, is_cdrom, disk_gib, percent;
};

/* False where the account has a named image of that name. */
bool cloud_image_insert(struct store *st, const struct cloud_image *row);
/* Any image, also one that was deregistered. */
bool cloud_image_get(struct store *st, struct arena *arena, const char *id,
                     struct cloud_image *out);
/* A named one that the account may launch. One statement, whether it is there or another's. */
bool cloud_image_get_shown(struct store *st, struct arena *arena, const char *id,
                           const char *account, struct cloud_image *out);
/* Named ones that the account may launch, its own and others', oldest first. */
struct cloud_image *cloud_image_list(struct store *st, struct arena *arena, const char *account,
                                     size_t *len);
struct cloud_image *cloud_image_list_dirty(struct store *st, struct arena *arena, size_t *len);
bool cloud_image_name_is_taken(struct store *st, const char *account, const char *name);
/* Is an instance that lives made of it? */
bool cloud_image_is_needed(struct store *st, const char *id);

void cloud_image_set_progress(struct store *st, const char *id,
                              const struct cloud_image_progress *progress);
void cloud_image_set_description(struct store *st, const char *id, const char *description);
void cloud_image_set_unnamed(struct store *st, const char *id);
void cloud_image_set_gone(struct store *st, const char *id);
/* After a restore: its generation is at least that. */
void cloud_image_raise(struct store *st, const char *id, int64_t generation);
void cloud_image_touch(struct store *st, const char *id);
/* What was planned is done: `sent_generation` was told. */
void cloud_image_settled(struct store *st, const char *id, int64_t sent_generation);
void cloud_image_delete(struct store *st, const char *id);
