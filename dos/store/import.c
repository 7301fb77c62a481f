/* import.c - the table of image imports. Called by ops; decides nothing. */
#include "dos/store/import.h"

#include "base/check.h"
#include "base/str.h"

const char *dos_import_state_name(enum dos_import_state state)
{
    static const char *const names[DOS_IMPORT_STATE_COUNT] = {
#define X(name, text, open) text,
        DOS_IMPORT_STATES(X)
#undef X
    };
    PRE(state < DOS_IMPORT_STATE_COUNT);
    return names[state];
}

#define COLUMNS                                                                              \
    "id, account, bucket, key, generation, state, attempt, next_ms, manifest, size, reason," \
    " pepoch, is_cdrom"

static bool read_one(struct query *q, struct dos_import *out)
{
    bool found = query_next(q);
    if (found) {
        *out = (struct dos_import){.generation = query_i64(q, 4),
                                   .state = (enum dos_import_state)query_i64(q, 5),
                                   .attempt = query_i64(q, 6),
                                   .next_ms = query_i64(q, 7),
                                   .size_bytes = query_i64(q, 9),
                                   .pepoch = query_i64(q, 11),
                                   .is_cdrom = query_i64(q, 12)};
        str_copy(out->id, sizeof out->id, query_text(q, 0));
        str_copy(out->account, sizeof out->account, query_text(q, 1));
        str_copy(out->bucket, sizeof out->bucket, query_text(q, 2));
        str_copy(out->key, sizeof out->key, query_text(q, 3));
        str_copy(out->manifest, sizeof out->manifest, query_text(q, 8));
        str_copy(out->reason, sizeof out->reason, query_text(q, 10));
    }
    query_close(q);
    return found;
}

bool dos_import_find(struct store *st, const char *id, struct dos_import *out)
{
    struct query q;
    query_open(&q, st, "SELECT " COLUMNS " FROM import WHERE id=?", "s", id);
    return read_one(&q, out);
}

void dos_import_save(struct store *st, const struct dos_import *row)
{
    PRE(row->state < DOS_IMPORT_STATE_COUNT && *row->id != '\0');
    store_run(st, "INSERT OR REPLACE INTO import(" COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
              "ssssiiiisisii", row->id, row->account, row->bucket, row->key, row->generation,
              (int64_t)row->state, row->attempt, row->next_ms, row->manifest, row->size_bytes,
              row->reason, row->pepoch, row->is_cdrom);
}

void dos_import_delete(struct store *st, const char *id)
{
    store_run(st, "DELETE FROM import WHERE id=?", "s", id);
}

bool dos_import_due(struct store *st, int64_t now_ms, struct dos_import *out)
{
    struct query q;
    query_open(&q, st,
               "SELECT " COLUMNS " FROM import WHERE state=0 AND next_ms<=?"
               " ORDER BY next_ms, id LIMIT 1",
               "i", now_ms);
    return read_one(&q, out);
}

int64_t dos_import_next_ms(struct store *st)
{
    return store_i64(st, INT64_MAX, "SELECT min(next_ms) FROM import WHERE state=0", "");
}
