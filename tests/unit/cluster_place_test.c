/* The choice of a host: room is never exceeded, each strategy prefers what it says, and whoever
 * asks hears why. */
#include "cluster-manager/model/place.h"

#include "base/rng.h"
#include "base/str.h"

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
    struct place_counts no = {0};
    assert_int_equal(place_choose(PLACE_SPREAD, hosts, 2, small, &no), 1);
}

static void equal_shares_go_to_the_first(void **state)
{
    (void)state;
    struct place_host hosts[] = {host("a", 10000, 500), host("b", 20000, 2000)};
    struct place_counts no = {0};
    assert_int_equal(place_choose(PLACE_SPREAD, hosts, 2, small, &no), 0);
}

/* I3: never beyond the capacity, for every resource, to the last unit. */
static void room_is_never_exceeded(void **state)
{
    (void)state;
    struct place_counts no = {0};
    struct place_host full = host("a", 10000, 9001);
    assert_int_equal(place_choose(PLACE_SPREAD, &full, 1, small, &no), -1);
    full.used.memory_mib = 9000;
    assert_int_equal(place_choose(PLACE_SPREAD, &full, 1, small, &no), 0);
    full.used.vcpus = 16;
    assert_int_equal(place_choose(PLACE_SPREAD, &full, 1, small, &no), -1);
    full.used.vcpus = 15;
    full.used.disk_bytes = full.total.disk_bytes;
    assert_int_equal(place_choose(PLACE_SPREAD, &full, 1, small, &no), -1);
    assert_int_equal(no.hosts[PLACE_MEMORY], 1);
    assert_int_equal(no.hosts[PLACE_VCPUS], 1);
    assert_int_equal(no.hosts[PLACE_DISK], 1);
}

static void a_host_that_is_not_up_or_refused_is_left_out(void **state)
{
    (void)state;
    struct place_host hosts[] = {host("a", 10000, 0), host("b", 10000, 0), host("c", 10000, 9000)};
    struct place_counts no = {0};
    hosts[0].is_up = false;
    hosts[1].is_excluded = true;
    assert_int_equal(place_choose(PLACE_SPREAD, hosts, 3, small, &no), 2);
    assert_int_equal(no.hosts[PLACE_DOWN], 1);
    assert_int_equal(no.hosts[PLACE_EXCLUDED], 1);
}

static void a_refusal_says_why_host_by_host(void **state)
{
    (void)state;
    char text[256];
    struct place_counts no = {.hosts = {[PLACE_DOWN] = 2, [PLACE_MEMORY] = 3}};
    place_explain(text, sizeof text, &no, 5, small);
    assert_string_equal(text, "of 5 hosts: 2 not up, 3 without 1000 MiB of memory");
    place_explain(text, sizeof text, &(struct place_counts){0}, 0, small);
    assert_string_equal(text, "of 0 hosts");
    place_explain(text, 20, &no, 5, small); /* never beyond the buffer */
    assert_true(strlen(text) < 20);
}

static void admins_hear_of_each_host(void **state)
{
    (void)state;
    char text[128];
    struct place_host h = host("a", 10000, 4000);
    place_describe(text, sizeof text, &h, small);
    assert_string_equal(text, "with it 50 % of memory, 6 % of vCPUs, 1 % of disk in use");
    h.used.memory_mib = 9500;
    place_describe(text, sizeof text, &h, small);
    assert_string_equal(text, "1000 MiB of memory wanted, 500 free");
    h.is_drained = true;
    place_describe(text, sizeof text, &h, small);
    assert_string_equal(text, "taking no new instances");
}

static void pack_fills_the_fullest_that_has_room(void **state)
{
    (void)state;
    struct place_host hosts[] = {host("a", 10000, 0), host("b", 10000, 9500),
                                 host("c", 10000, 5000)};
    struct place_counts no = {0};
    assert_int_equal(place_choose(PLACE_PACK, hosts, 3, small, &no), 2);
    assert_int_equal(no.hosts[PLACE_MEMORY], 1);
    assert_int_equal(no.hosts[PLACE_FITS], 2);
}

/* Half of a's memory is free and few of its vCPUs; spread would take it. */
static void balanced_looks_at_what_is_scarcest(void **state)
{
    (void)state;
    struct place_host hosts[] = {host("a", 10000, 1000), host("b", 10000, 6000)};
    struct place_counts no = {0};
    hosts[0].used.vcpus = 14;
    assert_int_equal(place_choose(PLACE_SPREAD, hosts, 2, small, &no), 0);
    assert_int_equal(place_choose(PLACE_BALANCED, hosts, 2, small, &no), 1);
    hosts[1].used.disk_bytes = 98LL << 30;
    assert_int_equal(place_choose(PLACE_BALANCED, hosts, 2, small, &no), 0);
}

static void strategies_have_words(void **state)
{
    (void)state;
    enum place_strategy s;
    for (unsigned i = 0; i < PLACE_STRATEGIES; i++) {
        assert_true(place_strategy_parse(place_strategy_word((enum place_strategy)i), &s));
        assert_int_equal(s, i);
    }
    assert_false(place_strategy_parse("best", &s));
    assert_false(place_strategy_parse("", &s));
}

