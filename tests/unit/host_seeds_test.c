/* Images that are to be on a host before anybody starts from them: fetched one after the other,
 * kept while they are wished, never beyond the bounds of the cache; what is said is what is so. */
#include "tests/unit/unit.h"

#include "tests/unit/host_rig.h"

#include "base/str.h"
#include "computer-manager/model/cache.h"
#include "computer-manager/plan/plan_seed.h"

#include <stdio.h>
#include <string.h>

#define GIB ((int64_t)1 << 30)
#define ONE "ami-00000000000000001"
#define TWO "ami-00000000000000002"

/* ---- the rules ----------------------------------------------------------------------------- */

/* Every view: nothing is fetched that does not fit, is here, is coming, or must not be now. */
static void the_matrix_of_views(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 32; bits++) {
        struct host_seed_view v = {.fits = bits & 1,
                                   .is_here = bits & 2,
                                   .is_coming = bits & 4,
                                   .may_fetch = bits & 8,
                                   .has_room = bits & 16};
        enum host_seed_action wanted = HOST_SEED_WAIT;
        if (!v.fits)
            wanted = HOST_SEED_REFUSE;
        else if (v.is_here)
            wanted = HOST_SEED_KEEP;
        else if (bits == (1 | 8 | 16))
            wanted = HOST_SEED_FETCH;
        assert_int_equal(host_plan_seed(&v), wanted);
    }
}

static void what_is_left_is_the_lesser_of_cache_and_disk(void **state)
{
    (void)state;
    struct host_cache_bounds b = {
        .cache_bytes = 10, .total_bytes = 100, .free_bytes = 20, .free_percent = 15};
    struct host_cache_claim claim = {.pinned_bytes = 4, .size_bytes = 5, .missing_bytes = 5};
    assert_int_equal(host_cache_left(&claim, &b), 5); /* of the disk: 20 - 15 */
    assert_true(host_cache_fits(&claim, &b));
    claim.size_bytes = claim.missing_bytes = 6;
    assert_false(host_cache_fits(&claim, &b));
    claim.loose_bytes = 50; /* what may go makes room on the disk, and none beside what is kept */
    assert_int_equal(host_cache_left(&claim, &b), 6);
    assert_true(host_cache_fits(&claim, &b));
    claim.pinned_bytes = 5;
    assert_false(host_cache_fits(&claim, &b));
    b.free_bytes = 0, claim.loose_bytes = 15;
    claim = (struct host_cache_claim){.loose_bytes = 15, .size_bytes = 6}; /* it is here */
    assert_true(host_cache_fits(&claim, &b));
}

/* ---- the core ------------------------------------------------------------------------------ */

/* The manifest of letter `c`. */
static const char *hash(char c)
{
    static char text[HOST_HASH_SIZE];
    memset(text, c, HOST_HASH_SIZE - 1);
    return text;
}

static void wish(struct host_rig *r, const char *image, char manifest, int64_t gib)
{
    char body[512];
    snprintf(body, sizeof body,
             "{\"manifest\":\"%s\",\"image_bytes\":%lld,\"dos_url\":\"https://dos:1\","
             "\"grant\":\"g\"}",
             hash(manifest), (long long)gib * (1LL << 30));
    host_rig_wish_other(r, "seed", image, "", body);
}

/* Answers the newest listing: `bases` by letter, 1 GiB each and f 10, among `cached_gib` in all. */
static void list(struct host_rig *r, const char *bases, int64_t cached_gib)
{
    static struct host_disk_list out;
    out = (struct host_disk_list){.total_bytes = 100 * GIB,
                                  .free_bytes = 50 * GIB,
                                  .images_total_bytes = 100 * GIB,
                                  .images_free_bytes = 50 * GIB,
                                  .cached_bytes = cached_gib * GIB};
    for (; *bases != '\0'; bases++) {
        str_copy(out.bases[out.bases_len].manifest, HOST_HASH_SIZE, hash(*bases));
        out.bases[out.bases_len++].size_bytes = *bases == 'f' ? 10 * GIB : GIB;
    }
    if (host_rig_job(r, HOST_JOB_DISK_LIST) == NULL)
        host_rig_pass(r, 30000);
    host_rig_done(r, HOST_JOB_DISK_LIST, ERR_OK, "", &out, sizeof out);
}

