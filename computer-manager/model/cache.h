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
/* Images that are to be here before anybody starts from them take no more room than there is:
 * beside all that is kept anyway they fit in the cache, and in its file system once everything else
 * has gone. `pinned_bytes` of what is kept, `loose_bytes` of what may go, both as they are now;
 * `size_bytes` is what one more will take, `missing_bytes` what it takes beyond what is here. */
struct host_cache_claim {
    int64_t pinned_bytes, loose_bytes, size_bytes, missing_bytes;
};
/* The bytes that could still be claimed so; negative where even less is there. */
int64_t host_cache_left(const struct host_cache_claim *claim, const struct host_cache_bounds *b);
bool host_cache_fits(const struct host_cache_claim *claim, const struct host_cache_bounds *b);
/* Sorts by last use and marks what goes. */
void host_cache_choose(struct host_cached *all, size_t len, const struct host_cache_bounds *b);