/* ---- properties, over random hosts --------------------------------------------------------- */

enum { HOSTS_MAX = 8, ROUNDS = 20000 };

static int64_t draw(struct rng *rng, int64_t below)
{
    uint32_t bits = 0;
    rng->fill(rng->self, &bits, sizeof bits);
    return (int64_t)(bits % (uint64_t)below);
}

/* Small numbers, so that ties and exact fits are common. */
static size_t draw_hosts(struct rng *rng, struct place_host *hosts, struct room *need)
{
    static const char *const names[HOSTS_MAX] = {"c", "h", "a", "g", "b", "f", "d", "e"};
    size_t len = (size_t)draw(rng, HOSTS_MAX + 1);
    *need = (struct room){1 + draw(rng, 4), 1 + draw(rng, 3), draw(rng, 3) << 30};
    for (size_t i = 0; i < len; i++) {
        struct room total = {1 + draw(rng, 12), draw(rng, 9), draw(rng, 9) << 30};
        hosts[i] = (struct place_host){
            .node = names[i],
            .is_up = draw(rng, 5) != 0,
            .is_drained = draw(rng, 6) == 0,
            .is_excluded = draw(rng, 6) == 0,
            .total = total,
            /* One that got smaller may have more in use than it has. */
            .used = {draw(rng, total.memory_mib + 2), draw(rng, total.vcpus + 2),
                     draw(rng, (total.disk_bytes >> 30) + 2) << 30},
        };
    }
    return len;
}

static bool may_take(const struct place_host *h, struct room need)
{
    return h->is_up && !h->is_drained && !h->is_excluded &&
           h->used.memory_mib + need.memory_mib <= h->total.memory_mib &&
           h->used.vcpus + need.vcpus <= h->total.vcpus &&
           h->used.disk_bytes + need.disk_bytes <= h->total.disk_bytes;
}

/* A score by fractions, as a test may count: smaller is preferred. */
static double score(enum place_strategy strategy, const struct place_host *h, struct room need)
{
    double memory = (double)(h->used.memory_mib + need.memory_mib) / (double)h->total.memory_mib;
    double vcpus = (double)(h->used.vcpus + need.vcpus) / (double)h->total.vcpus;
    double disk = h->total.disk_bytes == 0 ? 0
                                           : (double)(h->used.disk_bytes + need.disk_bytes) /
                                                 (double)h->total.disk_bytes;
    double most = memory > vcpus ? memory : vcpus;
    return strategy == PLACE_SPREAD ? memory
           : strategy == PLACE_PACK ? -memory
           : most > disk            ? most
                                    : disk;
}

static void check_choice(enum place_strategy strategy, const struct place_host *hosts, size_t len,
                         struct room need)
{
    struct place_counts counts = {0}, again = {0};
    int64_t sum = 0;
    long choice = place_choose(strategy, hosts, len, need, &counts);
    for (size_t i = 0; i < PLACE_WHYS; i++)
        sum += counts.hosts[i];
    assert_int_equal(sum, len);
    assert_int_equal(place_choose(strategy, hosts, len, need, &again), choice);
    assert_memory_equal(&counts, &again, sizeof counts);
    assert_int_equal(choice < 0, counts.hosts[PLACE_FITS] == 0);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(place_why(&hosts[i], need) == PLACE_FITS, may_take(&hosts[i], need));
        if (may_take(&hosts[i], need))
            assert_true(score(strategy, &hosts[choice], need) <=
                        score(strategy, &hosts[i], need) + ((long)i < choice ? -1e-9 : 1e-9));
    }
    assert_true(choice < 0 || may_take(&hosts[choice], need));
}

/* Whatever the hosts: the one that is taken has the room, none that has is preferred to it, none
 * before it is as good, a second look changes nothing, and every host is counted once. */
static void every_choice_keeps_its_promises(void **state)
{
    (void)state;
    struct rng_seeded seed = {.state = 7};
    struct rng rng = rng_seeded(&seed);
    for (int round = 0; round < ROUNDS; round++) {
        struct place_host hosts[HOSTS_MAX];
        struct room need;
        size_t len = draw_hosts(&rng, hosts, &need);
        check_choice((enum place_strategy)(round % PLACE_STRATEGIES), hosts, len, need);
    }
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
        cmocka_unit_test(equal_shares_go_to_the_first),
        cmocka_unit_test(room_is_never_exceeded),
        cmocka_unit_test(a_host_that_is_not_up_or_refused_is_left_out),
        cmocka_unit_test(a_refusal_says_why_host_by_host),
        cmocka_unit_test(admins_hear_of_each_host),
        cmocka_unit_test(pack_fills_the_fullest_that_has_room),
        cmocka_unit_test(balanced_looks_at_what_is_scarcest),
        cmocka_unit_test(strategies_have_words),
        cmocka_unit_test(every_choice_keeps_its_promises),
        cmocka_unit_test(counting_starts),
        cmocka_unit_test(growing_takes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
