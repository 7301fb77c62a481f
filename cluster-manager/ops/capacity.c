/* capacity.c - what the zone tells the cloud of its room: advice, never a promise. */
#include "base/check.h"
#include "base/str.h"
#include "cluster-manager/cluster.h"
#include "cluster-manager/ops/drain.h"
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

struct zone {
    struct wire_host_seen *hosts;
    struct room *frees; /* of the hosts that are up */
    size_t hosts_len, frees_len;
    struct room total, free;
};

static void add_host(struct cluster_core *c, struct zone *z, const struct cluster_host *h,
                     struct arena *arena)
{
    enum sync_child_state state = sync_parent_child_state(&c->down, h->node, c->mono_ms);
    struct room free = room_sub(h->total, cluster_instance_use(c->store, h->node));
    struct wire_host_seen *seen = &z->hosts[z->hosts_len++];
    *seen = (struct wire_host_seen){
        .id = h->node,
        .state = state_word(state),
        .health = h->health,
        .drained = cluster_is_drained(c->store, h->node),
        .instances = store_i64(c->store, 0, "SELECT instances FROM host_use WHERE host=?", "s",
                               h->node),
        .room = arena_alloc(arena, 3 * sizeof *seen->room),
        .room_len = 3,
    };
    fill_room(seen->room, h->total, free);
    if (state != SYNC_CHILD_UP || *h->health != '\0' || seen->drained)
        return;
    z->frees[z->frees_len++] = free;
    z->total.memory_mib += h->total.memory_mib;
    z->total.vcpus += h->total.vcpus;
    z->total.disk_bytes += h->total.disk_bytes;
    z->free.memory_mib += free.memory_mib;
    z->free.vcpus += free.vcpus;
    z->free.disk_bytes += free.disk_bytes;
}

/* What a type asks for, counted with the least that a root disk can be. */
static const int64_t LEAST_DISK_BYTES = (int64_t)1 << 30;

static size_t fill_fits(struct cluster_core *c, const struct zone *z, struct wire_fit *fits,
                        size_t max, struct arena *arena)
{
    size_t len = 0;
    struct query q;
    STORE_EACH (c->store, q, "SELECT type, vcpus, memory_mib FROM shape ORDER BY type LIMIT ?", "i",
                (int64_t)max) {
        struct room need = {room_memory_of(query_i64(&q, 2)), query_i64(&q, 1), LEAST_DISK_BYTES};
        fits[len] = (struct wire_fit){.type = arena_strdup(arena, query_text(&q, 0))};
        for (size_t i = 0; i < z->frees_len; i++)
            fits[len].count += room_count(z->frees[i], need);
        len++;
    }
    return len;
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
    enum { FITS_MAX = 64 };
    struct arena arena = {0};
    struct zone z = {0};
    z.hosts = arena_alloc(&arena, (c->rooms.live + 1) * sizeof *z.hosts);
    z.frees = arena_alloc(&arena, (c->rooms.live + 1) * sizeof *z.frees);
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->rooms, &at)) != NULL;)
        add_host(c, &z, e->value, &arena);
    struct wire_room room[3];
    struct wire_fit fits[FITS_MAX];
    fill_room(room, z.total, z.free);
    wire_encode(out, &wire_capacity_type,
                &(struct wire_capacity){
                    .placed_rev = placed_rev(c),
                    .room = room,
                    .room_len = 3,
                    .fits = fits,
                    .fits_len = fill_fits(c, &z, fits, FITS_MAX, &arena),
                    .hosts = z.hosts,
                    .hosts_len = z.hosts_len,
                });
    arena_fini(&arena);
}
