/* store.c - sqlite behind store.h. */
#include "base/store.h"

#include "base/check.h"
#include "base/log.h"
#include "base/wal.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SLOTS = 1024 }; /* statements of one daemon; a power of two, well above their number */

/* Pages of the log that are written into the database at once, by the commit that comes upon them:
 * it takes some milliseconds more the larger the store is, so that it is to be one in hundreds. A
 * page that changed often meanwhile is written once. 32 MiB of disk; a start after a kill takes
 * some tens of milliseconds more. */
#define LOG_PAGES "8000"

struct store {
    sqlite3 *db;
    int64_t changes_at_begin;
    uint64_t statements; /* that were begun */
    bool is_open;        /* between begin and commit or rollback */
    bool is_lost;        /* the world refused a statement of it: it cannot be committed any more */
    struct {
        const char *sql;
        sqlite3_stmt *stmt;
    } cache[SLOTS];
};

static void fail(struct store *st, const char *sql)
{
    fprintf(stderr, "store: %s in: %s\n", sqlite3_errmsg(st->db), sql);
    IMPOSSIBLE("a statement of ours was refused");
}

/* Errors that are the world's: the transaction may be gone, the turn will find out. */
static bool is_worldly(int code)
{
    code &= 0xff;
    return code == SQLITE_FULL || code == SQLITE_IOERR || code == SQLITE_BUSY ||
           code == SQLITE_NOMEM || code == SQLITE_INTERRUPT;
}

/* A refusal of the world inside a transaction loses all of it: sqlite undoes now the statement,
 * now everything, and the caller cannot tell. */
static void note_loss(struct store *st, int code)
{
    if (st->is_open && is_worldly(code))
        st->is_lost = true;
}

