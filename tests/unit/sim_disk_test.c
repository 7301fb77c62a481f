/* sim_disk_test.c - the simulator's disk loses what it should, and nothing else; and a store of the
 * product's on it comes back with all that was committed (I5). */
#include "base/store.h"
#include "tests/sim/disk.h"
#include "tests/sim/vfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { PAGE = 4096, TRIES = 200 };

static struct rng_seeded seed;

static struct rng luck(uint64_t state)
{
    seed.state = state;
    return rng_seeded(&seed);
}

static void fill(struct sim_file *f, int64_t at, int letter)
{
    char page[PAGE];
    memset(page, letter, sizeof page);
    assert_int_equal(sim_file_write(f, at, page, sizeof page), SIM_DISK_WELL);
}

static int letter_at(const struct sim_file *f, int64_t at)
{
    unsigned char byte = 0;
    return sim_file_read(f, at, &byte, 1) == 1 ? byte : -1;
}

static void a_kill_loses_nothing_of_what_was_written(void **state)
{
    (void)state;
    struct sim_disk *d = sim_disk_new();
    struct sim_file *f = sim_disk_create(d, "store");
    fill(f, 0, 'a');
    sim_disk_kill(d);
    assert_int_equal(sim_file_write(f, 0, "b", 1), SIM_DISK_DEATH);
    assert_int_equal(sim_file_sync(f), SIM_DISK_DEATH);
    sim_disk_revive(d);
    assert_int_equal(letter_at(sim_disk_find(d, "store"), 17), 'a');
    sim_disk_free(d);
}

/* What was synced stays as it was or as it was written after; each end is seen. */
static void a_power_cut_loses_keeps_and_tears_what_was_not_synced(void **state)
{
    (void)state;
    size_t lost = 0, kept = 0, torn = 0;
    for (uint64_t i = 0; i < TRIES; i++) {
        struct sim_disk *d = sim_disk_new();
        struct rng rng = luck(i);
        struct sim_file *f = sim_disk_create(d, "store");
        fill(f, 0, 'a');
        sim_file_sync(f);
        fill(f, 0, 'b');
        sim_disk_cut(d, &rng);
        size_t new = 0;
        for (int64_t at = 0; at < PAGE; at += 512) {
            assert_int_equal(letter_at(f, at), letter_at(f, at + 511)); /* a sector is whole */
            new += letter_at(f, at) == 'b';
        }
        lost += new == 0;
        kept += new == PAGE / 512;
        torn += new > 0 && new < PAGE / 512;
        sim_disk_free(d);
    }
    assert_true(lost > 0 && kept > 0 && torn > 0);
}

static void a_new_name_that_was_not_synced_may_vanish_and_an_old_one_come_back(void **state)
{
    (void)state;
    size_t vanished = 0, back = 0;
    for (uint64_t i = 0; i < TRIES; i++) {
        struct sim_disk *d = sim_disk_new();
        struct rng rng = luck(i);
        sim_disk_install(d, "old", "x", 1);
        sim_disk_unlink(d, "old");
        sim_disk_create(d, "new");
        sim_disk_cut(d, &rng);
        vanished += sim_disk_find(d, "new") == NULL;
        back += sim_disk_find(d, "old") != NULL;
        assert_false(sim_disk_find(d, "old") != NULL && sim_disk_find(d, "new") != NULL);
        sim_disk_free(d);
    }
    assert_true(vanished > back && back > 0 && vanished < TRIES);
}

/* As Linux has it: the bytes are read until the power goes, and a later sync says yes. */
static void what_a_failed_sync_left_is_not_tried_again(void **state)
{
    (void)state;
    size_t lost = 0;
    for (uint64_t i = 0; i < TRIES; i++) {
        struct sim_disk *d = sim_disk_new();
        struct rng rng = luck(i);
        struct sim_file *f = sim_disk_create(d, "store");
        fill(f, 0, 'a');
        sim_disk_arm(d, SIM_DISK_IO_ERROR, 1, true, &rng);
        assert_int_equal(sim_file_sync(f), SIM_DISK_IO_ERROR);
        assert_int_equal(sim_disk_disarm(d), SIM_DISK_IO_ERROR);
        assert_int_equal(sim_file_sync(f), SIM_DISK_WELL);
        assert_int_equal(letter_at(f, 0), 'a');
        sim_disk_cut(d, &rng);
        lost += letter_at(f, 0) != 'a';
        sim_disk_free(d);
    }
    assert_true(lost > 0 && lost < TRIES);
}

static void the_nth_write_fails_and_no_other(void **state)
{
    (void)state;
    struct sim_disk *d = sim_disk_new();
    struct rng rng = luck(1);
    struct sim_file *f = sim_disk_create(d, "store");
    sim_disk_arm(d, SIM_DISK_FULL, 3, false, &rng);
    assert_int_equal(sim_file_write(f, 0, "a", 1), SIM_DISK_WELL);
    assert_int_equal(sim_file_sync(f), SIM_DISK_WELL);
    assert_int_equal(sim_file_write(f, 1, "b", 1), SIM_DISK_FULL);
    assert_int_equal(sim_file_write(f, 1, "b", 1), SIM_DISK_WELL);
    assert_int_equal(sim_disk_disarm(d), SIM_DISK_FULL);
    sim_disk_free(d);
}

/* ---- a store of the product's on it --------------------------------------------------------- */

