/* dos_sweep_test.c - a file goes when no row needs it any more and never before: garbage rests, an
 * orphan is one only without a row, and nothing is unlinked while an import counts on chunks. */
#include "base/check.h"
#include "base/str.h"
#include "dos/store/import.h"
#include "dos_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define REF   "aa00000000000000000000000000000f"
#define CHUNK "ab112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

enum { REST_MS = 5 * 60 * 1000 };

static struct rig rig;

static int open_rig(void **state)
{
    (void)state;
    rig_open(&rig);
    rig_bucket(&rig, "1", "one");
    rig_forget_jobs(&rig);
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

static void expect_unlink(const char *name)
{
    const struct rig_job *job = rig_job(&rig, DOS_JOB_UNLINK);
    assert_non_null(job);
    struct dos_unpack names = {.at = job->spec, .end = job->spec + job->spec_size};
    assert_string_equal(dos_unpack_text(&names), name);
    assert_false(dos_unpack_more(&names));
}

static void garbage_rests_and_goes(void **state)
{
    (void)state;
    rig_put_file(&rig, "one", "k", REF, 70000);
    rig_put(&rig, "one", "k", "x");
    rig_tick(&rig, EVENT_START, 0);
    assert_null(rig_job(&rig, DOS_JOB_UNLINK));
    rig_tick(&rig, EVENT_TICK, REST_MS - 1000);
    assert_null(rig_job(&rig, DOS_JOB_UNLINK));
    rig_tick(&rig, EVENT_TICK, 1001);
    expect_unlink("objects/" REF);
    /* It failed: tried again. */
    struct rig_job job = *rig_job(&rig, DOS_JOB_UNLINK);
    rig_done(&rig, &job, ERR_TIMEOUT, &(struct buf){0});
    expect_unlink("objects/" REF);
    job = *rig_job(&rig, DOS_JOB_UNLINK);
    CLEANUP(buf_fini) struct buf result = {0};
    dos_pack_text(&result, "objects/" REF);
    rig_done(&rig, &job, ERR_OK, &result);
    assert_null(rig_job(&rig, DOS_JOB_UNLINK));
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM garbage"), 0);
}

/* The scan comes round to objects first. */
static void orphans_have_no_row(void **state)
{
    (void)state;
    rig_put_file(&rig, "one", "k", REF, 70000);
    rig_tick(&rig, EVENT_START, 0);
    const struct rig_job *scan = rig_job(&rig, DOS_JOB_SCAN);
    assert_non_null(scan);
    struct rig_job job = *scan;
    CLEANUP(buf_fini) struct buf result = {0};
    dos_pack_text(&result, "objects/" REF);
    dos_pack_text(&result, "objects/aa000000000000000000000000000000");
    dos_pack_text(&result, "chunks/" CHUNK);
    rig_done(&rig, &job, ERR_OK, &result);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM garbage"), 2);
    assert_int_equal(rig_count(&rig, "SELECT count(*) FROM garbage WHERE name='objects/" REF "'"),
                     0);
}

static void nothing_is_unlinked_beside_an_import(void **state)
{
    (void)state;
    const struct dos_import row = {.id = "ami-1", .account = "1", .bucket = "one", .key = "img"};
    rig_put(&rig, "one", "img", "raw");
    rig_put_file(&rig, "one", "k", REF, 70000);
    rig_put(&rig, "one", "k", "x");
    store_begin(rig.store);
    dos_import_save(rig.store, &row);
    store_commit(rig.store, NULL);
    rig_tick(&rig, EVENT_START, 2 * REST_MS);
    rig_tick(&rig, EVENT_TICK, REST_MS);
    const struct rig_job *import = rig_job(&rig, DOS_JOB_IMPORT);
    assert_non_null(import);
    rig_tick(&rig, EVENT_TICK, REST_MS);
    assert_null(rig_job(&rig, DOS_JOB_UNLINK));
    struct rig_job job = *import;
    rig_done(&rig, &job, ERR_IMAGE_INVALID, &(struct buf){0});
    expect_unlink("objects/" REF);
    /* And the other way round: a new import waits for the unlink. */
    store_begin(rig.store);
    dos_import_save(rig.store, &row);
    store_commit(rig.store, NULL);
    job = *rig_job(&rig, DOS_JOB_UNLINK);
    rig_tick(&rig, EVENT_TICK, 1000);
    assert_null(rig_job(&rig, DOS_JOB_IMPORT));
    rig_done(&rig, &job, ERR_OK, &(struct buf){0});
    assert_non_null(rig_job(&rig, DOS_JOB_IMPORT));
}

/* A job that was emitted in a turn that is lost was never started; one from before still runs. */
static void a_lost_turn_forgets_its_own_jobs_only(void **state)
{
    (void)state;
    const struct dos_import row = {.id = "ami-1", .account = "1", .bucket = "one", .key = "img"};
    rig_put(&rig, "one", "img", "raw");
    rig_tick(&rig, EVENT_START, 0);
    assert_non_null(rig_job(&rig, DOS_JOB_SCAN));
    rig_forget_jobs(&rig);
    store_begin(rig.store);
    dos_import_save(rig.store, &row);
    store_commit(rig.store, NULL);
    struct core steps = dos_core_steps(rig.core);
    struct arena arena = {0};
    struct effects effects = {.arena = &arena};
    const struct event tick = {.kind = EVENT_TICK, .at = rig.now, .now_ms = 1000};
    store_begin(rig.store);
    assert_int_equal(steps.step(steps.self, &tick, &effects, NULL), ERR_OK);
    assert_int_equal(effects.first->job.kind, DOS_JOB_IMPORT);
    steps.seal(steps.self, &tick, &effects);
    store_rollback(rig.store);
    steps.reload(steps.self);
    arena_fini(&arena);
    rig_tick(&rig, EVENT_TICK, 2 * REST_MS);
    assert_non_null(rig_job(&rig, DOS_JOB_IMPORT));
    assert_null(rig_job(&rig, DOS_JOB_SCAN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(garbage_rests_and_goes, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(orphans_have_no_row, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(nothing_is_unlinked_beside_an_import, open_rig, close_rig),
        cmocka_unit_test_setup_teardown(a_lost_turn_forgets_its_own_jobs_only, open_rig, close_rig),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
