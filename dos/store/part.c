/* part.c - the table of parts. Called by ops; decides nothing. */
#include "dos/store/part.h"

#include "base/str.h"
#include "dos/store/garbage.h"

void dos_part_read(const struct query *q, struct dos_part_row *out)
{
    *out = (struct dos_part_row){.number = query_i64(q, 0),
                                 .size_bytes = query_i64(q, 2),
                                 .modified_ms = query_i64(q, 4),
                                 .start = query_i64(q, 5)};
    str_copy(out->ref, sizeof out->ref, query_text(q, 1));
    str_copy(out->etag, sizeof out->etag, query_text(q, 3));
}

bool dos_part_find(struct store *st, const char *upload, int64_t number, struct dos_part_row *out)
{
    struct query q;
    query_open(&q, st,
               "SELECT number, ref, size, etag, modified_ms, start FROM part"
               " WHERE upload=? AND number=?",
               "si", upload, number);
    bool found = query_next(&q);
    if (found)
        dos_part_read(&q, out);
    query_close(&q);
    return found;
}

void dos_part_put(struct store *st, const char *upload, const struct dos_part_row *row,
                  int64_t now_ms)
{
    dos_part_drop(st, upload, row->number, now_ms);
    store_run(st, "INSERT INTO part VALUES(?,?,?,?,?,?,0)", "sisisi", upload, row->number, row->ref,
              row->size_bytes, row->etag, row->modified_ms);
    dos_garbage_forget(st, row->ref);
}

void dos_part_set_start(struct store *st, const char *upload, int64_t number, int64_t start)
{
    store_run(st, "UPDATE part SET start=? WHERE upload=? AND number=?", "isi", start, upload,
              number);
}

void dos_part_drop_between(struct store *st, const char *upload, int64_t above, int64_t below,
                           int64_t now_ms)
{
    if (above + 1 >= below)
        return;
    store_run(st,
              "INSERT OR IGNORE INTO garbage SELECT 'objects/'||ref, ? FROM part WHERE upload=?"
              " AND number>? AND number<? ORDER BY number",
              "isii", now_ms, upload, above, below);
    store_run(st, "DELETE FROM part WHERE upload=? AND number>? AND number<?", "sii", upload, above,
              below);
}

void dos_part_drop(struct store *st, const char *upload, int64_t number, int64_t now_ms)
{
    dos_part_drop_between(st, upload, number - 1, number + 1, now_ms);
}

void dos_part_drop_all(struct store *st, const char *upload, int64_t now_ms)
{
    dos_part_drop_between(st, upload, 0, DOS_PART_MAX + 1, now_ms);
}

void dos_part_query(struct store *st, struct query *q, const char *upload, int64_t after)
{
    query_open(q, st,
               "SELECT number, ref, size, etag, modified_ms, start FROM part"
               " WHERE upload=? AND number>? ORDER BY number",
               "si", upload, after);
}

void dos_part_query_bytes(struct store *st, struct query *q, const char *upload, int64_t offset,
                          int64_t len)
{
    query_open(q, st,
               "SELECT number, ref, size, etag, modified_ms, start FROM part"
               " WHERE upload=? AND start<? AND start+size>? ORDER BY number",
               "sii", upload, offset + len, offset);
}

bool dos_part_has_ref(struct store *st, const char *ref)
{
    return store_has(st, "SELECT 1 FROM part WHERE ref=?", "s", ref);
}
