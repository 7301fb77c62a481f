/* The store: what is committed stays, what is rolled back is gone, and a full disk is noticed. */
#include "tests/unit/unit.h"

#include "base/check.h"
#include "base/store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const migrations[] = {
    "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT UNIQUE, n INTEGER CHECK(n<100), b BLOB);"
    "CREATE TABLE other(one TEXT NOT NULL)",
    "ALTER TABLE t ADD COLUMN more TEXT NOT NULL DEFAULT 'was there'",
};
static const struct store_schema schema_1 = {migrations, 1}, schema_2 = {migrations, 2};

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/tct-unit-store-XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int drop_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"a",          "a-wal",          "a-shm",
                                        "a.before-2", "a.before-2-wal", "a.before-2-shm"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

static struct store *open_file(const struct store_schema *schema)
{
    struct store *st = NULL;
    struct err err = {0};
    char path[128];
    snprintf(path, sizeof path, "%s/a", folder);
    assert_int_equal(store_open(&st, path, schema, &err), ERR_OK);
    return st;
}

static struct store *open_memory(void)
{
    struct store *st = NULL;
    struct err err = {0};
    assert_int_equal(store_open(&st, ":memory:", &schema_1, &err), ERR_OK);
    return st;
}

static void commit(struct store *st)
{
    struct err err = {0};
    assert_int_equal(store_commit(st, &err), ERR_OK);
}

static int64_t rows(struct store *st)
{
    return store_i64(st, -1, "SELECT count(*) FROM t", "");
}

static void add(struct store *st, int64_t id)
{
    store_run(st, "INSERT INTO t(id) VALUES(?)", "i", id);
}

/* ---- values ------------------------------------------------------------------------------- */

static void values_go_in_and_come_out(void **state)
{
    (void)state;
    struct store *st = open_memory();
    struct query q;
    assert_int_equal(store_run(st, "INSERT INTO t(id, name, n, b) VALUES(?, ?, ?, ?)", "isib",
                               INT64_MIN, "na\xc3\xafve", (int64_t)-7, "a\0b", (size_t)3),
                     1);
    assert_int_equal(
        store_run(st, "INSERT INTO t(id, name) VALUES(?, ?)", "is", (int64_t)1, (const char *)NULL),
        1);
    query_open(&q, st, "SELECT id, name, n, b FROM t ORDER BY id", "");
    assert_true(query_next(&q));
    size_t len;
    assert_true(query_i64(&q, 0) == INT64_MIN);
    assert_string_equal(query_text(&q, 1), "na\xc3\xafve");
    assert_int_equal(query_i64(&q, 2), -7);
    const void *blob = query_blob(&q, 3, &len);
    assert_int_equal(len, 3);
    assert_memory_equal(blob, "a\0b", 3);
    assert_true(query_next(&q));
    assert_true(query_is_null(&q, 1) && query_is_null(&q, 3));
    assert_string_equal(query_text(&q, 1), "");
    assert_false(query_next(&q));
    store_close(st);
}

static void otherwise_is_for_no_row_and_for_null(void **state)
{
    (void)state;
    struct store *st = open_memory();
    add(st, 1);
    assert_int_equal(store_i64(st, 42, "SELECT n FROM t WHERE id=?", "i", (int64_t)2), 42);
    assert_int_equal(store_i64(st, 42, "SELECT n FROM t WHERE id=?", "i", (int64_t)1), 42);
    assert_int_equal(store_i64(st, 42, "SELECT id FROM t", ""), 1);
    assert_true(store_has(st, "SELECT 1 FROM t", ""));
    assert_false(store_has(st, "SELECT 1 FROM t WHERE id=9", ""));
    store_close(st);
}

/* The statement cache: one text, many arguments; a query that was left early is open again. */
static void a_statement_is_used_again_with_other_arguments(void **state)
{
    (void)state;
    struct store *st = open_memory();
    for (int64_t i = 0; i < 500; i++)
        add(st, i);
    for (int64_t i = 0; i < 500; i++)
        assert_int_equal(store_i64(st, -1, "SELECT id FROM t WHERE id=?", "i", i), i);
    for (int round = 0; round < 3; round++) {
        struct query q;
        query_open(&q, st, "SELECT id FROM t ORDER BY id", "");
        assert_true(query_next(&q));
        assert_int_equal(query_i64(&q, 0), 0);
        query_close(&q);
        query_close(&q); /* twice is fine */
    }
    store_close(st);
}

