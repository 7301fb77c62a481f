/* zone.h - the room of a zone: sums over its hosts that take new instances, and how many of each
 * type would still start, kept by adding and taking away one host at a time. */
#pragma once

#include "cluster-manager/model/place.h"

enum { ZONE_SHAPES_MAX = 64 };

struct zone_shape {
    char type[64];
    struct room need;
    int64_t count; /* that would still start, host by host */
};

struct zone {
    struct room total, free;
    struct zone_shape shapes[ZONE_SHAPES_MAX];
    size_t shapes_len;
};

/* Counts the host as it is; one that takes no new instances counts nothing. */
void zone_add(struct zone *z, const struct place_host *host);
/* Takes away what it was counted as. */
void zone_take(struct zone *z, const struct place_host *host);
