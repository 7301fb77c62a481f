/* The cache of images' bases: bounded, the least recently used first, never one in use; and where
 * the disk is full, the cache is cleaned first and then nothing is started (PROTOCOL 8). */
#include "tests/unit/unit.h"

#include "tests/unit/host_rig.h"

#include "base/str.h"
#include "computer-manager/model/cache.h"

#include <string.h>

#define GIB ((int64_t)1 << 30)

/* ---- the choice ---------------------------------------------------------------------------- */

enum { ITEMS = 12 };

static void draw(struct rng *rng, struct host_cached *all)
{
    for (size_t i = 0; i < ITEMS; i++)
        all[i] = (struct host_cached){.used_ms = (int64_t)rng_below(rng, 6),
                                      .size_bytes = (int64_t)rng_below(rng, 5),
                                      .is_pinned = rng_below(rng, 3) == 0,
                                      .number = i};
}

/* Whatever is there: pins stay; both bounds hold or nothing is left to take; no base that was used
 * earlier stays, unpinned, where a later one went; and not one too many goes. */
static void check_choice(struct host_cached *all, const struct host_cache_bounds *b)
{
    struct host_cache_bounds now = *b;
    int64_t cached = 0, last = -1;
    for (size_t i = 0; i < ITEMS; i++)
        cached += all[i].size_bytes;
    host_cache_choose(all, ITEMS, b);
    size_t stay = 0;
    for (size_t i = 0; i < ITEMS; i++) {
        assert_true(all[i].used_ms >= last);
        last = all[i].used_ms;
        assert_false(all[i].goes && all[i].is_pinned);
        stay += !all[i].goes && !all[i].is_pinned;
        if (all[i].goes) {
            assert_true(host_cache_is_full(cached, &now)); /* it was needed */
            assert_int_equal(stay, 0);
            cached -= all[i].size_bytes;
            now.free_bytes += all[i].size_bytes;
        }
    }
    assert_true(stay == 0 || !host_cache_is_full(cached, &now));
}

static void any_choice_keeps_the_rules(void **state)
{
    (void)state;
    struct rng_seeded seed = {.state = 7};
    struct rng rng = rng_seeded(&seed);
    for (int round = 0; round < 20000; round++) {
        struct host_cached all[ITEMS];
        struct host_cache_bounds b = {.cache_bytes = (int64_t)rng_below(&rng, 30),
                                      .total_bytes = 100,
                                      .free_bytes = (int64_t)rng_below(&rng, 40),
                                      .free_percent = (int64_t)rng_below(&rng, 30)};
        draw(&rng, all);
        check_choice(all, &b);
    }
}

/* ---- the core ------------------------------------------------------------------------------ */

/* Answers the newest listing of disks. */
static void list(struct host_rig *r, int64_t cached_bytes, int64_t free_percent)
{
    struct host_disk_list out = {.total_bytes = 100 * GIB,
                                 .free_bytes = free_percent * GIB,
                                 .images_total_bytes = 100 * GIB,
                                 .images_free_bytes = free_percent * GIB,
                                 .cached_bytes = cached_bytes};
    if (host_rig_job(r, HOST_JOB_DISK_LIST) == NULL)
        host_rig_pass(r, 30000);
    host_rig_done(r, HOST_JOB_DISK_LIST, ERR_OK, "", &out, sizeof out);
}

static const struct host_disk_evict *eviction(struct host_rig *r)
{
    const struct rig_job *job = host_rig_job(r, HOST_JOB_DISK_EVICT);
    assert_non_null(job);
    return job->spec;
}

