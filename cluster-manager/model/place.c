/* place.c - the choice of a host. */
#include "cluster-manager/model/place.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool refuses(const struct place_host *h, struct room need, struct place_refusals *r)
{
    struct room free = room_sub(h->total, h->used);
    if (!h->is_up)
        r->down++;
    else if (h->is_excluded)
        r->excluded++;
    else if (free.memory_mib < need.memory_mib)
        r->memory++;
    else if (free.vcpus < need.vcpus)
        r->vcpus++;
    else if (free.disk_bytes < need.disk_bytes)
        r->disk++;
    else
        return false;
    return true;
}

/* Is a's share of memory in use smaller than b's? Compared by cross products: no fractions. */
static bool is_emptier(const struct place_host *a, const struct place_host *b)
{
    int64_t left = a->used.memory_mib * b->total.memory_mib;
    int64_t right = b->used.memory_mib * a->total.memory_mib;
    return left != right ? left < right : strcmp(a->node, b->node) < 0;
}

long place_choose(const struct place_host *hosts, size_t len, struct room need,
                  struct place_refusals *refusals)
{
    long best = -1;
    for (size_t i = 0; i < len; i++)
        if (!refuses(&hosts[i], need, refusals) &&
            (best < 0 || is_emptier(&hosts[i], &hosts[best])))
            best = (long)i;
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

void place_explain(char *out, size_t out_size, const struct place_refusals *r, size_t hosts,
                   struct room need)
{
    const struct {
        int64_t count;
        const char *text;
        int64_t need;
        const char *unit;
    } reasons[] = {
        {r->down, "not up", 0, ""},
        {r->excluded, "could not start it", 0, ""},
        {r->memory, "without", need.memory_mib, " MiB of memory"},
        {r->vcpus, "without", need.vcpus, " vCPUs"},
        {r->disk, "without", need.disk_bytes / (1 << 30), " GiB of disk"},
    };
    int len = snprintf(out, out_size, "of %zu hosts:", hosts);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].count == 0 || len < 0 || (size_t)len >= out_size)
            continue;
        len += snprintf(out + len, out_size - (size_t)len, " %" PRId64 " %s", reasons[i].count,
                        reasons[i].text);
        if (reasons[i].need > 0 && (size_t)len < out_size)
            len += snprintf(out + len, out_size - (size_t)len, " %" PRId64 "%s", reasons[i].need,
                            reasons[i].unit);
        if ((size_t)len < out_size)
            len += snprintf(out + len, out_size - (size_t)len, ",");
    }
    size_t end = strlen(out);
    if (end > 0 && (out[end - 1] == ',' || out[end - 1] == ':'))
        out[end - 1] = '\0';
}
