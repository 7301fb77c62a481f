/* store.h - sqlite, and the only place that names it.
 *
 * A store is opened with numbered migrations, which run in one transaction. Statements are
 * prepared once and kept (the SQL text's address is the key, so pass literals). Arguments are
 * bound by a format: s text, i int64_t, b (const void *, size_t) blob; a NULL text binds NULL.
 *
 *   store_run(st, "UPDATE instance SET want=? WHERE id=?", "is", (int64_t)want, id);
 *   struct query q;
 *   STORE_EACH(st, q, "SELECT id, want FROM instance WHERE account=? ORDER BY id", "s", account)
 *       use(query_text(&q, 0), query_i64(&q, 1));
 *
 * A broken constraint or statement is our own mistake and aborts, except where store_try says
 * otherwise. A full disk ends the transaction: store_is_lost() then says so, and the turn
 * answers 503 to everyone. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;
struct sqlite3_stmt;

/* Migrations in order; number = index + 1. Each may hold several statements. */
struct store_schema {
    const char *const *migrations;
    size_t len;
};

/* Opens (or makes) the file, WAL, synchronous=FULL; ":memory:" for tests. Migrates; before a
 * migration of an existing file a copy stands beside it as PATH.before-N. */
enum err_code store_open(struct store **out, const char *path, const struct store_schema *schema,
                         struct err *err);
void store_close(struct store *st);

void store_begin(struct store *st);
void store_savepoint(struct store *st);
void store_release(struct store *st);
void store_rollback_to(struct store *st);
/* ERR_OK, or ERR_STORE_FULL / ERR_UNAVAILABLE when it was rolled back as a whole. ERR_IO: whether
 * it is durable only the next process to open the store can tell. */
enum err_code store_commit(struct store *st, struct err *err);
void store_rollback(struct store *st);
/* What a full disk does to the open transaction; for the simulator and tests. */
void store_lose(struct store *st);
/* Has sqlite given up the open transaction by itself? */
bool store_is_lost(const struct store *st);
/* Has this transaction changed anything? A turn that did not costs no fsync. */
bool store_is_changed(const struct store *st);

/* Statements that were begun since it was opened. */
uint64_t store_statements(const struct store *st);

/* Runs a statement that returns no rows; gives the number of changed rows. */
int64_t store_run(struct store *st, const char *sql, const char *format, ...);
/* The same; false where a UNIQUE or CHECK or trigger RAISE refused it. */
bool store_try(struct store *st, const char *sql, const char *format, ...);
/* First column of the first row, or `otherwise`. */
int64_t store_i64(struct store *st, int64_t otherwise, const char *sql, const char *format, ...);
/* Is there a row? */
bool store_has(struct store *st, const char *sql, const char *format, ...);

struct query {
    struct store *store;
    struct sqlite3_stmt *stmt;
};

/* A statement may be open once at a time; nest different texts. */
void query_open(struct query *q, struct store *st, const char *sql, const char *format, ...);
/* The next row; false at the end, and then the query is closed. */
bool query_next(struct query *q);
/* Needed only when leaving before the end. */
void query_close(struct query *q);
/* Columns of the row at hand; text is borrowed until the next step, "" for NULL. */
const char *query_text(const struct query *q, int column);
int64_t query_i64(const struct query *q, int column);
bool query_is_null(const struct query *q, int column);
const void *query_blob(const struct query *q, int column, size_t *len);

#define STORE_EACH(st, q, ...) for (query_open(&(q), (st), __VA_ARGS__); query_next(&(q));)

/* A copy of the whole store into `path`, while it is open. */
enum err_code store_backup(struct store *st, const char *path, struct err *err);
/* Bytes of the whole store, and back: the simulator's backups. Caller frees with free(). */
void *store_dump(struct store *st, size_t *len);
void store_load(struct store *st, const void *bytes, size_t len);
