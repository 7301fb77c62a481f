/* instance.c - table instance: reading. */
#include "cloud-manager/store/instance.h"

static void load(const struct query *q, struct arena *arena, struct cloud_instance *row)
{
    int column = 1;
    ROW_LOAD(CLOUD_INSTANCE_ROW)
}

static bool take_one(struct query *q, struct arena *arena, struct cloud_instance *out)
{
    if (!query_next(q))
        return false;
    load(q, arena, out);
    query_close(q);
    return true;
}

static struct cloud_instances take_all(struct query *q, struct arena *arena)
{
    struct cloud_instances rows = {0};
    while (query_next(q)) {
        rows.list = row_grow(arena, rows.list, rows.len, sizeof *rows.list);
        load(q, arena, &rows.list[rows.len++]);
    }
    return rows;
}

bool cloud_instance_get(struct store *st, struct arena *arena, const char *id,
                        struct cloud_instance *out)
{
    struct query q;
    query_open(&q, st, ROW_SELECT(CLOUD_INSTANCE_ROW) " FROM instance t WHERE id=?", "s", id);
    return take_one(&q, arena, out);
}

bool cloud_instance_of(struct store *st, struct arena *arena, const char *account, const char *id,
                       int64_t since_ms, struct cloud_instance *out)
{
    struct query q;
    query_open(&q, st,
               ROW_SELECT(CLOUD_INSTANCE_ROW) " FROM instance t WHERE id=? AND account=?"
                                              " AND (is_live=1 OR terminated_ms>=?)",
               "ssi", id, account, since_ms);
    return take_one(&q, arena, out);
}

struct cloud_instances cloud_instance_list(struct store *st, struct arena *arena,
                                           const char *account, int64_t since_ms,
                                           struct cloud_instance_span *span)
{
    struct query q;
    query_open(&q, st,
               ROW_SELECT(CLOUD_INSTANCE_ROW) " FROM instance t WHERE account=?1"
                                              " AND (reservation,launch_index)>(?3,?4)"
                                              " AND (is_live=1 OR terminated_ms>=?2)"
                                              " ORDER BY reservation,launch_index LIMIT ?5",
               "sisii", account, since_ms, span->reservation, span->launch_index, span->max);
    struct cloud_instances rows = take_all(&q, arena);
    span->is_over = (int64_t)rows.len != span->max;
    if (rows.len > 0) {
        span->reservation = rows.list[rows.len - 1].reservation;
        span->launch_index = rows.list[rows.len - 1].launch_index;
    }
    return rows;
}

struct cloud_instances cloud_instance_list_reservation(struct store *st, struct arena *arena,
                                                       const char *account, const char *reservation)
{
    struct query q;
    query_open(&q, st,
               ROW_SELECT(CLOUD_INSTANCE_ROW) " FROM instance t WHERE account=? AND reservation=?"
                                              " ORDER BY launch_index",
               "ss", account, reservation);
    return take_all(&q, arena);
}

struct cloud_instances cloud_instance_list_dirty(struct store *st, struct arena *arena)
{
    struct query q;
    query_open(&q, st,
               ROW_SELECT(CLOUD_INSTANCE_ROW) " FROM instance t WHERE is_dirty=1 ORDER BY id", "");
    return take_all(&q, arena);
}

struct cloud_instances cloud_instance_list_ended(struct store *st, struct arena *arena,
                                                 int64_t before_ms, int64_t max)
{
    struct query q;
    query_open(&q, st,
               ROW_SELECT(CLOUD_INSTANCE_ROW) " FROM instance t WHERE is_live=0"
                                              " AND terminated_ms<? ORDER BY terminated_ms,id"
                                              " LIMIT ?",
               "ii", before_ms, max);
    return take_all(&q, arena);
}

bool cloud_reservation_has_rows(struct store *st, const char *account, const char *reservation)
{
    return store_has(st, "SELECT 1 FROM instance WHERE account=? AND reservation=?", "ss", account,
                     reservation);
}

int64_t cloud_instance_next_end(struct store *st, int64_t age_ms)
{
    int64_t first = store_i64(st, INT64_MAX,
                              "SELECT min(terminated_ms) FROM instance WHERE is_live=0", "");
    return first == INT64_MAX ? first : first + age_ms;
}

struct cloud_in_flight *cloud_instance_in_flight(struct store *st, struct arena *arena,
                                                 const char *node, int64_t placed_rev, size_t *len)
{
    struct cloud_in_flight *rows = NULL;
    struct query q;
    *len = 0;
    STORE_EACH (st, q,
                "SELECT t.type,count(*),sum(t.vcpus),sum(t.memory_mib),ifnull(sum(v.size_gib),0)"
                " FROM instance t LEFT JOIN volume v ON v.instance=t.id"
                " WHERE t.node=? AND t.is_live=1 AND t.sent_rev>? AND t.has_run=0"
                " GROUP BY t.type ORDER BY t.type",
                "si", node, placed_rev) {
        rows = row_grow(arena, rows, *len, sizeof *rows);
        rows[(*len)++] = (struct cloud_in_flight){arena_strdup(arena, query_text(&q, 0)),
                                                  query_i64(&q, 1), query_i64(&q, 2),
                                                  query_i64(&q, 3), query_i64(&q, 4)};
    }
    return rows;
}
