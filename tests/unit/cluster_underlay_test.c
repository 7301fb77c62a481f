/* Who is told of whom: exactly the hosts that have a guest of the same network, and of nobody
 * longer than he lives there (I12, between hosts). */
#include "tests/unit/cluster_rig.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ONE_GUEST                                                                          \
    "{\"room\":[{\"class\":\"memory_mib\",\"total\":%d},{\"class\":\"vcpu\",\"total\":4}," \
    "{\"class\":\"disk_gib\",\"total\":10}]}"

static void speak(struct cluster_rig *r, size_t n, const char *address)
{
    struct cluster_rig_host *h = &r->hosts[n];
    h->capacity = arena_printf(&r->arena, ONE_GUEST, 800);
    cluster_rig_host(r, h, "tunnel", "self", 0,
                     arena_printf(&r->arena, "{\"address\":\"%s\"}", address));
}

/* Hosts h1, h2 and h3, each with room for one guest of the kind below. */
static void begin(struct cluster_rig *r)
{
    cluster_rig_init(r);
    for (size_t i = 0; i < CLUSTER_RIG_HOSTS; i++)
        speak(r, i, arena_printf(&r->arena, "10.0.0.%zu", i + 1));
}

static void hear_all(struct cluster_rig *r)
{
    for (size_t i = 0; i < CLUSTER_RIG_HOSTS; i++)
        cluster_rig_host(r, &r->hosts[i], NULL, NULL, 0, NULL);
}

/* Instance i-N with port eni-N, on the first host with room. */
static void launch(struct cluster_rig *r, int n, int vni)
{
    cluster_rig_wish(
        r, "instance", arena_printf(&r->arena, "i-%d", n), 1, "",
        arena_printf(
            &r->arena,
            "{\"want\":\"running\",\"vcpus\":1,\"memory_mib\":512,\"disk_bytes\":1073741824,"
            "\"reservation\":\"r-%d\",\"minimum\":1,\"count\":1,\"port\":{\"id\":\"eni-%d\","
            "\"vni\":%d,\"mac\":\"02:00:00:00:00:0%d\",\"address\":\"172.31.0.%d\"}}",
            n, n, vni, n, n));
    hear_all(r);
}

/* "h2", where the instance was placed; the ids are given out in order of hosts. */
static size_t host_of(struct cluster_rig *r, const char *id)
{
    for (size_t i = 0; i < CLUSTER_RIG_HOSTS; i++) {
        const struct wire_item *wish = cluster_rig_held(&r->hosts[i], id);
        if (wish != NULL && *wish->gone == '\0')
            return i;
    }
    fail_msg("%s is nowhere", id);
    return 0;
}

/* Where host `n` was told that the port lives; "" = it was not, or no more. */
static const char *told(struct cluster_rig *r, size_t n, const char *port)
{
    struct wire_peer peer;
    const struct wire_item *wish = cluster_rig_held(&r->hosts[n], port);
    if (wish == NULL || *wish->gone != '\0')
        return "";
    assert_string_equal(wish->kind, "peer");
    assert_int_equal(
        wire_decode(&wire_peer_type, wish->body, strlen(wish->body), &r->arena, &peer, NULL),
        ERR_OK);
    return peer.tunnel;
}

static const char *tunnel(struct cluster_rig *r, size_t n)
{
    return arena_printf(&r->arena, "10.0.0.%zu", n + 1);
}

static void exactly_those_with_a_guest_of_the_network(void **state)
{
    (void)state;
    struct cluster_rig r;
    begin(&r);
    launch(&r, 1, 7);
    launch(&r, 2, 8);
    launch(&r, 3, 7);
    size_t one = host_of(&r, "i-1"), two = host_of(&r, "i-2"), three = host_of(&r, "i-3");
    assert_true(one != two && two != three && one != three);
    assert_string_equal(told(&r, one, "eni-3"), tunnel(&r, three));
    assert_string_equal(told(&r, three, "eni-1"), tunnel(&r, one));
    assert_string_equal(told(&r, one, "eni-1"), tunnel(&r, one)); /* no peer: the host knows */
    assert_string_equal(told(&r, one, "eni-2"), "");
    assert_string_equal(told(&r, three, "eni-2"), "");
    assert_string_equal(told(&r, two, "eni-1"), "");
    assert_string_equal(told(&r, two, "eni-3"), "");
    cluster_rig_fini(&r);
}

