/* garbage.c - the table of files to unlink. Called by ops and by the other tables. */
#include "dos/store/garbage.h"

#include <stdio.h>

void dos_garbage_add(struct store *st, const char *ref, int64_t now_ms)
{
    char name[DOS_GARBAGE_NAME_SIZE];
    snprintf(name, sizeof name, "objects/%s", ref);
    dos_garbage_add_name(st, name, now_ms);
}

void dos_garbage_forget(struct store *st, const char *ref)
{
    char name[DOS_GARBAGE_NAME_SIZE];
    snprintf(name, sizeof name, "objects/%s", ref);
    dos_garbage_done(st, name);
}

void dos_garbage_add_name(struct store *st, const char *name, int64_t now_ms)
{
    store_run(st, "INSERT OR IGNORE INTO garbage VALUES(?,max(?,1))", "si", name, now_ms);
}

void dos_garbage_done(struct store *st, const char *name)
{
    store_run(st, "DELETE FROM garbage WHERE name=?", "s", name);
}

void dos_garbage_stamp(struct store *st, int64_t now_ms)
{
    store_run(st, "UPDATE garbage SET since_ms=max(?,1) WHERE since_ms=0", "i", now_ms);
}

int64_t dos_garbage_len(struct store *st)
{
    return store_i64(st, 0, "SELECT count(*) FROM garbage", "");
}

void dos_garbage_query(struct store *st, struct query *q, int64_t before_ms, int64_t max)
{
    query_open(q, st,
               "SELECT name FROM garbage WHERE since_ms>0 AND since_ms<=? ORDER BY since_ms, name"
               " LIMIT ?",
               "ii", before_ms, max);
}
