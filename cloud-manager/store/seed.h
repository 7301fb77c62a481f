/* seed.h - images that every host of a zone is to have before anybody starts from them. Table seed.
 */
#pragma once

#include "cloud-manager/store/row.h"

#include <stdbool.h>

#define CLOUD_SEED_ROW(TEXT, INT)                        \
    TEXT(node) /* the cluster of the zone */             \
    TEXT(image)                                          \
    INT(generation) /* grows with each change of mind */ \
    INT(is_wanted)  /* 0: it was */                      \
    /* as the cluster said last: */                      \
    INT(hosts)   /* of the zone, */                      \
    INT(whole)   /* and those that have it whole */      \
    TEXT(detail) /* what stands in the way of one */

struct cloud_seed {
    ROW_FIELDS(CLOUD_SEED_ROW)
};

/* Wished from now on, or no longer; writes nothing where it is so already. */
void cloud_seed_want(struct store *st, const char *node, const char *image, bool is_wanted);
/* As its cluster has it, unless that is older than what was ordered here: it may be the one whose
 * store went back. */
void cloud_seed_recover(struct store *st, const char *node, const char *image, int64_t generation,
                        bool is_wanted);
/* Wished in no zone any more: it was deregistered. */
void cloud_seed_end(struct store *st, const char *image);
/* Nothing of the image is left. */
void cloud_seed_forget(struct store *st, const char *image);
/* What was said under its `generation`; under an older one it changes nothing. */
void cloud_seed_set_seen(struct store *st, const struct cloud_seed *row);
/* Those that are wished, by image and cluster. */
struct cloud_seed *cloud_seed_list(struct store *st, struct arena *arena, size_t *len);
/* What the clusters have not been told, in order. */
struct cloud_seed *cloud_seed_list_dirty(struct store *st, struct arena *arena, size_t *len);
/* It was told. */
void cloud_seed_settled(struct store *st, const char *node, const char *image);