/* Of a column that a partial index asks for, too: its plan does not depend on what is bound. */
static void a_statement_is_prepared_once(void **state)
{
    (void)state;
    struct store *st = open_memory();
    store_run(st, "CREATE INDEX other_nameless ON other(one) WHERE one=''", "");
    for (int64_t i = 0; i < 3; i++) {
        char name[8];
        snprintf(name, sizeof name, "%d", (int)i);
        store_run(st, "INSERT INTO other VALUES(?)", "s", name);
        struct query q;
        query_open(&q, st, "SELECT one FROM other WHERE one=?", "s", name);
        assert_true(query_next(&q));
        assert_int_equal(sqlite3_stmt_status(q.stmt, SQLITE_STMTSTATUS_REPREPARE, 0), 0);
        query_close(&q);
    }
    store_close(st);
}

static void different_queries_nest(void **state)
{
    (void)state;
    struct store *st = open_memory();
    struct query outer, inner;
    int64_t pairs = 0;
    for (int64_t i = 0; i < 5; i++)
        add(st, i);
    STORE_EACH (st, outer, "SELECT id FROM t", "")
        STORE_EACH (st, inner, "SELECT id FROM t WHERE id>?", "i", query_i64(&outer, 0))
            pairs++;
    assert_int_equal(pairs, 10);
    store_close(st);
}

static void a_refusal_is_told_and_changes_nothing(void **state)
{
    (void)state;
    struct store *st = open_memory();
    store_begin(st);
    assert_true(store_try(st, "INSERT INTO t(id, name) VALUES(1, ?)", "s", "x"));
    assert_false(store_try(st, "INSERT INTO t(id, name) VALUES(2, ?)", "s", "x"));
    assert_false(store_try(st, "INSERT INTO t(id, n) VALUES(3, ?)", "i", (int64_t)100));
    assert_false(store_is_lost(st));
    commit(st);
    assert_int_equal(rows(st), 1);
    store_close(st);
}

/* ---- transactions ------------------------------------------------------------------------- */

/* ARCHITECTURE 4: an event that fails is rolled back alone. */
static void a_savepoint_is_rolled_back_alone(void **state)
{
    (void)state;
    struct store *st = open_memory();
    store_begin(st);
    store_savepoint(st);
    add(st, 1);
    store_release(st);
    store_savepoint(st);
    add(st, 2);
    store_rollback_to(st);
    store_savepoint(st);
    add(st, 3);
    store_release(st);
    commit(st);
    assert_int_equal(rows(st), 2);
    assert_false(store_has(st, "SELECT 1 FROM t WHERE id=2", ""));
    store_close(st);
}

static void a_rollback_leaves_nothing(void **state)
{
    (void)state;
    struct store *st = open_memory();
    store_begin(st);
    add(st, 1);
    store_rollback(st);
    assert_int_equal(rows(st), 0);
    store_rollback(st); /* with none open: nothing */
    store_begin(st);
    commit(st);
    store_close(st);
}

/* A turn that changes nothing costs no fsync: reads, and updates that meet no row, are no change.
 */
static void only_changes_count_as_changes(void **state)
{
    (void)state;
    struct store *st = open_memory();
    add(st, 1);
    store_begin(st);
    assert_false(store_is_changed(st));
    assert_true(store_has(st, "SELECT 1 FROM t", ""));
    store_run(st, "UPDATE t SET n=1 WHERE id=99", "");
    store_savepoint(st);
    store_release(st);
    assert_false(store_is_changed(st));
    store_run(st, "UPDATE t SET n=1 WHERE id=1", "");
    assert_true(store_is_changed(st));
    commit(st);
    store_begin(st);
    assert_false(store_is_changed(st));
    commit(st);
    store_close(st);
}

/* ---- a full disk -------------------------------------------------------------------------- */

