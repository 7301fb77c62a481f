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

/* Its hosts have spoken, and it may make grants for them. */
static void begin(struct cluster_rig *r)
{
    cluster_rig_init(r);
    speak(r);
    share_key(r);
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

static void whole(struct cluster_rig *r, size_t host)
{
    cluster_rig_host(r, &r->hosts[host], "seed", IMAGE, 0, "{\"state\":\"whole\"}");
}

/* The host says where it gives images away, and that it has this one; NULL = it has it no more. */
static void has(struct cluster_rig *r, size_t host, const char *there)
{
    cluster_rig_host(r, &r->hosts[host], "share", "self", 0,
                     arena_printf(&r->arena, "{\"url\":\"https://10.0.0.%zu:8784\"}", host + 1));
    cluster_rig_host(r, &r->hosts[host], "base", MANIFEST, 0, there);
}

/* The key that the host was told. */
static void key_at(struct cluster_rig *r, size_t host, unsigned char key[GRANT_KEY_SIZE])
{
    struct wire_share share;
    struct err err = {0};
    const struct wire_item *wish = cluster_rig_held(&r->hosts[host], "self");
    assert_non_null(wish);
    assert_int_equal(
        wire_decode(&wire_share_type, wish->body, strlen(wish->body), &r->arena, &share, &err),
        ERR_OK);
    assert_true(str_unhex(key, GRANT_KEY_SIZE, share.key));
}

/* The first fetches from dos; each that has it serves two more. */
static void hosts_are_told_as_others_have_it(void **state)
{
    static const unsigned char key[GRANT_KEY_SIZE];
    struct cluster_rig r;
    struct err err = {0};
    (void)state;
    begin(&r);
    cluster_rig_wish(&r, "seed", IMAGE, 1, "", body);
    speak(&r);
    assert_true(told(&r, &r.hosts[1]) == NULL && told(&r, &r.hosts[2]) == NULL);
    assert_int_equal(told(&r, &r.hosts[0])->sources_len, 0);
    has(&r, 0, "{}");
    whole(&r, 0);
    speak(&r);
    for (size_t i = 0; i < CLUSTER_RIG_HOSTS; i++) {
        const struct wire_seed *seed = told(&r, &r.hosts[i]);
        assert_string_equal(seed->manifest, MANIFEST);
        assert_string_equal(seed->dos_url, "https://dos:1");
        assert_int_equal(
            grant_check(seed->grant, key, r.hosts[i].node, MANIFEST, r.at.wall_ms, &err), ERR_OK);
        assert_int_equal(grant_check(seed->grant, key, "h9", MANIFEST, r.at.wall_ms, &err),
                         ERR_DENIED);
        assert_int_equal(seed->sources_len, i > 0);
    }
    cluster_rig_wish(&r, "seed", IMAGE, 1, "deleted", "");
    speak(&r);
    for (size_t i = 0; i < CLUSTER_RIG_HOSTS; i++)
        assert_null(told(&r, &r.hosts[i]));
    cluster_rig_fini(&r);
}

/* What one host is shown lets in nowhere else, and not at dos. */
static void a_neighbours_grant_is_for_one_host_at_one_host(void **state)
{
    static const unsigned char of_dos[GRANT_KEY_SIZE];
    unsigned char first[GRANT_KEY_SIZE], third[GRANT_KEY_SIZE];
    struct cluster_rig r;
    struct err err = {0};
    (void)state;
    begin(&r);
    speak(&r);
    has(&r, 0, "{}");
    cluster_rig_wish(&r, "seed", IMAGE, 1, "", body);
    speak(&r);
    whole(&r, 0);
    speak(&r);
    const struct wire_seed *seed = told(&r, &r.hosts[1]);
    key_at(&r, 0, first);
    key_at(&r, 2, third);
    assert_string_equal(seed->sources[0].node, "h1");
    assert_string_equal(seed->sources[0].url, "https://10.0.0.1:8784");
    const char *grant = seed->sources[0].grant;
    assert_int_equal(grant_check(grant, first, "h2", MANIFEST, r.at.wall_ms, &err), ERR_OK);
    assert_int_equal(grant_check(grant, first, "h3", MANIFEST, r.at.wall_ms, &err), ERR_DENIED);
    assert_int_equal(grant_check(grant, third, "h2", MANIFEST, r.at.wall_ms, &err), ERR_DENIED);
    assert_int_equal(grant_check(grant, of_dos, "h2", MANIFEST, r.at.wall_ms, &err), ERR_DENIED);
    cluster_rig_fini(&r);
}

/* Only those that are up and have it now, and never whoever has it himself. */
static void sources_are_who_has_it_now(void **state)
{
    struct cluster_rig r;
    (void)state;
    begin(&r);
    has(&r, 0, "{}");
    has(&r, 1, "{}");
    has(&r, 1, NULL); /* it went */
    cluster_rig_wish(&r, "seed", IMAGE, 1, "", body);
    speak(&r);
    whole(&r, 0);
    speak(&r);
    assert_int_equal(told(&r, &r.hosts[0])->sources_len, 0); /* it has it itself */
    assert_int_equal(told(&r, &r.hosts[2])->sources_len, 2);
    assert_string_equal(told(&r, &r.hosts[2])->sources[0].node, "h1");
    assert_string_equal(told(&r, &r.hosts[2])->sources[1].node, "h2"); /* to which it comes */
    cluster_rig_wish(&r, "seed", IMAGE, 2, "deleted", "");
    cluster_rig_advance(&r, 30000);
    cluster_rig_wish(&r, "seed", IMAGE, 3, "", body);
    cluster_rig_host(&r, &r.hosts[2], NULL, NULL, 0, NULL); /* h1 has been silent for long */
    assert_int_equal(told(&r, &r.hosts[2])->sources_len, 0);
    cluster_rig_fini(&r);
}

/* "h2 h1": whom the host was told to ask, in that order. */
static const char *asks(struct cluster_rig *r, size_t host)
{
    const struct wire_seed *seed = told(r, &r->hosts[host]);
    const char *out = "";
    assert_non_null(seed);
    for (size_t i = 0; i < seed->sources_len; i++)
        out = arena_printf(&r->arena, "%s%s%s", out, i > 0 ? " " : "", seed->sources[i].node);
    return out;
}

static void in_trouble(struct cluster_rig *r, size_t host)
{
    cluster_rig_host(r, &r->hosts[host], "seed", IMAGE, 0,
                     "{\"state\":\"fetching\",\"detail\":\"its disk is full\"}");
    speak(r);
}

/* Whoever fetches follows those who were told before, the last one first, and nobody follows one
 * who follows him; whoever has it whole comes before them all. */
static void who_was_told_before_is_followed(void **state)
{
    enum { LONG_MS = 11 * 60 * 1000 };
    struct cluster_rig r;
    (void)state;
    begin(&r);
    for (size_t i = 0; i < CLUSTER_RIG_HOSTS; i++) {
        has(&r, i, "{}");
        has(&r, i, NULL);
    }
    cluster_rig_wish(&r, "seed", IMAGE, 1, "", body);
    speak(&r);
    in_trouble(&r, 0); /* so that the next one is told */
    in_trouble(&r, 1);
    assert_string_equal(asks(&r, 0), "");
    assert_string_equal(asks(&r, 1), "h1");
    assert_string_equal(asks(&r, 2), "h2 h1");
    has(&r, 1, "{}");
    cluster_rig_wish(&r, "seed", IMAGE, 2, "", body);
    speak(&r);
    assert_string_equal(asks(&r, 0), "h2");
    assert_string_equal(asks(&r, 1), "");
    assert_string_equal(asks(&r, 2), "h2 h1");
    has(&r, 1, NULL);
    cluster_rig_advance(&r, LONG_MS); /* whoever was told then is not fetching any more */
    speak(&r);
    cluster_rig_wish(&r, "seed", IMAGE, 3, "", body);
    speak(&r);
    assert_string_equal(asks(&r, 0), "");
    cluster_rig_fini(&r);
}

static void one_in_trouble_holds_nobody_up(void **state)
{
    struct cluster_rig r;
    (void)state;
    begin(&r);
    cluster_rig_wish(&r, "seed", IMAGE, 1, "", body);
    speak(&r);
    assert_null(told(&r, &r.hosts[1]));
    cluster_rig_host(&r, &r.hosts[0], "seed", IMAGE, 0,
                     "{\"state\":\"fetching\",\"detail\":\"its disk is full\"}");
    speak(&r);
    assert_non_null(told(&r, &r.hosts[1]));
    assert_null(told(&r, &r.hosts[2]));
    cluster_rig_advance(&r, 30000); /* both are silent */
    cluster_rig_host(&r, &r.hosts[2], NULL, NULL, 0, NULL);
    assert_non_null(told(&r, &r.hosts[2]));
    cluster_rig_fini(&r);
}

static void the_grant_is_renewed_for_who_needs_it(void **state)
{
    struct cluster_rig r;
    (void)state;
    begin(&r);
    cluster_rig_wish(&r, "seed", IMAGE, 1, "", body);
    speak(&r);
    whole(&r, 0);
    speak(&r);
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
    begin(&r);
    cluster_rig_wish(&r, "seed", IMAGE, 1, "", body);
    speak(&r);
    assert_true(sum(&r).hosts == 3 && sum(&r).whole == 0);
    whole(&r, 0);
    speak(&r);
    cluster_rig_host(&r, &r.hosts[1], "seed", IMAGE, 0,
                     "{\"state\":\"refused\",\"detail\":\"it takes 1 MiB\"}");
    struct wire_seed_sum s = sum(&r);
    assert_true(s.hosts == 3 && s.whole == 1);
    assert_string_equal(s.detail, "h2: it takes 1 MiB");
    cluster_rig_fini(&r);
}

/* With the wish of an instance, too, for the host that was chosen. */
static void an_instance_is_told_where_to_fetch(void **state)
{
    struct cluster_rig r;
    struct wire_instance i;
    struct err err = {0};
    (void)state;
    begin(&r);
    has(&r, 2, "{}");
    for (size_t k = 0; k < CLUSTER_RIG_HOSTS; k++) {
        r.hosts[k].capacity =
            "{\"room\":[{\"class\":\"memory_mib\",\"total\":4000},{\"class\":\"vcpu\",\"total\":8},"
            "{\"class\":\"disk_gib\",\"total\":100}]}";
        cluster_rig_host(&r, &r.hosts[k], NULL, NULL, 0, NULL);
    }
    cluster_rig_wish(&r, "instance", "i-1", 1, "",
                     arena_printf(&r.arena, "%.*s,\"manifest\":\"" MANIFEST "\"}",
                                  (int)strlen(cluster_rig_instance(&r, 128)) - 1,
                                  cluster_rig_instance(&r, 128)));
    cluster_rig_host(&r, &r.hosts[0], NULL, NULL, 0, NULL);
    const struct wire_item *wish = cluster_rig_held(&r.hosts[0], "i-1");
    assert_non_null(wish);
    assert_int_equal(
        wire_decode(&wire_instance_type, wish->body, strlen(wish->body), &r.arena, &i, &err),
        ERR_OK);
    assert_int_equal(i.sources_len, 1);
    assert_string_equal(i.sources[0].node, "h3");
    cluster_rig_fini(&r);
}

static void what_was_said_before_does_not_count(void **state)
{
    struct cluster_rig r;
    (void)state;
    begin(&r);
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
    begin(&r);
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
        cmocka_unit_test(hosts_are_told_as_others_have_it),
        cmocka_unit_test(a_neighbours_grant_is_for_one_host_at_one_host),
        cmocka_unit_test(sources_are_who_has_it_now),
        cmocka_unit_test(who_was_told_before_is_followed),
        cmocka_unit_test(one_in_trouble_holds_nobody_up),
        cmocka_unit_test(an_instance_is_told_where_to_fetch),
        cmocka_unit_test(the_grant_is_renewed_for_who_needs_it),
        cmocka_unit_test(the_cloud_hears_how_far_hosts_are),
        cmocka_unit_test(what_was_said_before_does_not_count),
        cmocka_unit_test(a_restart_tells_nobody_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
