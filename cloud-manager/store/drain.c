/* drain.c - see drain.h. */
#include "cloud-manager/store/drain.h"

static void load(const struct query *q, struct arena *arena, struct cloud_drain *row)
{
    int column = 1;
    ROW_LOAD(CLOUD_DRAIN_ROW)
}

void cloud_drain_want(struct store *st, const char *node, const char *host, bool is_wanted)
{
    store_run(st,
              "INSERT INTO drained SELECT ?1,?2,1,1,1 WHERE ?3 ON CONFLICT DO UPDATE SET"
              " is_wanted=1,generation=generation+1,is_dirty=1 WHERE is_wanted=0",
              "ssi", node, host, (int64_t)is_wanted);
    store_run(st,
              "UPDATE drained SET is_wanted=0,generation=generation+1,is_dirty=1"
              " WHERE node=?1 AND host=?2 AND is_wanted=1 AND NOT ?3",
              "ssi", node, host, (int64_t)is_wanted);
}

bool cloud_drain_has(struct store *st, const char *node, const char *host)
{
    return store_has(st, "SELECT 1 FROM drained WHERE node=? AND host=? AND is_wanted=1", "ss",
                     node, host);
}

struct cloud_drain *cloud_drain_list_dirty(struct store *st, struct arena *arena, size_t *len)
{
    struct cloud_drain *rows = NULL;
    struct query q;
    *len = 0;
    STORE_EACH (st, q,
                ROW_SELECT(CLOUD_DRAIN_ROW) " FROM drained t WHERE is_dirty=1 ORDER BY node,host",
                "") {
        rows = row_grow(arena, rows, *len, sizeof *rows);
        load(&q, arena, &rows[(*len)++]);
    }
    return rows;
}

void cloud_drains_settled(struct store *st)
{
    store_run(st, "UPDATE drained SET is_dirty=0 WHERE is_dirty=1", "");
}