enum { ROW_BYTES = 3000 };

/* From here the store has room for a few rows of ROW_BYTES and no more. */
static void limit(struct store *st)
{
    store_i64(st, 0, "PRAGMA max_page_count=24", "");
}

static bool add_large(struct store *st)
{
    static char bytes[ROW_BYTES];
    return store_run(st, "INSERT INTO t(b) VALUES(?)", "b", (const void *)bytes, sizeof bytes) == 1;
}

static void fill(struct store *st)
{
    for (int i = 0; i < 100 && add_large(st); i++) {
    }
}

static void a_full_disk_loses_the_whole_transaction(void **state)
{
    (void)state;
    struct store *st = open_memory();
    add(st, -1);
    limit(st);
    store_begin(st);
    store_savepoint(st);
    add(st, 1000);
    fill(st);
    assert_true(store_is_lost(st));
    store_rollback_to(st); /* all of these are safe then */
    store_release(st);
    store_rollback(st);
    assert_int_equal(rows(st), 1);
    store_begin(st); /* and it goes on: reads and deletes work */
    assert_int_equal(store_run(st, "DELETE FROM t WHERE id=-1", ""), 1);
    commit(st);
    assert_int_equal(rows(st), 0);
    store_close(st);
}

/* What the same event writes after the loss must not be committed by itself: sqlite is in
 * autocommit then, and a small row still fits. */
static void what_is_written_after_the_loss_is_lost_too(void **state)
{
    (void)state;
    struct store *st = open_memory();
    limit(st);
    store_begin(st);
    store_savepoint(st);
    fill(st);
    assert_true(store_is_lost(st));
    add(st, 77);
    store_rollback_to(st);
    store_rollback(st);
    assert_int_equal(rows(st), 0);
    store_close(st);
}

/* sqlite may undo the one statement that met the full disk and keep the transaction open. The turn
 * must not be committed without it. */
static void a_statement_undone_for_want_of_room_is_a_loss(void **state)
{
    (void)state;
    struct store *st = open_memory();
    struct err err = {0};
    for (int64_t i = 0; i < 10; i++)
        add(st, i);
    limit(st);
    store_begin(st);
    store_savepoint(st);
    store_run(st, "INSERT INTO other VALUES('before')", "");
    int64_t changed = store_run(st, "UPDATE t SET n=1, name='name'||id||hex(zeroblob(9000))", "");
    assert_int_equal(changed, 0);
    store_release(st);
    bool lost = store_is_lost(st) || store_commit(st, &err) != ERR_OK;
    store_rollback(st);
    assert_true(lost);
    assert_false(store_has(st, "SELECT 1 FROM other", ""));
    store_close(st);
}

/* ---- the file ----------------------------------------------------------------------------- */

static void it_is_durable_as_promised_and_migrates_with_a_copy(void **state)
{
    (void)state;
    char copy[128];
    struct stat info;
    snprintf(copy, sizeof copy, "%s/a.before-2", folder);
    struct store *st = open_file(&schema_1);
    struct query q;
    query_open(&q, st, "PRAGMA journal_mode", "");
    assert_true(query_next(&q));
    assert_string_equal(query_text(&q, 0), "wal");
    query_close(&q);
    assert_int_equal(store_i64(st, -1, "PRAGMA synchronous", ""), 2); /* FULL */
    assert_int_equal(store_i64(st, -1, "PRAGMA foreign_keys", ""), 1);
    store_begin(st);
    add(st, 5);
    commit(st);
    store_close(st);
    assert_int_not_equal(stat(copy, &info), 0);
    st = open_file(&schema_2);
    assert_int_equal(stat(copy, &info), 0);
    query_open(&q, st, "SELECT more FROM t WHERE id=5", "");
    assert_true(query_next(&q));
    assert_string_equal(query_text(&q, 0), "was there");
    query_close(&q);
    store_close(st);
}

static void a_newer_schema_is_refused(void **state)
{
    (void)state;
    struct store *st = open_file(&schema_2);
    store_close(st);
    struct err err = {0};
    char path[128];
    snprintf(path, sizeof path, "%s/a", folder);
    assert_int_equal(store_open(&st, path, &schema_1, &err), ERR_CONFIG);
    assert_non_null(strstr(err.text, "newer version"));
}

