/* cache.h - which images' bases go when their room is wanted: pure.
 *
 * A base that something stands on never goes, however full it is; of the others the one that was
 * used longest ago goes first, until both bounds hold. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host_cached {
    int64_t used_ms, size_bytes;
    bool is_pinned; /* in use, or being fetched */
    bool goes;      /* the decision */
    size_t number;  /* the caller's, and the order of equals */
};

struct host_cache_bounds {
    int64_t cache_bytes;             /* all bases together */
    int64_t total_bytes, free_bytes; /* of their file system */
    int64_t free_percent;            /* of it to be kept free */
};

/* Do bases go where some may? */
bool host_cache_is_full(int64_t cached_bytes, const struct host_cache_bounds *b);
/* Sorts by last use and marks what goes. */
void host_cache_choose(struct host_cached *all, size_t len, const struct host_cache_bounds *b);