static const char *const migrations[] = {"CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB)"};
static const struct store_schema schema = {migrations, 1};

static struct store *try_open_on(struct sim_disk *d)
{
    struct store *st = NULL;
    struct err err = {0};
    sim_vfs_register();
    return store_open(&st, sim_disk_path(d), &schema, &err) == ERR_OK ? st : NULL;
}

static struct store *open_on(struct sim_disk *d)
{
    struct store *st = try_open_on(d);
    assert_non_null(st);
    return st;
}

/* Some fault, at one of the next `most` writes and syncs. */
static void arm(struct sim_disk *d, uint64_t most, const struct rng *rng)
{
    sim_disk_arm(d, 1 + (enum sim_disk_fault)rng_below(rng, 3), 1 + rng_below(rng, most),
                 rng_below(rng, 3) == 0, rng);
}

/* Its process dies, perhaps with its machine. */
static void die(struct sim_disk *d, struct store *st, const struct rng *rng)
{
    sim_disk_kill(d);
    store_close(st);
    if (rng_below(rng, 2) == 0)
        sim_disk_cut(d, rng);
    sim_disk_revive(d);
}

/* The recovery may meet a fault too; a process that cannot open its store ends by itself. */
static struct store *come_back(struct sim_disk *d, struct store *st, const struct rng *rng)
{
    die(d, st, rng);
    while (rng_below(rng, 2) == 0) {
        arm(d, 2, rng);
        st = try_open_on(d);
        sim_disk_disarm(d);
        if (st != NULL && !sim_disk_is_dead(d))
            return st;
        die(d, st, rng);
    }
    return open_on(d);
}

static enum err_code add(struct store *st, int64_t id)
{
    struct err err = {0};
    store_begin(st);
    store_run(st, "INSERT OR IGNORE INTO t VALUES(?, randomblob(9000))", "i", id);
    return store_commit(st, &err);
}

/* Of what a commit that failed had in hand nothing is promised; of all others everything. */
static void what_was_committed_is_there_after_any_death(void **state)
{
    (void)state;
    enum { COMMITS = 30 };
    size_t failed = 0;
    for (uint64_t i = 1; i <= TRIES; i++) {
        struct sim_disk *d = sim_disk_new();
        struct rng rng = luck(i);
        struct store *st = open_on(d);
        bool done[COMMITS] = {false};
        for (int64_t k = 0; k < COMMITS; k++) {
            if (rng_below(&rng, 4) == 0)
                arm(d, 8, &rng);
            done[k] = add(st, k) == ERR_OK;
            failed += !done[k];
            bool is_dead = sim_disk_disarm(d) == SIM_DISK_DEATH || !done[k];
            if (is_dead || rng_below(&rng, 5) == 0)
                st = come_back(d, st, &rng);
            for (int64_t j = 0; j <= k; j++)
                assert_true(!done[j] || store_has(st, "SELECT 1 FROM t WHERE id=?", "i", j));
            done[k] |= store_has(st, "SELECT 1 FROM t WHERE id=?", "i", k);
        }
        assert_int_equal(store_i64(st, 1,
                                   "SELECT count(*) FROM pragma_integrity_check"
                                   " WHERE integrity_check<>'ok'",
                                   ""),
                         0);
        store_close(st);
        sim_disk_free(d);
    }
    assert_true(failed > 0);
}

/* Else closing would take for written what is not, and drop the log: a power cut brings it back,
 * shorter than what was copied from it. */
static void a_store_whose_log_is_not_written_again_is_left_as_it_was(void **state)
{
    (void)state;
    static const enum sim_disk_fault hows[] = {SIM_DISK_IO_ERROR, SIM_DISK_FULL};
    for (size_t i = 0; i < 4; i++) {
        struct sim_disk *d = sim_disk_new();
        struct rng rng = luck(i);
        struct store *st = open_on(d);
        assert_int_equal(add(st, 1), ERR_OK);
        sim_disk_kill(d);
        store_close(st);
        sim_disk_revive(d);
        const struct sim_file *f = sim_disk_find(d, "store"), *log = sim_disk_find(d, "store-wal");
        int64_t size = sim_file_size(f), log_size = sim_file_size(log);
        assert_true(log_size > 0);
        sim_disk_arm(d, hows[i % 2], 1, i / 2 == 0, &rng);
        assert_null(try_open_on(d));
        assert_int_equal(sim_disk_disarm(d), hows[i % 2]);
        assert_ptr_equal(sim_disk_find(d, "store-wal"), log);
        assert_int_equal(sim_file_size(log), log_size);
        assert_int_equal(sim_file_size(f), size);
        st = open_on(d);
        assert_true(store_has(st, "SELECT 1 FROM t WHERE id=1", ""));
        store_close(st);
        assert_null(sim_disk_find(d, "store-wal"));
        sim_disk_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kill_loses_nothing_of_what_was_written),
        cmocka_unit_test(a_power_cut_loses_keeps_and_tears_what_was_not_synced),
        cmocka_unit_test(a_new_name_that_was_not_synced_may_vanish_and_an_old_one_come_back),
        cmocka_unit_test(what_a_failed_sync_left_is_not_tried_again),
        cmocka_unit_test(the_nth_write_fails_and_no_other),
        cmocka_unit_test(what_was_committed_is_there_after_any_death),
        cmocka_unit_test(a_store_whose_log_is_not_written_again_is_left_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