static void commit_and_die(void)
{
    struct store *st = open_file(&schema_2);
    for (int i = 0; i < 300; i++) {
        store_begin(st);
        add_large(st);
        commit(st);
    }
    _exit(0);
}

/* Whoever was killed leaves a log, of more than is written over itself at once. */
static void a_long_log_is_opened_and_dropped_at_the_end(void **state)
{
    (void)state;
    enum { LONG = 1 << 20 };
    char log[128];
    int status = 0;
    struct stat info;
    snprintf(log, sizeof log, "%s/a-wal", folder);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        commit_and_die();
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(stat(log, &info), 0);
    assert_true(info.st_size > LONG);
    struct store *st = open_file(&schema_2);
    assert_int_equal(
        store_i64(st, -1, "SELECT count(*) FROM t WHERE length(b)=?", "i", (int64_t)ROW_BYTES),
        300);
    store_close(st);
    assert_int_not_equal(stat(log, &info), 0);
}

/* I16, where several users share a folder: those of a host do. */
static void nobody_else_reads_a_store(void **state)
{
    (void)state;
    static const char *const names[] = {"private", "private-wal", "private-shm", "copy"};
    struct store *st = NULL;
    struct err err = {0};
    char paths[4][128];
    for (size_t i = 0; i < 4; i++)
        snprintf(paths[i], sizeof paths[i], "%s/%s", folder, names[i]);
    mode_t before = umask(0);
    assert_int_equal(store_open(&st, paths[0], &schema_1, &err), ERR_OK);
    add(st, 1);
    assert_int_equal(store_backup(st, paths[3], &err), ERR_OK);
    umask(before);
    for (size_t i = 0; i < 4; i++) {
        struct stat found;
        assert_int_equal(stat(paths[i], &found), 0);
        assert_int_equal(found.st_mode & 0777, 0600);
    }
    store_close(st);
    for (size_t i = 0; i < 4; i++)
        unlink(paths[i]);
}

static void a_path_that_cannot_be_is_an_error(void **state)
{
    (void)state;
    struct store *st = NULL;
    struct err err = {0};
    assert_int_equal(store_open(&st, "/tmp/tct-unit-no-such-folder/a", &schema_1, &err), ERR_IO);
    assert_null(st);
}

static void bytes_of_a_store_make_the_same_store(void **state)
{
    (void)state;
    struct store *a = open_memory(), *b = open_memory();
    size_t len;
    add(a, 3);
    add(b, 9);
    void *bytes = store_dump(a, &len);
    store_load(b, bytes, len);
    free(bytes);
    assert_int_equal(rows(b), 1);
    assert_true(store_has(b, "SELECT 1 FROM t WHERE id=3", ""));
    store_close(a);
    store_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_go_in_and_come_out),
        cmocka_unit_test(otherwise_is_for_no_row_and_for_null),
        cmocka_unit_test(a_statement_is_used_again_with_other_arguments),
        cmocka_unit_test(a_statement_is_prepared_once),
        cmocka_unit_test(different_queries_nest),
        cmocka_unit_test(a_refusal_is_told_and_changes_nothing),
        cmocka_unit_test(a_savepoint_is_rolled_back_alone),
        cmocka_unit_test(a_rollback_leaves_nothing),
        cmocka_unit_test(only_changes_count_as_changes),
        cmocka_unit_test(a_full_disk_loses_the_whole_transaction),
        cmocka_unit_test(what_is_written_after_the_loss_is_lost_too),
        cmocka_unit_test(a_statement_undone_for_want_of_room_is_a_loss),
        cmocka_unit_test(it_is_durable_as_promised_and_migrates_with_a_copy),
        cmocka_unit_test(a_newer_schema_is_refused),
        cmocka_unit_test(a_long_log_is_opened_and_dropped_at_the_end),
        cmocka_unit_test(nobody_else_reads_a_store),
        cmocka_unit_test(a_path_that_cannot_be_is_an_error),
        cmocka_unit_test(bytes_of_a_store_make_the_same_store),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
