/* account.c - tables account, usage and access_key. */
#include "cloud-manager/store/account.h"

void cloud_account_insert(struct store *st, const char *id, const char *name, int64_t wall_ms)
{
    store_run(st, "INSERT INTO account VALUES(?,?,NULL,NULL,?)", "ssi", id, name, wall_ms);
}

bool cloud_account_is_first(struct store *st, const char *id)
{
    return store_has(st, "SELECT 1 FROM account WHERE id=? AND name='root'", "s", id);
}

bool cloud_account_has(struct store *st, const char *name)
{
    return store_has(st, "SELECT 1 FROM account WHERE name=?", "s", name);
}

bool cloud_account_known(struct store *st, const char *id)
{
    return store_has(st, "SELECT 1 FROM account WHERE id=?", "s", id);
}

struct cloud_usage cloud_usage_get(struct store *st, const char *account)
{
    struct cloud_usage usage = {0};
    struct query q;
    query_open(&q, st,
               "SELECT u.instances,u.vcpus,ifnull(a.quota_instances,-1),ifnull(a.quota_vcpus,-1)"
               " FROM usage u JOIN account a ON a.id=u.account WHERE u.account=?",
               "s", account);
    if (query_next(&q)) {
        usage = (struct cloud_usage){query_i64(&q, 0), query_i64(&q, 1), query_i64(&q, 2),
                                     query_i64(&q, 3)};
        query_close(&q);
    }
    return usage;
}

struct cloud_usage cloud_usage_all(struct store *st)
{
    struct cloud_usage usage = {0};
    struct query q;
    query_open(&q, st, "SELECT ifnull(sum(instances),0),ifnull(sum(vcpus),0) FROM usage", "");
    if (query_next(&q)) {
        usage = (struct cloud_usage){.instances = query_i64(&q, 0), .vcpus = query_i64(&q, 1)};
        query_close(&q);
    }
    return usage;
}

const char **cloud_account_ids(struct store *st, struct arena *arena, size_t *len)
{
    const char **ids = NULL;
    struct query q;
    *len = 0;
    STORE_EACH (st, q, "SELECT id FROM account ORDER BY id", "") {
        ids = row_grow(arena, ids, *len, sizeof *ids);
        ids[(*len)++] = arena_strdup(arena, query_text(&q, 0));
    }
    return ids;
}

static void load(const struct query *q, struct arena *arena, struct cloud_access_key *row)
{
    int column = 1;
    ROW_LOAD(CLOUD_ACCESS_KEY_ROW)
}

void cloud_access_key_insert(struct store *st, const struct cloud_access_key *row)
{
    store_run(st, ROW_INSERT("access_key", CLOUD_ACCESS_KEY_ROW),
              ROW_FORMAT(CLOUD_ACCESS_KEY_ROW) ROW_ARGS(CLOUD_ACCESS_KEY_ROW));
}

bool cloud_access_key_get(struct store *st, struct arena *arena, const char *id,
                          struct cloud_access_key *out)
{
    struct query q;
    query_open(&q, st, ROW_SELECT(CLOUD_ACCESS_KEY_ROW) " FROM access_key t WHERE id=?", "s", id);
    if (!query_next(&q))
        return false;
    load(&q, arena, out);
    query_close(&q);
    return true;
}

int64_t cloud_access_key_count(struct store *st)
{
    return store_i64(st, 0, "SELECT count(*) FROM access_key", "");
}

struct cloud_access_key *cloud_access_key_list(struct store *st, struct arena *arena, size_t *len)
{
    struct cloud_access_key *rows = NULL;
    struct query q;
    *len = 0;
    STORE_EACH (st, q, ROW_SELECT(CLOUD_ACCESS_KEY_ROW) " FROM access_key t ORDER BY id", "") {
        rows = row_grow(arena, rows, *len, sizeof *rows);
        load(&q, arena, &rows[(*len)++]);
    }
    return rows;
}