static struct wire_seed_seen seen(struct host_rig *r, const char *image)
{
    struct wire_seed_seen out = {.state = "", .detail = ""};
    struct query q;
    struct err err = {0};
    query_open(&q, r->store, "SELECT body FROM said WHERE kind='seed' AND id=? AND gone=''", "s",
               image);
    if (query_next(&q)) {
        const char *body = arena_strdup(&r->arena, query_text(&q, 0));
        assert_int_equal(
            wire_decode(&wire_seed_seen_type, body, strlen(body), &r->arena, &out, &err), ERR_OK);
        query_close(&q);
    }
    return out;
}

static const struct host_disk_base *fetch(struct host_rig *r)
{
    const struct rig_job *job = host_rig_job(r, HOST_JOB_DISK_BASE);
    return job != NULL ? job->spec : NULL;
}

static bool pins(struct host_rig *r, char manifest)
{
    const struct host_disk_evict *spec = host_rig_job(r, HOST_JOB_DISK_EVICT)->spec;
    for (int64_t i = 0; i < spec->pins_len; i++)
        if (str_eq(spec->pins[i], hash(manifest)))
            return true;
    return false;
}

static void it_is_fetched_and_said_and_pinned(void **state)
{
    (void)state;
    struct host_rig r;
    host_rig_init(&r);
    wish(&r, ONE, 'a', 1);
    assert_null(fetch(&r)); /* what is here is not known yet */
    assert_string_equal(seen(&r, ONE).state, "");
    list(&r, "", 0);
    assert_string_equal(fetch(&r)->manifest, hash('a'));
    assert_string_equal(fetch(&r)->grant, "g");
    assert_string_equal(seen(&r, ONE).state, "fetching");
    host_rig_ok(&r, HOST_JOB_DISK_BASE);
    assert_string_equal(seen(&r, ONE).state, "whole");
    list(&r, "ab", 11);
    assert_true(pins(&r, 'a') && !pins(&r, 'b'));
    host_rig_fini(&r);
}

/* A restart says nothing new of what is there, and lets nothing go. */
static void it_outlives_the_process(void **state)
{
    (void)state;
    struct host_rig r;
    host_rig_init(&r);
    wish(&r, ONE, 'a', 1);
    list(&r, "a", 1);
    assert_string_equal(seen(&r, ONE).state, "whole"); /* nothing had to be fetched */
    assert_null(fetch(&r));
    host_rig_restart(&r);
    assert_string_equal(seen(&r, ONE).state, "whole");
    list(&r, "a", 11);
    assert_string_equal(seen(&r, ONE).state, "whole");
    assert_true(pins(&r, 'a'));
    host_rig_fini(&r);
}

static void one_comes_after_the_other(void **state)
{
    (void)state;
    struct host_rig r;
    host_rig_init(&r);
    list(&r, "", 0);
    wish(&r, ONE, 'a', 1);
    wish(&r, TWO, 'b', 1);
    assert_string_equal(fetch(&r)->manifest, hash('a'));
    host_rig_ok(&r, HOST_JOB_DISK_BASE);
    assert_string_equal(fetch(&r)->manifest, hash('b'));
    assert_string_equal(seen(&r, TWO).state, "fetching");
    host_rig_fini(&r);
}

static void a_failure_is_told_and_tried_again(void **state)
{
    (void)state;
    struct host_rig r;
    host_rig_init(&r);
    list(&r, "", 0);
    wish(&r, ONE, 'a', 1);
    host_rig_done(&r, HOST_JOB_DISK_BASE, ERR_UNAVAILABLE, "dos is away", NULL, 0);
    assert_null(fetch(&r));
    assert_string_equal(seen(&r, ONE).detail, "dos is away");
    host_rig_pass(&r, 2000);
    assert_non_null(fetch(&r));
    host_rig_ok(&r, HOST_JOB_DISK_BASE);
    assert_string_equal(seen(&r, ONE).detail, "");
    host_rig_fini(&r);
}

