/* volume.c - table volume. */
#include "cloud-manager/store/volume.h"

static void load(const struct query *q, struct arena *arena, struct cloud_volume *row)
{
    int column = 1;
    ROW_LOAD(CLOUD_VOLUME_ROW)
}

void cloud_volume_insert(struct store *st, const struct cloud_volume *row)
{
    store_run(st, ROW_INSERT_BY("volume", id, CLOUD_VOLUME_REST),
              ROW_FORMAT(CLOUD_VOLUME_ROW) ROW_ARGS(CLOUD_VOLUME_ROW));
}

void cloud_volume_delete(struct store *st, const struct cloud_volume *row)
{
    store_run(st, "DELETE FROM volume WHERE account=? AND id=?", "ss", row->account, row->id);
}

bool cloud_volume_of_instance(struct store *st, struct arena *arena, const char *instance,
                              struct cloud_volume *out)
{
    struct query q;
    query_open(&q, st, ROW_SELECT(CLOUD_VOLUME_ROW) " FROM volume t WHERE instance=?", "s",
               instance);
    if (!query_next(&q))
        return false;
    load(&q, arena, out);
    query_close(&q);
    return true;
}

struct cloud_volume *cloud_volume_list(struct store *st, struct arena *arena, const char *account,
                                       size_t *len)
{
    struct cloud_volume *rows = NULL;
    struct query q;
    *len = 0;
    STORE_EACH (st, q, ROW_SELECT(CLOUD_VOLUME_ROW) " FROM volume t WHERE account=? ORDER BY id",
                "s", account) {
        rows = row_grow(arena, rows, *len, sizeof *rows);
        load(&q, arena, &rows[(*len)++]);
    }
    return rows;
}