static void exec(struct store *st, const char *sql)
{
    if (sqlite3_exec(st->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail(st, sql);
}

static sqlite3_stmt *prepare(struct store *st, const char *sql)
{
    size_t at = ((uintptr_t)sql >> 3) % SLOTS;
    for (size_t n = 0; st->cache[at].sql != NULL; at = (at + 1) % SLOTS, n++) {
        INV(n < SLOTS - 1);
        if (st->cache[at].sql == sql)
            return st->cache[at].stmt;
    }
    if (sqlite3_prepare_v3(st->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st->cache[at].stmt, NULL) !=
        SQLITE_OK)
        fail(st, sql);
    st->cache[at].sql = sql;
    return st->cache[at].stmt;
}

/* All arguments are bound each time. `keeps`: SQLITE_TRANSIENT copies them, for what is stepped
 * after this call; SQLITE_STATIC borrows them, for what ends within it. */
static sqlite3_stmt *bind(struct store *st, const char *sql, sqlite3_destructor_type keeps,
                          const char *format, va_list args)
{
    sqlite3_stmt *stmt = prepare(st, sql);
    INV(!sqlite3_stmt_busy(stmt));
    st->statements++;
    int at = 1;
    for (const char *f = format; *f != '\0'; f++, at++) {
        int code = SQLITE_OK;
        if (*f == 's') {
            code = sqlite3_bind_text(stmt, at, va_arg(args, const char *), -1, keeps);
        } else if (*f == 'i') {
            code = sqlite3_bind_int64(stmt, at, va_arg(args, int64_t));
        } else if (*f == 'b') {
            const void *data = va_arg(args, const void *);
            size_t len = va_arg(args, size_t);
            code = sqlite3_bind_blob64(stmt, at, data, len, keeps);
        } else {
            IMPOSSIBLE("store: unknown letter in a format");
        }
        if (code != SQLITE_OK)
            fail(st, sql);
    }
    if (at - 1 != sqlite3_bind_parameter_count(stmt))
        fail(st, sql);
    return stmt;
}

static int64_t schema_version(struct store *st)
{
    return store_i64(st, 0, "PRAGMA user_version", "");
}

static enum err_code migrate(struct store *st, const char *path, const struct store_schema *schema,
                             struct err *err)
{
    int64_t have = schema_version(st), want = (int64_t)schema->len;
    if (have > want)
        return err_set(err, ERR_CONFIG, "%s was written by a newer version (schema %lld, not %lld)",
                       path, (long long)have, (long long)want);
    if (have == want)
        return ERR_OK;
    if (have > 0) {
        char copy[4096];
        snprintf(copy, sizeof copy, "%s.before-%lld", path, (long long)want);
        enum err_code code = store_backup(st, copy, err);
        if (code != ERR_OK)
            return code;
    }
    exec(st, "BEGIN IMMEDIATE");
    for (int64_t i = have; i < want; i++)
        exec(st, schema->migrations[i]);
    char set[64];
    snprintf(set, sizeof set, "PRAGMA user_version=%lld", (long long)want);
    exec(st, set);
    exec(st, "COMMIT");
    return ERR_OK;
}

/* Closing neither copies the log into the database nor drops it. */
static int keep_log_at_close(struct store *st, bool is_kept)
{
    return sqlite3_db_config(st->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, (int)is_kept, NULL);
}

/* Nobody but its own user reads a store, whatever the umask and whoever shares the folder; its WAL
 * takes the mode from it. A name without a folder is memory, or a simulation's. */
static void make_private(const char *path)
{
    int fd = strchr(path, '/') != NULL
                 ? open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)
                 : -1;
    if (fd >= 0)
        close(fd);
}

/* Until the log is written again its store is closed as it was found. */
static int open_database(struct store *st, const char *path)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(path, &st->db, flags, NULL);
    if (code == SQLITE_OK)
        code = keep_log_at_close(st, true);
    if (code == SQLITE_OK)
        code = sqlite3_exec(st->db,
                            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                            "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
                            "PRAGMA busy_timeout=5000; PRAGMA wal_autocheckpoint=" LOG_PAGES ";"
                            "PRAGMA temp_store=MEMORY",
                            NULL, NULL, NULL);
    /* A plan never depends on what is bound: else whatever compares a column of a partial index's
     * condition with an argument is prepared anew at each call. */
    if (code == SQLITE_OK)
        code = sqlite3_db_config(st->db, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
    if (code == SQLITE_OK)
        code = wal_write_again(st->db);
    if (code == SQLITE_OK)
        code = keep_log_at_close(st, false);
    return code;
}

enum err_code store_open(struct store **out, const char *path, const struct store_schema *schema,
                         struct err *err)
{
    struct store *st = check_alloc(sizeof *st);
    /* Counting bytes takes a lock at each of its many allocations. Later opens change nothing. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    make_private(path);
    int refusal = open_database(st, path);
    if (refusal != SQLITE_OK) {
        err_set(err, ERR_IO, "cannot open %s: %s", path, sqlite3_errstr(refusal));
        store_close(st);
        return ERR_IO;
    }
    enum err_code code = migrate(st, path, schema, err);
    if (code != ERR_OK) {
        store_close(st);
        return code;
    }
    *out = st;
    return ERR_OK;
}

void store_close(struct store *st)
{
    if (st == NULL)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        sqlite3_finalize(st->cache[i].stmt);
    sqlite3_close(st->db);
    free(st);
}

void store_begin(struct store *st)
{
    INV(sqlite3_get_autocommit(st->db) && !st->is_open);
    store_run(st, "BEGIN IMMEDIATE", "");
    st->is_open = true;
    st->is_lost = sqlite3_get_autocommit(st->db) != 0;
    st->changes_at_begin = sqlite3_total_changes64(st->db);
}

void store_savepoint(struct store *st)
{
    store_run(st, "SAVEPOINT event", "");
}

void store_release(struct store *st)
{
    if (!store_is_lost(st))
        store_run(st, "RELEASE event", "");
}

void store_rollback_to(struct store *st)
{
    if (store_is_lost(st))
        return;
    store_run(st, "ROLLBACK TO event", "");
    store_run(st, "RELEASE event", "");
}

enum err_code store_commit(struct store *st, struct err *err)
{
    if (store_is_lost(st)) {
        store_rollback(st);
        return err_set(err, ERR_STORE_FULL, "store: a statement was refused for want of room");
    }
    sqlite3_stmt *stmt = prepare(st, "COMMIT");
    int code = sqlite3_step(stmt) == SQLITE_DONE ? SQLITE_OK : sqlite3_errcode(st->db) & 0xff;
    sqlite3_reset(stmt);
    if (code == SQLITE_OK) {
        st->is_open = false;
        return ERR_OK;
    }
    if (!is_worldly(code))
        fail(st, "COMMIT");
    enum err_code why = code == SQLITE_FULL    ? ERR_STORE_FULL
                        : code == SQLITE_IOERR ? ERR_IO
                                               : ERR_UNAVAILABLE;
    err_set(err, why, "store: %s", sqlite3_errmsg(st->db));
    store_rollback(st);
    return why;
}

void store_rollback(struct store *st)
{
    st->is_open = st->is_lost = false;
    if (!sqlite3_get_autocommit(st->db))
        sqlite3_exec(st->db, "ROLLBACK", NULL, NULL, NULL);
}

void store_lose(struct store *st)
{
    PRE(st->is_open);
    st->is_lost = true;
    if (!sqlite3_get_autocommit(st->db))
        sqlite3_exec(st->db, "ROLLBACK", NULL, NULL, NULL);
}

bool store_is_lost(const struct store *st)
{
    return st->is_open && (st->is_lost || sqlite3_get_autocommit(st->db) != 0);
}

uint64_t store_statements(const struct store *st)
{
    return st->statements;
}

bool store_is_changed(const struct store *st)
{
    return sqlite3_total_changes64(st->db) != st->changes_at_begin;
}

/* Steps to the end; the code of the first refusal. Once the transaction is lost nothing is
 * written any more: sqlite may have left it, and would commit each statement by itself. */
static int finish(struct store *st, sqlite3_stmt *stmt)
{
    if (store_is_lost(st) && !sqlite3_stmt_readonly(stmt))
        return SQLITE_FULL;
    int code;
    do
        code = sqlite3_step(stmt);
    while (code == SQLITE_ROW);
    sqlite3_reset(stmt);
    note_loss(st, code);
    return code;
}

int64_t store_run(struct store *st, const char *sql, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    sqlite3_stmt *stmt = bind(st, sql, SQLITE_STATIC, format, args);
    va_end(args);
    int code = finish(st, stmt);
    if (code != SQLITE_DONE && !is_worldly(code))
        fail(st, sql);
    return code == SQLITE_DONE ? sqlite3_changes64(st->db) : 0;
}

bool store_try(struct store *st, const char *sql, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    sqlite3_stmt *stmt = bind(st, sql, SQLITE_STATIC, format, args);
    va_end(args);
    int code = finish(st, stmt);
    if (code != SQLITE_DONE && !is_worldly(code) && (code & 0xff) != SQLITE_CONSTRAINT)
        fail(st, sql);
    return code == SQLITE_DONE;
}

int64_t store_i64(struct store *st, int64_t otherwise, const char *sql, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    sqlite3_stmt *stmt = bind(st, sql, SQLITE_STATIC, format, args);
    va_end(args);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW && sqlite3_column_type(stmt, 0) != SQLITE_NULL)
        otherwise = sqlite3_column_int64(stmt, 0);
    else if (code != SQLITE_ROW && code != SQLITE_DONE && !is_worldly(code))
        fail(st, sql);
    sqlite3_reset(stmt);
    note_loss(st, code);
    return otherwise;
}

bool store_has(struct store *st, const char *sql, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    sqlite3_stmt *stmt = bind(st, sql, SQLITE_STATIC, format, args);
    va_end(args);
    int code = sqlite3_step(stmt);
    if (code != SQLITE_ROW && code != SQLITE_DONE && !is_worldly(code))
        fail(st, sql);
    sqlite3_reset(stmt);
    note_loss(st, code);
    return code == SQLITE_ROW;
}

void query_open(struct query *q, struct store *st, const char *sql, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    *q = (struct query){.store = st, .stmt = bind(st, sql, SQLITE_TRANSIENT, format, args)};
    va_end(args);
}

bool query_next(struct query *q)
{
    PRE(q->stmt != NULL);
    int code = sqlite3_step(q->stmt);
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE && !is_worldly(code))
        fail(q->store, sqlite3_sql(q->stmt));
    note_loss(q->store, code);
    query_close(q);
    return false;
}

