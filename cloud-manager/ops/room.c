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
    bool is_counted; /* `told` is what the rows say */
    struct cloud_in_flight told[CLOUD_TYPES];
    size_t told_len;
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
        if (map_get(&rooms->listed, e->key) != e->value)
            room_free(e->value);
    at = 0;
    for (struct map_entry *e; (e = map_next(&rooms->listed, &at)) != NULL;)
        room_free(e->value);
    map_fini(&rooms->by_node);
    map_fini(&rooms->listed);
}

/* In the place of what was said before; hosts that were listed stay until they are listed again. */
static void put(struct cloud_rooms *rooms, const char *node, struct cloud_room *room)
{
    struct cloud_room *before = map_put(&rooms->by_node, node, room);
    if (before != map_get(&rooms->listed, node))
        room_free(before);
    if (room->said.lists)
        room_free(map_put(&rooms->listed, node, room));
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
    put(op->rooms, node, room);
}

void cloud_rooms_recount(struct cloud_rooms *rooms)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&rooms->by_node, &at)) != NULL;)
        ((struct cloud_room *)e->value)->is_counted = false;
}

static struct cloud_room *find(const struct cloud_op *op, const char *node)
{
    return map_get(&op->rooms->by_node, node);
}

const struct wire_capacity *cloud_room_get(const struct cloud_op *op, const char *node)
{
    const struct cloud_room *room = find(op, node);
    return room != NULL ? &room->said : NULL;
}

const struct wire_capacity *cloud_room_listed(const struct cloud_op *op, const char *node)
{
    const struct cloud_room *room = map_get(&op->rooms->listed, node);
    return room != NULL ? &room->said : NULL;
}

bool cloud_room_is_fresh(const struct cloud_op *op, const char *node)
{
    const struct cloud_room *room = find(op, node);
    return room != NULL && op->mono_ms - room->heard_mono_ms < op->config->timing.suspect_ms;
}

/* By the cluster's own count, host by host with all that it takes beside a guest; 0 of a type that
 * it has not been told of. */
static int64_t said_fits(const struct wire_capacity *said, const struct cloud_type *type)
{
    for (size_t i = 0; i < said->fits_len; i++)
        if (str_eq(said->fits[i].type, type->name))
            return said->fits[i].count;
    return 0;
}

/* The cluster counts a type with the least of disks; this launch may ask for more. */
static int64_t disk_fits(const struct wire_capacity *said, int64_t taken_gib, int64_t disk_gib)
{
    for (size_t i = 0; i < said->room_len && disk_gib > 0; i++)
        if (str_eq(said->room[i].class, "disk_gib"))
            return (said->room[i].free - taken_gib) / disk_gib;
    return INT64_MAX;
}

/* The sums of a type that is offered; of another the cluster's own refusal is left. */
static struct cloud_in_flight *told_of(struct cloud_room *room, const struct cloud_type *type)
{
    for (size_t i = 0; i < room->told_len; i++)
        if (str_eq(room->told[i].type, type->name))
            return &room->told[i];
    INV(room->told_len < CLOUD_TYPES);
    room->told[room->told_len] = (struct cloud_in_flight){.type = type->name};
    return &room->told[room->told_len++];
}

static void add(struct cloud_room *room, const struct cloud_in_flight *more)
{
    const struct cloud_type *type = cloud_type_get(more->type);
    if (type == NULL)
        return;
    struct cloud_in_flight *told = told_of(room, type);
    told->count += more->count;
    told->vcpus += more->vcpus;
    told->memory_mib += more->memory_mib;
    told->disk_gib += more->disk_gib;
}

/* Once for all launches until it speaks again, however many are on their way to it. */
static void count(const struct cloud_op *op, const char *node, struct cloud_room *room)
{
    size_t len;
    const struct cloud_in_flight *rows = cloud_instance_in_flight(op->store, op->arena, node,
                                                                  room->said.placed_rev, &len);
    room->told_len = 0;
    for (size_t i = 0; i < len; i++)
        add(room, &rows[i]);
    room->is_counted = true;
}

void cloud_room_take(const struct cloud_op *op, const char *node, const struct cloud_type *type,
                     int64_t count_of, int64_t disk_gib)
{
    struct cloud_room *room = find(op, node);
    if (room != NULL && room->is_counted)
        add(room, &(struct cloud_in_flight){.type = type->name,
                                            .count = count_of,
                                            .vcpus = count_of * type->vcpus,
                                            .memory_mib = count_of * type->memory_mib,
                                            .disk_gib = count_of * disk_gib});
}

int64_t cloud_room_fits(const struct cloud_op *op, const char *node, const struct cloud_type *type,
                        int64_t disk_gib)
{
    struct cloud_room *room = find(op, node);
    if (room == NULL || !cloud_room_is_fresh(op, node))
        return 0;
    if (!room->is_counted)
        count(op, node, room);
    int64_t taken = 0, taken_gib = 0;
    for (size_t i = 0; i < room->told_len; i++) {
        const struct cloud_in_flight *told = &room->told[i];
        taken += str_eq(told->type, type->name)
                     ? told->count
                     : cloud_type_slots(type, told->vcpus, told->memory_mib);
        taken_gib += told->disk_gib;
    }
    int64_t fits = said_fits(&room->said, type) - taken;
    int64_t by_disk = disk_fits(&room->said, taken_gib, disk_gib);
    fits = fits < by_disk ? fits : by_disk;
    return fits > 0 ? fits : 0;
}
