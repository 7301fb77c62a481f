/* cache.c - least recently used first. */
#include "computer-manager/model/cache.h"

#include <stdlib.h>

bool host_cache_is_full(int64_t cached_bytes, const struct host_cache_bounds *b)
{
    return cached_bytes > b->cache_bytes || b->free_bytes < b->total_bytes / 100 * b->free_percent;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t host_cache_left(const struct host_cache_claim *claim, const struct host_cache_bounds *b)
{
    int64_t disk = b->free_bytes + claim->loose_bytes - b->total_bytes / 100 * b->free_percent;
    int64_t here = claim->size_bytes - claim->missing_bytes;
    return least(b->cache_bytes - claim->pinned_bytes, disk + here);
}

bool host_cache_fits(const struct host_cache_claim *claim, const struct host_cache_bounds *b)
{
    return claim->size_bytes <= host_cache_left(claim, b);
}

static int by_use(const void *x, const void *y)
{
    const struct host_cached *a = x, *b = y;
    if (a->used_ms != b->used_ms)
        return a->used_ms < b->used_ms ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

void host_cache_choose(struct host_cached *all, size_t len, const struct host_cache_bounds *b)
{
    struct host_cache_bounds now = *b;
    int64_t cached = 0;
    if (len == 0)
        return;
    for (size_t i = 0; i < len; i++)
        cached += all[i].size_bytes;
    qsort(all, len, sizeof *all, by_use);
    for (size_t i = 0; i < len; i++) {
        all[i].goes = !all[i].is_pinned && host_cache_is_full(cached, &now);
        if (!all[i].goes)
            continue;
        cached -= all[i].size_bytes;
        now.free_bytes += all[i].size_bytes;
    }
}