void query_close(struct query *q)
{
    if (q->stmt != NULL)
        sqlite3_reset(q->stmt);
    q->stmt = NULL;
}

const char *query_text(const struct query *q, int column)
{
    const char *text = (const char *)sqlite3_column_text(q->stmt, column);
    return text != NULL ? text : "";
}

int64_t query_i64(const struct query *q, int column)
{
    return sqlite3_column_int64(q->stmt, column);
}

bool query_is_null(const struct query *q, int column)
{
    return sqlite3_column_type(q->stmt, column) == SQLITE_NULL;
}

const void *query_blob(const struct query *q, int column, size_t *len)
{
    const void *data = sqlite3_column_blob(q->stmt, column);
    *len = (size_t)sqlite3_column_bytes(q->stmt, column);
    return data;
}

enum err_code store_backup(struct store *st, const char *path, struct err *err)
{
    sqlite3 *copy = NULL;
    make_private(path);
    int code = sqlite3_open(path, &copy);
    sqlite3_backup *backup = code == SQLITE_OK ? sqlite3_backup_init(copy, "main", st->db, "main")
                                               : NULL;
    if (backup != NULL) {
        sqlite3_backup_step(backup, -1);
        code = sqlite3_backup_finish(backup);
    }
    if (code != SQLITE_OK || backup == NULL)
        err_set(err, ERR_IO, "cannot copy the store to %s: %s", path, sqlite3_errmsg(copy));
    sqlite3_close(copy);
    return code == SQLITE_OK && backup != NULL ? ERR_OK : ERR_IO;
}

