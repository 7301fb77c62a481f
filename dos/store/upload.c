/* upload.c - the table of open multipart uploads. Called by ops; decides nothing. */
#include "dos/store/upload.h"

void dos_upload_insert(struct store *st, const struct dos_upload *row)
{
    store_run(st, "INSERT INTO upload VALUES(?,?,?,?,?)", "ssssi", row->id, row->bucket, row->key,
              row->headers, row->created_ms);
}

bool dos_upload_find(struct store *st, const char *id, const char *bucket, const char *key,
                     struct buf *headers)
{
    struct query q;
    query_open(&q, st, "SELECT headers FROM upload WHERE id=? AND bucket=? AND key=?", "sss", id,
               bucket, key);
    bool found = query_next(&q);
    if (found && headers != NULL)
        buf_text(headers, query_text(&q, 0));
    query_close(&q);
    return found;
}

void dos_upload_delete(struct store *st, const char *id)
{
    store_run(st, "DELETE FROM upload WHERE id=?", "s", id);
}

void dos_upload_drop_all(struct store *st, const char *bucket, int64_t now_ms)
{
    store_run(st,
              "INSERT OR IGNORE INTO garbage SELECT 'objects/'||ref, ? FROM part WHERE upload IN"
              " (SELECT id FROM upload WHERE bucket=?) ORDER BY ref",
              "is", now_ms, bucket);
    store_run(st, "DELETE FROM part WHERE upload IN (SELECT id FROM upload WHERE bucket=?)", "s",
              bucket);
    store_run(st, "DELETE FROM upload WHERE bucket=?", "s", bucket);
}

void dos_upload_query(struct store *st, struct query *q, const char *bucket, const char *after)
{
    query_open(q, st, "SELECT id, key, created_ms FROM upload WHERE bucket=? AND id>? ORDER BY id",
               "ss", bucket, after);
}
