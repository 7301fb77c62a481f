/* The choice of a host: room is never exceeded, the emptiest wins, refusals are counted. */
#include "cluster-manager/model/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct place_host host(const char *node, int64_t memory, int64_t used)
{
    return (struct place_host){
        .node = node, .is_up = true, .total = {memory, 16, 100LL << 30}, .used = {used, 0, 0}};
}

static const struct room small = {1000, 1, 1LL << 30};

static void the_emptiest_by_share_wins(void **state)
{
    (void)state;
    struct place_host hosts[] = {host("a", 10000, 5000), host("b", 40000, 10000)};
    struct place_refusals no = {0};
    assert_int_equal(place_choose(hosts, 2, small, &no), 1);
}

static void equal_shares_go_to_the_first_name(void **state)
{
    (void)state;
    struct place_host hosts[] = {host("b", 10000, 0), host("a", 20000, 0)};
    struct place_refusals no = {0};
    assert_int_equal(place_choose(hosts, 2, small, &no), 1);
}

/* I3: never beyond the capacity, for every resource, to the last unit. */
static void room_is_never_exceeded(void **state)
{
    (void)state;
    struct place_refusals no = {0};
    struct place_host full = host("a", 10000, 9001);
    assert_int_equal(place_choose(&full, 1, small, &no), -1);
    full.used.memory_mib = 9000;
    assert_int_equal(place_choose(&full, 1, small, &no), 0);
    full.used.vcpus = 16;
    assert_int_equal(place_choose(&full, 1, small, &no), -1);
    full.used.vcpus = 15;
    full.used.disk_bytes = full.total.disk_bytes;
    assert_int_equal(place_choose(&full, 1, small, &no), -1);
    assert_int_equal(no.memory, 1);
    assert_int_equal(no.vcpus, 1);
    assert_int_equal(no.disk, 1);
}

static void a_host_that_is_not_up_or_refused_is_left_out(void **state)
{
    (void)state;
    struct place_host hosts[] = {host("a", 10000, 0), host("b", 10000, 0), host("c", 10000, 9000)};
    struct place_refusals no = {0};
    hosts[0].is_up = false;
    hosts[1].is_excluded = true;
    assert_int_equal(place_choose(hosts, 3, small, &no), 2);
    assert_int_equal(no.down, 1);
    assert_int_equal(no.excluded, 1);
}

static void a_refusal_says_why_host_by_host(void **state)
{
    (void)state;
    char text[256];
    struct place_refusals no = {.down = 2, .memory = 3};
    place_explain(text, sizeof text, &no, 5, small);
    assert_string_equal(text, "of 5 hosts: 2 not up, 3 without 1000 MiB of memory");
    place_explain(text, sizeof text, &(struct place_refusals){0}, 0, small);
    assert_string_equal(text, "of 0 hosts");
    place_explain(text, 20, &no, 5, small); /* never beyond the buffer */
    assert_true(strlen(text) < 20);
}

static void counting_starts(void **state)
{
    (void)state;
    struct room free = {4096, 8, 10LL << 30};
    assert_int_equal(room_count(free, (struct room){1024, 1, 0}), 4);
    assert_int_equal(room_count(free, (struct room){1, 3, 0}), 2);
    assert_int_equal(room_count(free, (struct room){1, 1, 6LL << 30}), 1);
    assert_int_equal(room_count((struct room){-1, 8, 1}, (struct room){1, 1, 0}), 0);
}

/* What grows takes only what is left; what shrinks, or stays in one resource, never asks. */
static void growing_takes_room(void **state)
{
    (void)state;
    struct room total = {4096, 4, 10LL << 30}, used = {3072, 4, 10LL << 30};
    struct room from = {1024, 2, 1LL << 30};
    assert_true(place_may_grow(total, used, from, (struct room){2048, 2, 1LL << 30}));
    assert_false(place_may_grow(total, used, from, (struct room){2049, 2, 1LL << 30}));
    assert_false(place_may_grow(total, used, from, (struct room){1024, 3, 1LL << 30}));
    assert_false(place_may_grow(total, used, from, (struct room){1024, 2, 2LL << 30}));
    assert_true(place_may_grow((struct room){0}, used, from, (struct room){512, 1, 1LL << 30}));
    assert_false(place_may_grow((struct room){0}, used, from, (struct room){1025, 2, 1LL << 30}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_emptiest_by_share_wins),
        cmocka_unit_test(equal_shares_go_to_the_first_name),
        cmocka_unit_test(room_is_never_exceeded),
        cmocka_unit_test(a_host_that_is_not_up_or_refused_is_left_out),
        cmocka_unit_test(a_refusal_says_why_host_by_host),
        cmocka_unit_test(counting_starts),
        cmocka_unit_test(growing_takes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
