/* room.c - the last word of each cluster about its room. */
#include "cloud-manager/ops/room.h"

#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "cloud-manager/store/instance.h"
#include "cloud-manager/store/node.h"

#include <stdlib.h>
#include <string.h>

struct cloud_room {
    struct arena arena; /* of `said` */
    struct wire_capacity said;
    int64_t heard_mono_ms;
};

static void room_free(struct cloud_room *room)
{
    if (room == NULL)
        return;
    arena_fini(&room->arena);
    free(room);
}

void cloud_rooms_fini(struct cloud_rooms *rooms)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&rooms->by_node, &at)) != NULL;)
        room_free(e->value);
    map_fini(&rooms->by_node);
}

void cloud_room_hear(struct cloud_op *op, const char *node, const char *capacity_json)
{
    struct err err = {0};
    struct cloud_room *room = check_alloc(sizeof *room);
    memset(room, 0, sizeof *room);
    room->heard_mono_ms = op->mono_ms;
    if (wire_decode(&wire_capacity_type, capacity_json, strlen(capacity_json), &room->arena,
                    &room->said, &err) != ERR_OK) {
        log_warn("capacity.malformed", "node", node, "why", err.text, NULL);
        room_free(room);
        return;
    }
    if (*room->said.dos_url != '\0')
        cloud_node_set_dos_url(op->store, node, room->said.dos_url);
    room_free(map_put(&op->rooms->by_node, node, room));
}

static const struct cloud_room *find(const struct cloud_op *op, const char *node)
{
    return map_get(&op->rooms->by_node, node);
}

const struct wire_capacity *cloud_room_get(const struct cloud_op *op, const char *node)
{
    const struct cloud_room *room = find(op, node);
    return room != NULL ? &room->said : NULL;
}

bool cloud_room_is_fresh(const struct cloud_op *op, const char *node)
{
    const struct cloud_room *room = find(op, node);
    return room != NULL && op->mono_ms - room->heard_mono_ms < op->config->timing.suspect_ms;
}

static int64_t at_most(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How many fit into free room. */
static int64_t fits_into(const struct wire_room *room, size_t len, const struct cloud_type *type)
{
    int64_t fits = INT64_MAX;
    for (size_t i = 0; i < len; i++) {
        int64_t free_here = room[i].free > 0 ? room[i].free : 0;
        if (str_eq(room[i].class, "memory_mib"))
            fits = at_most(fits, free_here / type->memory_mib);
        else if (str_eq(room[i].class, "vcpu"))
            fits = at_most(fits, free_here / type->vcpus);
    }
    return fits == INT64_MAX ? 0 : fits;
}

/* By the cluster's own count, or, of a type that it has never met, host by host. */
static int64_t said_fits(const struct wire_capacity *said, const struct cloud_type *type)
{
    int64_t fits = 0;
    for (size_t i = 0; i < said->fits_len; i++)
        if (str_eq(said->fits[i].type, type->name))
            return said->fits[i].count;
    for (size_t i = 0; i < said->hosts_len; i++)
        if (str_eq(said->hosts[i].state, "up") && *said->hosts[i].health == '\0')
            fits += fits_into(said->hosts[i].room, said->hosts[i].room_len, type);
    return fits;
}

int64_t cloud_room_fits(const struct cloud_op *op, const char *node, const struct cloud_type *type)
{
    const struct wire_capacity *said = cloud_room_get(op, node);
    int64_t memory_mib = 0, vcpus = 0;
    if (said == NULL || !cloud_room_is_fresh(op, node))
        return 0;
    cloud_instance_in_flight(op->store, node, said->placed_rev, &memory_mib, &vcpus);
    int64_t by_memory = (memory_mib + type->memory_mib - 1) / type->memory_mib;
    int64_t by_vcpus = (vcpus + type->vcpus - 1) / type->vcpus;
    int64_t taken = by_memory > by_vcpus ? by_memory : by_vcpus;
    int64_t fits = said_fits(said, type) - taken;
    return fits > 0 ? fits : 0;
}