static void what_a_record_names_is_pinned(void **state)
{
    (void)state;
    struct host_rig r;
    struct wire_instance wish = host_rig_instance();
    wish.want = "stopped";
    host_rig_init(&r);
    host_rig_wish(&r, 1, &wish);
    list(&r, 5 * GIB, 50);
    assert_null(host_rig_job(&r, HOST_JOB_DISK_EVICT));
    list(&r, 11 * GIB, 50);
    const struct host_disk_evict *spec = eviction(&r);
    assert_int_equal(spec->pins_len, 1);
    assert_string_equal(spec->pins[0], wish.manifest);
    assert_true(spec->cache_bytes == 10 * GIB && spec->free_percent == 15 && spec->idle_ms > 0);
    list(&r, 11 * GIB, 50); /* one at a time */
    struct host_disk_evicted out = {.bases = 1, .freed_bytes = GIB};
    host_rig_done(&r, HOST_JOB_DISK_EVICT, ERR_OK, "", &out, sizeof out);
    assert_null(host_rig_job(&r, HOST_JOB_DISK_EVICT));
    host_rig_fini(&r);
}

/* After a restart the wishes are read before anything is let go. */
static void pins_outlive_the_process(void **state)
{
    (void)state;
    struct host_rig r;
    struct wire_instance wish = host_rig_instance();
    host_rig_init(&r);
    host_rig_wish(&r, 1, &wish);
    host_rig_restart(&r);
    list(&r, 11 * GIB, 50);
    assert_int_equal(eviction(&r)->pins_len, 1);
    host_rig_fini(&r);
}

static void a_full_disk_is_cleaned_and_then_starts_nothing(void **state)
{
    (void)state;
    struct host_rig r;
    struct wire_instance wish = host_rig_instance();
    struct host_disk_evicted out = {.bases = 1, .freed_bytes = 5 * GIB};
    host_rig_init(&r);
    list(&r, 5 * GIB, 8);
    eviction(&r);
    host_rig_wish(&r, 1, &wish);
    host_rig_list(&r, -1, 0);
    assert_null(host_rig_job(&r, HOST_JOB_DISK_BASE));
    host_rig_done(&r, HOST_JOB_DISK_EVICT, ERR_OK, "", &out, sizeof out);
    assert_non_null(host_rig_job(&r, HOST_JOB_DISK_LIST)); /* at once: a start waits */
    list(&r, 0, 13);
    assert_non_null(host_rig_job(&r, HOST_JOB_DISK_BASE));
    host_rig_fini(&r);
}

static void a_start_that_finds_no_room_says_so(void **state)
{
    (void)state;
    struct host_rig r;
    struct wire_instance wish = host_rig_instance();
    host_rig_init(&r);
    list(&r, 0, 8);
    host_rig_wish(&r, 1, &wish);
    host_rig_list(&r, -1, 0);
    for (int i = 0; i < 8; i++)
        list(&r, 0, 8);
    host_rig_pass(&r, host_start_ms(0)); /* and nothing else happens */
    assert_string_equal(host_rig_seen(&r).state, "refused");
    assert_non_null(strstr(host_rig_seen(&r).detail, "disk"));
    host_rig_fini(&r);
}

/* It went between the fetch and the disk: it is fetched again. */
static void a_base_that_went_is_fetched_again(void **state)
{
    (void)state;
    struct host_rig r;
    struct wire_instance wish = host_rig_instance();
    host_rig_init(&r);
    host_rig_wish(&r, 1, &wish);
    host_rig_list(&r, -1, 0);
    host_rig_ok(&r, HOST_JOB_DISK_BASE);
    host_rig_done(&r, HOST_JOB_DISK_ROOT, ERR_PRECONDITION, "its base is not here", NULL, 0);
    host_rig_pass(&r, 2000);
    assert_non_null(host_rig_job(&r, HOST_JOB_DISK_BASE));
    host_rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_choice_keeps_the_rules),
        cmocka_unit_test(what_a_record_names_is_pinned),
        cmocka_unit_test(pins_outlive_the_process),
        cmocka_unit_test(a_full_disk_is_cleaned_and_then_starts_nothing),
        cmocka_unit_test(a_start_that_finds_no_room_says_so),
        cmocka_unit_test(a_base_that_went_is_fetched_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
