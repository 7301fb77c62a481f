/* capacity.c - what the zone tells the cloud of its room: advice, never a promise. */
#include "base/check.h"
#include "base/str.h"
#include "cluster-manager/cluster.h"
#include "cluster-manager/ops/roster.h"
#include "cluster-manager/store/instance.h"

static const char *state_word(enum sync_child_state state)
{
    switch (state) {
    case SYNC_CHILD_UNKNOWN:
        return "joining";
    case SYNC_CHILD_UP:
        return "up";
    case SYNC_CHILD_SUSPECT:
        return "suspect";
    case SYNC_CHILD_DOWN:
        return "down";
    }
    IMPOSSIBLE("child state");
}

static void fill_room(struct wire_room room[3], struct room total, struct room free)
{
    room[0] = (struct wire_room){"memory_mib", total.memory_mib, free.memory_mib};
    room[1] = (struct wire_room){"vcpu", total.vcpus, free.vcpus};
    room[2] = (struct wire_room){"disk_gib", total.disk_bytes >> 30, free.disk_bytes >> 30};
}

static struct wire_host_seen seen_of(struct cluster_core *c, const struct cluster_host *h,
                                     struct arena *arena)
{
    const struct place_host *placed = &c->roster.hosts[h->at];
    struct wire_host_seen seen = {
        .id = h->node,
        .state = state_word(sync_parent_child_state(&c->down, h->node, c->mono_ms)),
        .health = h->health,
        .drained = placed->is_drained,
        .instances = h->instances,
        .room = arena_alloc(arena, 3 * sizeof *seen.room),
        .room_len = 3,
    };
    fill_room(seen.room, h->total, room_sub(h->total, placed->used));
    return seen;
}

/* All hosts, once a heartbeat: syncs with facts come much more often. */
static void list_hosts(struct cluster_core *c, struct wire_capacity *out, struct arena *arena)
{
    size_t at = 0;
    if (c->listed_mono_ms > 0 &&
        c->mono_ms < c->listed_mono_ms + c->config->timing.heartbeat_ms / 2)
        return;
    c->listed_mono_ms = c->mono_ms;
    out->lists = true;
    out->hosts = arena_alloc(arena, (c->rooms.live + 1) * sizeof *out->hosts);
    for (struct map_entry *e; (e = map_next(&c->rooms, &at)) != NULL;)
        out->hosts[out->hosts_len++] = seen_of(c, e->value, arena);
}

/* Up to which revision of the cloud all is placed or refused: one that waits for a host to be heard
 * is not, and the cloud goes on counting it. */
static int64_t placed_rev(struct cluster_core *c)
{
    int64_t applied = sync_child_applied_rev(&c->up);
    int64_t waits = cluster_instance_first_waiting(c->store);
    return waits > applied ? applied : waits > 0 ? waits - 1 : 0;
}

void cluster_capacity_encode(struct cluster_core *c, struct buf *out)
{
    struct arena arena = {0};
    const struct zone *z = &cluster_roster_look(c)->zone;
    struct wire_room room[3];
    struct wire_fit fits[ZONE_SHAPES_MAX];
    fill_room(room, z->total, z->free);
    for (size_t i = 0; i < z->shapes_len; i++)
        fits[i] = (struct wire_fit){.type = z->shapes[i].type, .count = z->shapes[i].count};
    struct wire_capacity capacity = {
        .placed_rev = placed_rev(c),
        .room = room,
        .room_len = 3,
        .fits = fits,
        .fits_len = z->shapes_len,
    };
    list_hosts(c, &capacity, &arena);
    wire_encode(out, &wire_capacity_type, &capacity);
    arena_fini(&arena);
}
