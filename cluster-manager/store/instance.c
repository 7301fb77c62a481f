/* instance.c - the instance, excluded and host_use tables. */
#include "cluster-manager/store/instance.h"

#include "cluster-manager/store/group.h"
#include "cluster-manager/store/port.h"

bool cluster_instance_load(struct store *st, const char *id, struct arena *arena,
                           struct cluster_instance *out)
{
    struct query q;
    query_open(
        &q, st,
        "SELECT id, generation, reservation, minimum, memory_mib, vcpus, disk_bytes,"
        " since_ms, host, pepoch, refused, ending, tries, guest_mib FROM instance WHERE id=?",
        "s", id);
    if (!query_next(&q))
        return false;
    *out = (struct cluster_instance){
        .id = arena_strdup(arena, query_text(&q, 0)),
        .generation = query_i64(&q, 1),
        .reservation = arena_strdup(arena, query_text(&q, 2)),
        .minimum = query_i64(&q, 3),
        .need = {query_i64(&q, 4), query_i64(&q, 5), query_i64(&q, 6)},
        .since_ms = query_i64(&q, 7),
        .host = arena_strdup(arena, query_text(&q, 8)),
        .pepoch = query_i64(&q, 9),
        .is_refused = query_i64(&q, 10) != 0,
        .is_ending = query_i64(&q, 11) != 0,
        .tries = query_i64(&q, 12),
        .guest_mib = query_i64(&q, 13),
    };
    query_close(&q);
    return true;
}

/* What has a host was refused a start, which it may ask for again. What found none hears so for
 * each generation: a cloud that asks under a newer one has not taken the answer. */
void cluster_instance_save(struct store *st, const struct wire_item *wish,
                           const struct wire_instance *body, int64_t now_ms)
{
    store_run(st,
              "INSERT INTO instance(id, generation, reservation, minimum, memory_mib, vcpus,"
              " disk_bytes, since_ms, guest_mib) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
              " ON CONFLICT DO UPDATE SET generation=?2, memory_mib=?5, vcpus=?6, disk_bytes=?7,"
              " refused=CASE WHEN host='' AND generation=?2 THEN refused ELSE 0 END, guest_mib=?9",
              "sisiiiiii", wish->id, wish->generation, body->reservation, body->minimum,
              room_memory_of(body->memory_mib), body->vcpus, body->disk_bytes, now_ms,
              body->memory_mib);
    cluster_group_join(st, wish->id, body->port);
    if (body->port != NULL)
        cluster_port_save(st, wish->id, body->port);
}

void cluster_instance_place(struct store *st, const char *id, const char *host, int64_t pepoch)
{
    store_run(st, "UPDATE instance SET host=?, pepoch=?, tries=tries+1 WHERE id=?", "sis", host,
              pepoch, id);
}

void cluster_instance_refuse(struct store *st, const char *id)
{
    store_run(st, "UPDATE instance SET refused=1 WHERE id=?", "s", id);
}

void cluster_instance_end(struct store *st, const char *id, int64_t generation)
{
    store_run(st, "UPDATE instance SET ending=1, generation=? WHERE id=?", "is", generation, id);
}

void cluster_instance_delete(struct store *st, const char *id)
{
    store_run(st, "DELETE FROM instance WHERE id=?", "s", id);
    cluster_group_join(st, id, NULL);
    store_run(st, "DELETE FROM excluded WHERE instance=?", "s", id);
    store_run(st, "DELETE FROM decision WHERE instance=?", "s", id);
}

void cluster_instance_exclude(struct store *st, const char *id, const char *host)
{
    store_run(st, "INSERT INTO excluded VALUES(?, ?) ON CONFLICT DO NOTHING", "ss", id, host);
}

bool cluster_instance_any_waiting(struct store *st)
{
    return store_has(st, "SELECT 1 FROM instance WHERE host='' AND refused=0 AND ending=0 LIMIT 1",
                     "");
}

int64_t cluster_instance_first_waiting(struct store *st)
{
    return store_i64(st, INT64_MAX,
                     "SELECT g.number FROM instance i CROSS JOIN got g ON g.kind='instance'"
                     " AND g.id=i.id AND g.gone='' WHERE i.host='' AND i.refused=0 AND i.ending=0"
                     " ORDER BY g.number LIMIT 1",
                     "");
}

struct cluster_placed cluster_instance_placed(struct store *st)
{
    struct cluster_placed all = {0};
    struct query q;
    query_open(&q, st,
               "SELECT ifnull(sum(instances),0), ifnull(sum(memory_mib),0), ifnull(sum(vcpus),0),"
               " ifnull(sum(disk_bytes),0), (SELECT count(*) FROM (SELECT 1 FROM instance"
               " WHERE host='' AND refused=0 AND ending=0 LIMIT 1000)) FROM host_use",
               "");
    if (query_next(&q)) {
        all = (struct cluster_placed){
            .instances = query_i64(&q, 0),
            .waiting = query_i64(&q, 4),
            .use = {query_i64(&q, 1), query_i64(&q, 2), query_i64(&q, 3)}};
        query_close(&q);
    }
    return all;
}
