/* zone.c - the room of a zone, host by host. */
#include "cluster-manager/model/zone.h"

static void count(struct zone *z, const struct place_host *host, int64_t sign)
{
    if (!host->is_up || host->is_drained)
        return;
    struct room free = room_sub(host->total, host->used);
    z->total = room_add_times(z->total, host->total, sign);
    z->free = room_add_times(z->free, free, sign);
    for (size_t i = 0; i < z->shapes_len; i++)
        z->shapes[i].count += sign * room_count(free, z->shapes[i].need);
}

void zone_add(struct zone *z, const struct place_host *host)
{
    count(z, host, 1);
}

void zone_take(struct zone *z, const struct place_host *host)
{
    count(z, host, -1);
}