/* From the wish of its end on: before its address can be anybody else's. */
static void an_end_is_withdrawn_at_once(void **state)
{
    (void)state;
    struct cluster_rig r;
    begin(&r);
    launch(&r, 1, 7);
    launch(&r, 2, 7);
    size_t one = host_of(&r, "i-1"), two = host_of(&r, "i-2");
    cluster_rig_wish(&r, "instance", "i-1", 2, "deleted", "");
    hear_all(&r);
    assert_string_equal(told(&r, two, "eni-1"), "");
    assert_string_equal(told(&r, one, "eni-2"), ""); /* its last guest of that network */
    cluster_rig_fini(&r);
}

static int64_t newest(struct cluster_rig *r)
{
    return store_i64(r->store, 0, "SELECT max(rev) FROM topic WHERE name='net/7'", "");
}

static void what_did_not_change_is_not_told_again(void **state)
{
    (void)state;
    struct cluster_rig r;
    begin(&r);
    launch(&r, 1, 7);
    launch(&r, 2, 7);
    int64_t rev = newest(&r);
    launch(&r, 3, 8);
    speak(&r, 0, "10.0.0.1");
    assert_int_equal(newest(&r), rev);
    assert_int_equal(store_i64(r.store, 0, "SELECT count(*) FROM port_changed", ""), 0);
    assert_int_equal(store_i64(r.store, 0, "SELECT count(*) FROM reach_changed", ""), 0);
    cluster_rig_fini(&r);
}

static void an_address_that_changes_is_told(void **state)
{
    (void)state;
    struct cluster_rig r;
    begin(&r);
    launch(&r, 1, 7);
    launch(&r, 2, 7);
    size_t one = host_of(&r, "i-1"), two = host_of(&r, "i-2");
    speak(&r, one, "10.9.9.9");
    hear_all(&r);
    assert_string_equal(told(&r, two, "eni-1"), "10.9.9.9");
    assert_string_equal(told(&r, one, "eni-2"), tunnel(&r, two));
    speak(&r, one, "");
    hear_all(&r);
    assert_string_equal(told(&r, two, "eni-1"), "");
    assert_string_equal(told(&r, one, "eni-2"), "");
    cluster_rig_fini(&r);
}

/* Nobody takes another host's traffic by naming its address; it is free when that one has another.
 */
static void an_address_is_one_hosts(void **state)
{
    (void)state;
    struct cluster_rig r;
    begin(&r);
    launch(&r, 1, 7);
    launch(&r, 2, 7);
    size_t one = host_of(&r, "i-1"), two = host_of(&r, "i-2");
    speak(&r, one, tunnel(&r, two));
    hear_all(&r);
    assert_string_equal(told(&r, one, "eni-2"), "");
    assert_string_equal(told(&r, two, "eni-1"), "");
    speak(&r, two, "10.9.9.9");
    hear_all(&r);
    assert_string_equal(told(&r, two, "eni-1"), tunnel(&r, two));
    assert_string_equal(told(&r, one, "eni-2"), "10.9.9.9");
    cluster_rig_fini(&r);
}

/* One that would not start it is told where it went, if it has another guest of that network. */
static void a_move_is_told(void **state)
{
    (void)state;
    struct cluster_rig r;
    begin(&r);
    launch(&r, 1, 7);
    launch(&r, 2, 7);
    size_t one = host_of(&r, "i-1"), two = host_of(&r, "i-2"), free = 3 - one - two;
    cluster_rig_host(&r, &r.hosts[two], "instance", "i-2", 1,
                     "{\"state\":\"refused\",\"reason\":\"Server.InternalError\"}");
    hear_all(&r);
    assert_string_equal(told(&r, one, "eni-2"), tunnel(&r, free));
    assert_string_equal(told(&r, two, "eni-1"), "");
    cluster_rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_those_with_a_guest_of_the_network),
        cmocka_unit_test(an_end_is_withdrawn_at_once),
        cmocka_unit_test(what_did_not_change_is_not_told_again),
        cmocka_unit_test(an_address_that_changes_is_told),
        cmocka_unit_test(an_address_is_one_hosts),
        cmocka_unit_test(a_move_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
