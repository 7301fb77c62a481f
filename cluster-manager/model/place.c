/* place.c - the choice of a host. */
#include "cluster-manager/model/place.h"

#include "base/check.h"
#include "base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const strategy_words[] = {
#define STRATEGY(name, word) [PLACE_##name] = word,
#include "cluster-manager/model/place.def"
#undef STRATEGY
};

static const char *const counted[] = {
#define WHY(name, words) [PLACE_##name] = words,
#include "cluster-manager/model/place.def"
#undef WHY
};

bool place_strategy_parse(const char *word, enum place_strategy *out)
{
    for (unsigned i = 0; i < PLACE_STRATEGIES; i++) {
        if (str_eq(word, strategy_words[i])) {
            *out = (enum place_strategy)i;
            return true;
        }
    }
    return false;
}

const char *place_strategy_word(enum place_strategy strategy)
{
    PRE((unsigned)strategy < PLACE_STRATEGIES);
    return strategy_words[strategy];
}

/* ---- does it fit --------------------------------------------------------------------------- */

enum place_why place_why(const struct place_host *host, struct room need)
{
    struct room free = room_sub(host->total, host->used);
    return !host->is_up                        ? PLACE_DOWN
           : host->is_drained                  ? PLACE_DRAINED
           : host->is_excluded                 ? PLACE_EXCLUDED
           : free.memory_mib < need.memory_mib ? PLACE_MEMORY
           : free.vcpus < need.vcpus           ? PLACE_VCPUS
           : free.disk_bytes < need.disk_bytes ? PLACE_DISK
                                               : PLACE_FITS;
}

/* ---- which is better ----------------------------------------------------------------------- */

/* What of a whole is in use. Compared by cross products, no fractions: a disk is counted in MiB, so
 * that the product of two PiB stays within 63 bits. */
struct share {
    int64_t part, whole;
};

struct shares {
    struct share memory, vcpus, disk;
};

static int share_compare(struct share a, struct share b)
{
    int64_t left = a.part * b.whole, right = b.part * a.whole;
    return left < right ? -1 : left > right;
}

static struct share share_of(int64_t used, int64_t need, int64_t total)
{
    return total > 0 ? (struct share){used + need, total} : (struct share){0, 1};
}

static struct shares shares_with(const struct place_host *h, struct room need)
{
    return (struct shares){
        share_of(h->used.memory_mib, need.memory_mib, h->total.memory_mib),
        share_of(h->used.vcpus, need.vcpus, h->total.vcpus),
        share_of(h->used.disk_bytes >> 20, need.disk_bytes >> 20, h->total.disk_bytes >> 20),
    };
}

static struct share scarcest(const struct shares *s)
{
    struct share most = share_compare(s->memory, s->vcpus) < 0 ? s->vcpus : s->memory;
    return share_compare(most, s->disk) < 0 ? s->disk : most;
}

/* What the strategy goes by, with the instance on the host. */
static struct share key_of(enum place_strategy strategy, const struct place_host *h,
                           struct room need)
{
    if (strategy != PLACE_BALANCED)
        return share_of(h->used.memory_mib, need.memory_mib, h->total.memory_mib);
    struct shares with = shares_with(h, need);
    return scarcest(&with);
}

static bool is_preferred(enum place_strategy strategy, struct share a, struct share b)
{
    switch (strategy) {
    case PLACE_SPREAD:
    case PLACE_BALANCED:
        return share_compare(a, b) < 0;
    case PLACE_PACK:
        return share_compare(b, a) < 0;
    case PLACE_STRATEGIES:
        break;
    }
    IMPOSSIBLE("strategy");
}

long place_choose(enum place_strategy strategy, const struct place_host *hosts, size_t len,
                  struct room need, struct place_counts *counts)
{
    long best = -1;
    struct share best_key = {0, 1};
    for (size_t i = 0; i < len; i++) {
        enum place_why why = place_why(&hosts[i], need);
        counts->hosts[why]++;
        if (why != PLACE_FITS)
            continue;
        struct share key = key_of(strategy, &hosts[i], need);
        if (best >= 0 && !is_preferred(strategy, key, best_key))
            continue;
        best = (long)i;
        best_key = key;
    }
    return best;
}

static bool may_grow(int64_t total, int64_t used, int64_t from, int64_t to)
{
    return to <= from || used - from + to <= total;
}

bool place_may_grow(struct room total, struct room used, struct room from, struct room to)
{
    return may_grow(total.memory_mib, used.memory_mib, from.memory_mib, to.memory_mib) &&
           may_grow(total.vcpus, used.vcpus, from.vcpus, to.vcpus) &&
           may_grow(total.disk_bytes, used.disk_bytes, from.disk_bytes, to.disk_bytes);
}

/* ---- in words ------------------------------------------------------------------------------ */

/* What is missing of `need` for that reason; 0 where it is no question of room. */
static int64_t missing(enum place_why why, struct room need, const char **unit)
{
    *unit = why == PLACE_MEMORY ? "MiB of memory" : why == PLACE_VCPUS ? "vCPUs" : "GiB of disk";
    return why == PLACE_MEMORY  ? need.memory_mib
           : why == PLACE_VCPUS ? need.vcpus
           : why == PLACE_DISK  ? need.disk_bytes >> 30
                                : 0;
}

void place_explain(char *out, size_t out_size, const struct place_counts *counts, size_t hosts,
                   struct room need)
{
    char sign = ':';
    size_t len = (size_t)snprintf(out, out_size, "of %zu hosts", hosts);
    for (int why = PLACE_FITS + 1; why < PLACE_WHYS && len < out_size; why++) {
        const char *unit;
        int64_t amount = missing((enum place_why)why, need, &unit);
        if (counts->hosts[why] == 0)
            continue;
        len += (size_t)snprintf(out + len, out_size - len, "%c %" PRId64 " %s", sign,
                                counts->hosts[why], counted[why]);
        if (amount > 0 && len < out_size)
            len += (size_t)snprintf(out + len, out_size - len, " %" PRId64 " %s", amount, unit);
        sign = ',';
    }
}

static int64_t percent(struct share s)
{
    return s.part * 100 / s.whole;
}

void place_describe(char *out, size_t out_size, const struct place_host *host, struct room need)
{
    struct room free = room_sub(host->total, host->used);
    struct shares with = shares_with(host, need);
    enum place_why why = place_why(host, need);
    const char *unit;
    int64_t amount = missing(why, need, &unit), left = missing(why, free, &unit);
    if (why == PLACE_FITS)
        snprintf(out, out_size,
                 "with it %" PRId64 " %% of memory, %" PRId64 " %% of vCPUs, %" PRId64
                 " %% of disk in use",
                 percent(with.memory), percent(with.vcpus), percent(with.disk));
    else if (amount > 0)
        snprintf(out, out_size, "%" PRId64 " %s wanted, %" PRId64 " free", amount, unit, left);
    else
        str_copy(out, out_size, counted[why]);
}
