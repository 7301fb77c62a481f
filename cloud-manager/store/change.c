/* change.c - table change. */
#include "cloud-manager/store/change.h"

#include "cloud-manager/store/row.h"

int64_t cloud_change_newest(struct store *st)
{
    struct query q;
    query_open(&q, st, "SELECT seq FROM sqlite_sequence WHERE name='change'", "");
    if (!query_next(&q))
        return 0;
    int64_t newest = query_i64(&q, 0);
    query_close(&q);
    return newest;
}

struct cloud_change_list cloud_change_list(struct store *st, struct arena *arena,
                                           const char *account, int64_t after, int64_t max)
{
    struct query q;
    struct cloud_change_list out = {0};
    query_open(&q, st,
               "SELECT c.number,c.kind,c.id,c.is_gone,IFNULL(m.state,''),IFNULL(i.state,-1),"
               "IFNULL(i.generation,0),IFNULL(i.seen_generation,0),IFNULL(i.step,''),"
               "IFNULL(i.step_percent,0),IFNULL(i.has_run,0)"
               " FROM change c LEFT JOIN volume v ON c.kind='volumes' AND v.account=c.account AND "
               "v.id=c.id"
               " LEFT JOIN instance i ON i.id=CASE c.kind WHEN 'instances' THEN c.id"
               "  WHEN 'volumes' THEN v.instance END"
               " LEFT JOIN image m ON c.kind='images' AND m.id=c.id"
               " WHERE c.account=? AND c.number>? ORDER BY c.number LIMIT ?",
               "sii", account, after, max);
    while (query_next(&q)) {
        out.list = row_grow(arena, out.list, out.len, sizeof *out.list);
        out.list[out.len++] = (struct cloud_change){
            .number = query_i64(&q, 0),
            .kind = arena_strdup(arena, query_text(&q, 1)),
            .id = arena_strdup(arena, query_text(&q, 2)),
            .is_gone = query_i64(&q, 3) != 0,
            .image_state = arena_strdup(arena, query_text(&q, 4)),
            .instance_state = query_i64(&q, 5),
            .generation = query_i64(&q, 6),
            .seen_generation = query_i64(&q, 7),
            .step = arena_strdup(arena, query_text(&q, 8)),
            .step_percent = query_i64(&q, 9),
            .has_run = query_i64(&q, 10),
        };
    }
    return out;
}

void cloud_change_purge(struct store *st)
{
    store_run(st, "DELETE FROM change WHERE is_gone=1 AND number<?", "i",
              cloud_change_newest(st) - CLOUD_CHANGES_KEPT);
}

void cloud_change_leap(struct store *st)
{
    store_run(st, "UPDATE sqlite_sequence SET seq=seq+4294967296 WHERE name='change'", "");
}