void *store_dump(struct store *st, size_t *len)
{
    enum { VERSIONS_AT = 18 }; /* in the header of sqlite's file format */
    sqlite3_int64 size = 0;
    unsigned char *bytes = sqlite3_serialize(st->db, "main", &size, 0);
    INV(bytes != NULL);
    unsigned char *copy = check_alloc((unsigned long)size);
    memcpy(copy, bytes, (size_t)size);
    sqlite3_free(bytes);
    /* Of a file with a WAL: memory knows rollback journals only. */
    INV(size > VERSIONS_AT + 1);
    copy[VERSIONS_AT] = copy[VERSIONS_AT + 1] = 1;
    *len = (size_t)size;
    return copy;
}

void store_load(struct store *st, const void *bytes, size_t len)
{
    unsigned char *copy = sqlite3_malloc64(len);
    INV(copy != NULL);
    memcpy(copy, bytes, len);
    sqlite3 *from = NULL;
    INV(sqlite3_open(":memory:", &from) == SQLITE_OK);
    INV(sqlite3_deserialize(from, "main", copy, (sqlite3_int64)len, (sqlite3_int64)len,
                            SQLITE_DESERIALIZE_FREEONCLOSE) == SQLITE_OK);
    sqlite3_backup *backup = sqlite3_backup_init(st->db, "main", from, "main");
    INV(backup != NULL);
    sqlite3_backup_step(backup, -1);
    INV(sqlite3_backup_finish(backup) == SQLITE_OK);
    sqlite3_close(from);
}
