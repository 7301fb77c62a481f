/* bucket.c - the table of buckets. Called by ops; decides nothing. */
#include "dos/store/bucket.h"

#include "base/str.h"

void dos_bucket_row(const struct query *q, struct dos_bucket *out)
{
    *out = (struct dos_bucket){.created_ms = query_i64(q, 2)};
    str_copy(out->name, sizeof out->name, query_text(q, 0));
    str_copy(out->account, sizeof out->account, query_text(q, 1));
}

bool dos_bucket_find(struct store *st, const char *name, struct dos_bucket *out)
{
    struct query q;
    query_open(&q, st, "SELECT name, account, created_ms FROM bucket WHERE name=?", "s", name);
    bool found = query_next(&q);
    if (found)
        dos_bucket_row(&q, out);
    query_close(&q);
    return found;
}

bool dos_bucket_insert(struct store *st, const struct dos_bucket *row)
{
    return store_try(st, "INSERT INTO bucket VALUES(?,?,?)", "ssi", row->name, row->account,
                     row->created_ms);
}

void dos_bucket_delete(struct store *st, const char *name)
{
    store_run(st, "DELETE FROM bucket WHERE name=?", "s", name);
}

int64_t dos_bucket_count(struct store *st, const char *account)
{
    return store_i64(st, 0, "SELECT count(*) FROM bucket WHERE account=?", "s", account);
}

bool dos_bucket_has_objects(struct store *st, const char *name)
{
    return store_has(st, "SELECT 1 FROM object WHERE bucket=? LIMIT 1", "s", name);
}

void dos_bucket_query(struct store *st, struct query *q, const char *account)
{
    query_open(q, st, "SELECT name, account, created_ms FROM bucket WHERE account=? ORDER BY name",
               "s", account);
}

void dos_bucket_query_all(struct store *st, struct query *q)
{
    query_open(q, st, "SELECT name, account, created_ms FROM bucket ORDER BY name", "");
}