/* 10 GiB is the cache. */
static void what_does_not_fit_is_refused_in_words(void **state)
{
    (void)state;
    struct host_rig r;
    host_rig_init(&r);
    list(&r, "a", 1);
    wish(&r, ONE, 'a', 4); /* takes the 1 GiB that it really is */
    wish(&r, TWO, 'f', 10);
    assert_null(fetch(&r));
    assert_string_equal(seen(&r, ONE).state, "whole");
    assert_string_equal(seen(&r, TWO).state, "refused");
    assert_string_equal(seen(&r, TWO).detail,
                        "it takes 10240 MiB, and 9216 MiB are left for images to be kept");
    list(&r, "af", 11);
    assert_true(pins(&r, 'a') && !pins(&r, 'f'));
    host_rig_done(&r, HOST_JOB_DISK_EVICT, ERR_OK, "", &(struct host_disk_evicted){.bases = 1},
                  sizeof(struct host_disk_evicted));
    host_rig_wish_other(&r, "seed", ONE, "deleted", "");
    assert_string_equal(seen(&r, ONE).state, "");
    list(&r, "", 0);
    assert_string_equal(fetch(&r)->manifest, hash('f')); /* there is room now */
    host_rig_fini(&r);
}

/* Guests come first: what they stand on is counted before any seed. */
static void a_guest_takes_the_room_of_a_seed(void **state)
{
    (void)state;
    struct host_rig r;
    struct wire_instance guest = host_rig_instance(); /* of manifest a */
    guest.want = "stopped";
    host_rig_init(&r);
    wish(&r, ONE, 'f', 10);
    list(&r, "", 0);
    host_rig_ok(&r, HOST_JOB_DISK_BASE);
    assert_string_equal(seen(&r, ONE).state, "whole");
    host_rig_wish(&r, 1, &guest);
    list(&r, "af", 11);
    assert_string_equal(seen(&r, ONE).state, "refused");
    assert_true(pins(&r, 'a') && !pins(&r, 'f'));
    host_rig_fini(&r);
}

/* Somebody removed it by hand. */
static void what_is_lost_is_fetched_again(void **state)
{
    (void)state;
    struct host_rig r;
    host_rig_init(&r);
    wish(&r, ONE, 'a', 1);
    list(&r, "", 0);
    host_rig_ok(&r, HOST_JOB_DISK_BASE);
    list(&r, "", 0);
    assert_non_null(fetch(&r));
    host_rig_fini(&r);
}

/* ---- for others ---------------------------------------------------------------------------- */

static int64_t bases_said(struct host_rig *r, const char *where)
{
    return store_i64(
        r->store, -1,
        arena_printf(&r->arena, "SELECT count(*) FROM said WHERE kind='base' AND %s", where), "");
}

/* A fact for each base that is whole, until it is not. */
static void other_hosts_hear_what_is_here(void **state)
{
    (void)state;
    struct host_rig r;
    host_rig_init(&r);
    wish(&r, ONE, 'a', 1);
    list(&r, "bc", 2);
    assert_int_equal(bases_said(&r, "gone=''"), 2);
    host_rig_ok(&r, HOST_JOB_DISK_BASE);
    assert_int_equal(bases_said(&r, "gone=''"), 3); /* at once: others may wait for it */
    list(&r, "a", 1);
    assert_int_equal(bases_said(&r, "gone=''"), 1);
    assert_int_equal(bases_said(&r, "gone<>''"), 2);
    assert_int_equal(store_i64(r.store, 0,
                               "SELECT count(*) FROM said WHERE kind='share' AND body LIKE"
                               " '%https://10.0.0.1:8784%'",
                               ""),
                     1);
    host_rig_fini(&r);
}

