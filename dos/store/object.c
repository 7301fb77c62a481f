/* object.c - the table of objects and that of inline bodies. Called by ops; decides nothing. */
#include "dos/store/object.h"

#include "base/check.h"
#include "base/str.h"
#include "dos/store/garbage.h"
#include "dos/store/part.h"

#include <string.h>

bool dos_object_find(struct store *st, const char *bucket, const char *key, struct dos_object *out,
                     struct buf *headers)
{
    struct query q;
    query_open(&q, st,
               "SELECT kind, inline_id, ref, size, etag, modified_ms, headers FROM object"
               " WHERE bucket=? AND key=?",
               "ss", bucket, key);
    bool found = query_next(&q);
    if (found) {
        *out = (struct dos_object){.kind = (enum dos_body_kind)query_i64(&q, 0),
                                   .inline_id = query_i64(&q, 1),
                                   .size_bytes = query_i64(&q, 3),
                                   .modified_ms = query_i64(&q, 5)};
        str_copy(out->ref, sizeof out->ref, query_text(&q, 2));
        str_copy(out->etag, sizeof out->etag, query_text(&q, 4));
        if (headers != NULL)
            buf_text(headers, query_text(&q, 6));
    }
    query_close(&q);
    return found;
}

void dos_object_inline(struct store *st, int64_t inline_id, struct buf *out)
{
    struct query q;
    query_open(&q, st, "SELECT bytes FROM inline_body WHERE id=?", "i", inline_id);
    INV(query_next(&q));
    size_t len;
    const void *bytes = query_blob(&q, 0, &len);
    if (len > 0)
        buf_append(out, bytes, len);
    query_close(&q);
}

/* What the body of a replaced or deleted object leaves behind. */
static void drop_body(struct store *st, const struct dos_object *old, int64_t now_ms)
{
    if (old->kind == DOS_BODY_INLINE)
        store_run(st, "DELETE FROM inline_body WHERE id=?", "i", old->inline_id);
    else if (old->kind == DOS_BODY_FILE)
        dos_garbage_add(st, old->ref, now_ms);
    else
        dos_part_drop_all(st, old->ref, now_ms);
}

static int64_t insert_inline(struct store *st, const struct dos_body *body)
{
    int64_t id = 1 + store_i64(st, 0, "SELECT max(id) FROM inline_body", "");
    const void *bytes = body->bytes != NULL ? body->bytes : "";
    store_run(st, "INSERT INTO inline_body VALUES(?,?)", "ib", id, bytes, (size_t)body->size_bytes);
    return id;
}

void dos_object_put(struct store *st, const char *bucket, const char *key,
                    const struct dos_put *put, int64_t modified_ms, int64_t now_ms)
{
    PRE((put->body.kind == DOS_BODY_INLINE) == (*put->body.ref == '\0'));
    struct dos_object old;
    if (dos_object_find(st, bucket, key, &old, NULL))
        drop_body(st, &old, now_ms);
    int64_t inline_id = put->body.kind == DOS_BODY_INLINE ? insert_inline(st, &put->body) : 0;
    store_run(st,
              "INSERT INTO object VALUES(?,?,?,?,?,?,?,?,?) ON CONFLICT(bucket, key) DO UPDATE SET"
              " kind=excluded.kind, inline_id=excluded.inline_id, ref=excluded.ref,"
              " size=excluded.size, etag=excluded.etag, modified_ms=excluded.modified_ms,"
              " headers=excluded.headers",
              "ssiisisis", bucket, key, (int64_t)put->body.kind, inline_id, put->body.ref,
              put->body.size_bytes, put->etag, modified_ms, put->headers);
    if (put->body.kind == DOS_BODY_FILE)
        dos_garbage_forget(st, put->body.ref);
}

bool dos_object_delete(struct store *st, const char *bucket, const char *key, int64_t now_ms)
{
    struct dos_object old;
    if (!dos_object_find(st, bucket, key, &old, NULL))
        return false;
    store_run(st, "DELETE FROM object WHERE bucket=? AND key=?", "ss", bucket, key);
    drop_body(st, &old, now_ms);
    return true;
}

/* The least text above all that begin with `prefix` is the prefix itself with its last byte raised;
 * no byte of valid UTF-8 is 0xff, so that is always possible. Kept as a blob and cast back, since
 * it need not be valid text; sqlite compares text by bytes. */
void dos_object_query(struct store *st, struct query *q, const char *bucket, const char *prefix,
                      const char *after)
{
    size_t len = strlen(prefix);
    char end[DOS_KEY_SIZE + 1] = "\xff";
    if (len > 0) {
        INV(str_copy(end, sizeof end, prefix));
        end[len - 1] = (char)((unsigned char)end[len - 1] + 1);
    }
    const char *from = strcmp(after, prefix) >= 0 ? after : prefix;
    const char *sql = from == after
                          ? "SELECT key, size, etag, modified_ms FROM object WHERE bucket=?"
                            " AND key>? AND key<CAST(? AS TEXT) ORDER BY key"
                          : "SELECT key, size, etag, modified_ms FROM object WHERE bucket=?"
                            " AND key>=? AND key<CAST(? AS TEXT) ORDER BY key";
    query_open(q, st, sql, "ssb", bucket, from, end, strlen(end));
}

bool dos_object_has_ref(struct store *st, const char *ref)
{
    return store_has(st, "SELECT 1 FROM object WHERE ref=? AND ref<>''", "s", ref);
}
