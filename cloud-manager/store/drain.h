/* drain.h - hosts that are to take no new instances. Table drained. */
#pragma once

#include "cloud-manager/store/row.h"

#include <stdbool.h>

#define CLOUD_DRAIN_ROW(TEXT, INT)                       \
    TEXT(node) /* its cluster */                         \
    TEXT(host)                                           \
    INT(generation) /* grows with each change of mind */ \
    INT(is_wanted)  /* 0: it was, and may take them again */

struct cloud_drain {
    ROW_FIELDS(CLOUD_DRAIN_ROW)
};

/* Wished from now on, or no longer; writes nothing where it is so already. */
void cloud_drain_want(struct store *st, const char *node, const char *host, bool is_wanted);
bool cloud_drain_has(struct store *st, const char *node, const char *host);
/* What the clusters have not been told, in order. */
struct cloud_drain *cloud_drain_list_dirty(struct store *st, struct arena *arena, size_t *len);
/* They were told. */
void cloud_drains_settled(struct store *st);