/* The key of their grants is put in force, again after a restart, and another one in its place. */
static void the_key_of_others_comes_into_force(void **state)
{
    (void)state;
    struct host_rig r;
    host_rig_init(&r);
    assert_null(host_rig_job(&r, HOST_JOB_SHARE_KEY));
    host_rig_wish_other(&r, "share", "self", "",
                        arena_printf(&r.arena, "{\"key\":\"%s\"}", hash('a')));
    assert_string_equal(host_rig_job(&r, HOST_JOB_SHARE_KEY)->spec, hash('a'));
    host_rig_done(&r, HOST_JOB_SHARE_KEY, ERR_TIMEOUT, "late", NULL, 0);
    assert_null(host_rig_job(&r, HOST_JOB_SHARE_KEY));
    host_rig_pass(&r, 2000);
    host_rig_ok(&r, HOST_JOB_SHARE_KEY);
    host_rig_pass(&r, 60000);
    assert_null(host_rig_job(&r, HOST_JOB_SHARE_KEY));
    host_rig_wish_other(&r, "share", "self", "",
                        arena_printf(&r.arena, "{\"key\":\"%s\"}", hash('b')));
    assert_string_equal(host_rig_job(&r, HOST_JOB_SHARE_KEY)->spec, hash('b'));
    host_rig_restart(&r);
    host_rig_pass(&r, 1);
    assert_string_equal(host_rig_job(&r, HOST_JOB_SHARE_KEY)->spec, hash('b'));
    host_rig_fini(&r);
}

/* Whom a wish names is asked before dos. */
static void a_fetch_is_told_whom_to_ask(void **state)
{
    (void)state;
    struct host_rig r;
    host_rig_init(&r);
    list(&r, "", 0);
    host_rig_wish_other(&r, "seed", ONE, "",
                        arena_printf(&r.arena,
                                     "{\"manifest\":\"%s\",\"image_bytes\":1,\"dos_url\":\"u\","
                                     "\"grant\":\"g\",\"sources\":[{\"node\":\"h2\",\"url\":"
                                     "\"https://10.0.0.2:8784\",\"grant\":\"n\"}]}",
                                     hash('a')));
    assert_int_equal(fetch(&r)->sources_len, 1);
    assert_string_equal(fetch(&r)->sources[0].node, "h2");
    assert_string_equal(fetch(&r)->sources[0].grant, "n");
    host_rig_fini(&r);
}

/* As an older process may have left it: it was refused when it came. */
static void a_wish_without_sense_is_passed_over(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{}", "[]", "{\"manifest\":\"../../../etc/passwd\"}",
        "{\"manifest\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"};
    struct host_rig r;
    host_rig_init(&r);
    wish(&r, ONE, 'a', 1);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct err err = {0};
        store_begin(r.store);
        store_run(r.store, "UPDATE got SET body=? WHERE kind='seed'", "s", bodies[i]);
        assert_int_equal(store_commit(r.store, &err), ERR_OK);
        host_rig_restart(&r);
        list(&r, "", 0);
        assert_null(fetch(&r));
    }
    host_rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_matrix_of_views),
        cmocka_unit_test(what_is_left_is_the_lesser_of_cache_and_disk),
        cmocka_unit_test(it_is_fetched_and_said_and_pinned),
        cmocka_unit_test(it_outlives_the_process),
        cmocka_unit_test(one_comes_after_the_other),
        cmocka_unit_test(a_failure_is_told_and_tried_again),
        cmocka_unit_test(what_does_not_fit_is_refused_in_words),
        cmocka_unit_test(a_guest_takes_the_room_of_a_seed),
        cmocka_unit_test(what_is_lost_is_fetched_again),
        cmocka_unit_test(other_hosts_hear_what_is_here),
        cmocka_unit_test(the_key_of_others_comes_into_force),
        cmocka_unit_test(a_fetch_is_told_whom_to_ask),
        cmocka_unit_test(a_wish_without_sense_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
