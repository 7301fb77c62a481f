/* counted.c - has the roster missed anything? For the simulator: reads all hosts anew, and
 * compares. */
#include "base/check.h"
#include "cluster-manager/cluster.h"
#include "cluster-manager/ops/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_same_host(const struct place_host *a, const struct place_host *b)
{
    return a->is_up == b->is_up && a->is_drained == b->is_drained &&
           room_equal(a->total, b->total) && room_equal(a->used, b->used);
}

static bool is_same_zone(const struct zone *a, const struct zone *b)
{
    bool is_same = room_equal(a->total, b->total) && room_equal(a->free, b->free) &&
                   a->shapes_len == b->shapes_len;
    for (size_t i = 0; is_same && i < a->shapes_len; i++)
        is_same = a->shapes[i].count == b->shapes[i].count;
    return is_same;
}

static void describe(char *why, size_t size, const struct place_host *was,
                     const struct place_host *is)
{
    snprintf(why, size, "%s: up %d, drained %d, %lld of %lld MiB; so it is: %d, %d, %lld of %lld",
             is->node, was->is_up, was->is_drained, (long long)was->used.memory_mib,
             (long long)was->total.memory_mib, is->is_up, is->is_drained,
             (long long)is->used.memory_mib, (long long)is->total.memory_mib);
}

bool cluster_core_is_counted(struct cluster_core *c, char *why, size_t size)
{
    const struct cluster_roster *r = cluster_roster_look(c);
    size_t len = r->len;
    struct zone zone = r->zone;
    struct place_host *hosts = check_alloc((len + 1) * sizeof *hosts);
    memcpy(hosts, r->hosts, len * sizeof *hosts);
    cluster_roster_doubt(c);
    cluster_roster_look(c);
    bool is_same = r->len == len;
    for (size_t i = 0; is_same && i < len; i++) {
        is_same = is_same_host(&hosts[i], &r->hosts[i]);
        describe(why, size, &hosts[i], &r->hosts[i]);
    }
    if (is_same && !is_same_zone(&zone, &r->zone)) {
        snprintf(why, size, "the hosts are as they are, and their sums are not");
        is_same = false;
    }
    free(hosts);
    return is_same;
}
