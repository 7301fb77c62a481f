/* key_pair.c - table key_pair. */
#include "cloud-manager/store/key_pair.h"

static void load(const struct query *q, struct arena *arena, struct cloud_key_pair *row)
{
    int column = 1;
    ROW_LOAD(CLOUD_KEY_PAIR_ROW)
}

static bool take_one(struct query *q, struct arena *arena, struct cloud_key_pair *out)
{
    if (!query_next(q))
        return false;
    load(q, arena, out);
    query_close(q);
    return true;
}

void cloud_key_pair_insert(struct store *st, const struct cloud_key_pair *row)
{
    store_run(st, ROW_INSERT("key_pair", CLOUD_KEY_PAIR_ROW),
              ROW_FORMAT(CLOUD_KEY_PAIR_ROW) ROW_ARGS(CLOUD_KEY_PAIR_ROW));
}

bool cloud_key_pair_get(struct store *st, struct arena *arena, const char *account,
                        const char *name, struct cloud_key_pair *out)
{
    struct query q;
    query_open(&q, st, ROW_SELECT(CLOUD_KEY_PAIR_ROW) " FROM key_pair t WHERE account=? AND name=?",
               "ss", account, name);
    return take_one(&q, arena, out);
}

bool cloud_key_pair_by_id(struct store *st, struct arena *arena, const char *account,
                          const char *id, struct cloud_key_pair *out)
{
    struct query q;
    query_open(&q, st, ROW_SELECT(CLOUD_KEY_PAIR_ROW) " FROM key_pair t WHERE account=? AND id=?",
               "ss", account, id);
    return take_one(&q, arena, out);
}

struct cloud_key_pair *cloud_key_pair_list(struct store *st, struct arena *arena,
                                           const char *account, size_t *len)
{
    struct cloud_key_pair *rows = NULL;
    struct query q;
    *len = 0;
    STORE_EACH (st, q,
                ROW_SELECT(CLOUD_KEY_PAIR_ROW) " FROM key_pair t WHERE account=? ORDER BY name",
                "s", account) {
        rows = row_grow(arena, rows, *len, sizeof *rows);
        load(&q, arena, &rows[(*len)++]);
    }
    return rows;
}

void cloud_key_pair_delete(struct store *st, const char *id)
{
    store_run(st, "DELETE FROM key_pair WHERE id=?", "s", id);
}
