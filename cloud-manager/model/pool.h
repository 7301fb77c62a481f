/* pool.h - the operator's public addresses: which there are, and where the search for a free one
 * goes on. Pure.
 *
 * Written as CIDRs, ranges and single addresses with blanks between them:
 * "203.0.113.16/28 203.0.113.64-203.0.113.80". Every address of a CIDR belongs to it, its first and
 * last too: who does not want them names a range. Addresses are numbers in host order. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLOUD_POOL_RANGES_MAX = 16, CLOUD_POOL_ADDRESSES_MAX = 1 << 20 };

struct cloud_pool {
    struct cloud_range {
        int64_t first, last;
    } ranges[CLOUD_POOL_RANGES_MAX]; /* ascending, none touching another's addresses */
    size_t len;
};

/* ERR_CONFIG: a word that is no address, overlapping ranges, too many. "" is an empty pool. */
enum err_code cloud_pool_parse(struct cloud_pool *out, const char *text, struct err *err);
bool cloud_pool_has(const struct cloud_pool *pool, int64_t address);
int64_t cloud_pool_size(const struct cloud_pool *pool);
/* The address after `address`, round and round; of an empty pool, 0. */
int64_t cloud_pool_next(const struct cloud_pool *pool, int64_t address);
