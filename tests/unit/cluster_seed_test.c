/* An image that is to be on every host: each is told, with leave of its own to fetch it, the leave
 * is renewed while it is needed, and the cloud hears how many have it. */
#include "tests/unit/cluster_rig.h"

#include "base/str.h"
#include "base/check.h"
#include "proto/auth/grant.h"
#include "proto/auth/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define IMAGE    "ami-00000000000000001"
#define MANIFEST "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const char body[] = "{\"manifest\":\"" MANIFEST "\",\"image_bytes\":1048576,"
                           "\"dos_url\":\"https://dos:1\"}";

static void speak(struct cluster_rig *r)
{
    for (size_t i = 0; i < CLUSTER_RIG_HOSTS; i++) {
        r->hosts[i].capacity = "{}";
        cluster_rig_host(r, &r->hosts[i], NULL, NULL, 0, NULL);
    }
}

/* The secret that dos shares, as the cloud seals it for this link, whose key is all zero. */
static void share_key(struct cluster_rig *r)
{
    static const char hex[] = "0000000000000000000000000000000000000000000000000000000000000000";
    struct seal_key link = {.bytes = {0}};
    CLEANUP(buf_fini) struct buf sealed = {0};
    seal_wrap(&link, "secret|grant", hex, sizeof hex - 1, &r->rng, &sealed);
    cluster_rig_wish(r, "secret", "grant", 1, "",
                     arena_printf(&r->arena, "{\"sealed\":\"%s\"}", buf_str(&sealed)));
}

/* What the host was told, or NULL. */
static const struct wire_seed *told(struct cluster_rig *r, const struct cluster_rig_host *h)
{
    const struct wire_item *wish = cluster_rig_held(h, IMAGE);
    struct wire_seed *out = arena_alloc(&r->arena, sizeof *out);
    struct err err = {0};
    if (wish == NULL || *wish->gone != '\0')
        return NULL;
    assert_int_equal(
        wire_decode(&wire_seed_type, wish->body, strlen(wish->body), &r->arena, out, &err), ERR_OK);
    return out;
}

static struct wire_seed_sum sum(struct cluster_rig *r)
{
    struct wire_seed_sum out = {0};
    struct err err = {0};
    cluster_rig_ask(r, "nothing", "");
    const struct wire_item *said = cluster_rig_said(r, IMAGE);
    assert_non_null(said);
    assert_int_equal(
        wire_decode(&wire_seed_sum_type, said->body, strlen(said->body), &r->arena, &out, &err),
        ERR_OK);
    return out;
}

static void each_host_is_told_with_a_grant_of_its_own(void **state)
{
    static const unsigned char key[GRANT_KEY_SIZE];
    struct cluster_rig r;
    struct err err = {0};
    (void)state;
    cluster_rig_init(&r);
    speak(&r);
    share_key(&r);
    cluster_rig_wish(&r, "seed", IMAGE, 1, "", body);
    speak(&r);
    for (size_t i = 0; i < CLUSTER_RIG_HOSTS; i++) {
        const struct wire_seed *seed = told(&r, &r.hosts[i]);
        assert_string_equal(seed->manifest, MANIFEST);
        assert_string_equal(seed->dos_url, "https://dos:1");
        assert_int_equal(
            grant_check(seed->grant, key, r.hosts[i].node, MANIFEST, r.at.wall_ms, &err), ERR_OK);
        assert_int_equal(grant_check(seed->grant, key, "h9", MANIFEST, r.at.wall_ms, &err),
                         ERR_DENIED);
    }
    cluster_rig_wish(&r, "seed", IMAGE, 1, "deleted", "");
    speak(&r);
    for (size_t i = 0; i < CLUSTER_RIG_HOSTS; i++)
        assert_null(told(&r, &r.hosts[i]));
    cluster_rig_fini(&r);
}

static void the_grant_is_renewed_for_who_needs_it(void **state)
{
    struct cluster_rig r;
    (void)state;
    cluster_rig_init(&r);
    speak(&r);
    share_key(&r);
    cluster_rig_wish(&r, "seed", IMAGE, 1, "", body);
    speak(&r);
    cluster_rig_host(&r, &r.hosts[0], "seed", IMAGE, 0, "{\"state\":\"whole\"}");
    cluster_rig_host(&r, &r.hosts[1], "seed", IMAGE, 0, "{\"state\":\"fetching\"}");
    const char *first = told(&r, &r.hosts[0])->grant, *second = told(&r, &r.hosts[1])->grant;
    cluster_rig_advance(&r, 3600 * 1000);
    speak(&r);
    assert_string_equal(told(&r, &r.hosts[1])->grant, second);
    cluster_rig_advance(&r, 12 * 3600 * 1000);
    speak(&r);
    assert_string_equal(told(&r, &r.hosts[0])->grant, first);
    assert_string_not_equal(told(&r, &r.hosts[1])->grant, second);
    cluster_rig_fini(&r);
}

static void the_cloud_hears_how_far_hosts_are(void **state)
{
    struct cluster_rig r;
    (void)state;
    cluster_rig_init(&r);
    speak(&r);
    share_key(&r);
    cluster_rig_wish(&r, "seed", IMAGE, 1, "", body);
    speak(&r);
    assert_true(sum(&r).hosts == 3 && sum(&r).whole == 0);
    cluster_rig_host(&r, &r.hosts[0], "seed", IMAGE, 0, "{\"state\":\"whole\"}");
    cluster_rig_host(&r, &r.hosts[1], "seed", IMAGE, 0,
                     "{\"state\":\"refused\",\"detail\":\"it takes 1 MiB\"}");
    struct wire_seed_sum s = sum(&r);
    assert_true(s.hosts == 3 && s.whole == 1);
    assert_string_equal(s.detail, "h2: it takes 1 MiB");
    cluster_rig_fini(&r);
}

/* A late word about what was wished before says nothing of what is wished now. */
static void what_was_said_before_does_not_count(void **state)
{
    struct cluster_rig r;
    (void)state;
    cluster_rig_init(&r);
    speak(&r);
    share_key(&r);
    cluster_rig_wish(&r, "seed", IMAGE, 1, "", body);
    speak(&r);
    cluster_rig_wish(&r, "seed", IMAGE, 1, "deleted", "");
    cluster_rig_wish(&r, "seed", IMAGE, 3, "", body);
    cluster_rig_host(&r, &r.hosts[0], "seed", IMAGE, 0, "{\"state\":\"whole\"}"); /* of the first */
    assert_int_equal(sum(&r).whole, 0);
    cluster_rig_host(&r, &r.hosts[0], "seed", IMAGE, 0, "{\"state\":\"whole\"}");
    assert_int_equal(sum(&r).whole, 1);
    cluster_rig_fini(&r);
}

static void a_restart_tells_nobody_again(void **state)
{
    struct cluster_rig r;
    (void)state;
    cluster_rig_init(&r);
    speak(&r);
    share_key(&r);
    cluster_rig_wish(&r, "seed", IMAGE, 1, "", body);
    speak(&r);
    int64_t number = cluster_rig_held(&r.hosts[0], IMAGE)->number;
    cluster_rig_restart(&r);
    speak(&r);
    speak(&r);
    assert_int_equal(cluster_rig_held(&r.hosts[0], IMAGE)->number, number);
    cluster_rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_host_is_told_with_a_grant_of_its_own),
        cmocka_unit_test(the_grant_is_renewed_for_who_needs_it),
        cmocka_unit_test(the_cloud_hears_how_far_hosts_are),
        cmocka_unit_test(what_was_said_before_does_not_count),
        cmocka_unit_test(a_restart_tells_nobody_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
