/* returned.h - what children returned after a restore: their live wishes and tombstones, verbatim.
 * Table returned, which is proto/sync's; it stands only while a merge runs. */
#pragma once

#include "cloud-manager/store/row.h"

#include <stdbool.h>

struct cloud_returned {
    const char *node, *id;
    int64_t generation;
    const char *gone; /* "" = it lives there */
    const char *body; /* of the wish */
    bool is_older;    /* than what this store wishes: the cluster had not heard of that; the merge
                         says it */
};

/* Of that kind, by id and node. */
struct cloud_returned *cloud_returned_list(struct store *st, struct arena *arena, const char *kind,
                                           size_t *len);
/* Did any child return something of that id, living? */
bool cloud_returned_lives(struct store *st, const char *kind, const char *id);
