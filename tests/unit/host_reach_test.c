/* What computer-network is told of a network's ports on other hosts: all of it once, then what
 * differs, and nothing that is lost on the way. */
#include "tests/unit/unit.h"

#include "base/check.h"
#include "computer-manager/model/reach.h"

#include <stdlib.h>

static struct host_net_peer at(uint32_t address, uint32_t tunnel, uint8_t mac)
{
    return (struct host_net_peer){address, tunnel, {2, 0, 0, 0, 0, mac}, {0}};
}

/* The next job; its number is 1. */
static const struct host_net_peers *next(struct host_reach *r)
{
    static struct host_net_peers job;
    if (!host_reach_plan(r, &job))
        return NULL;
    r->job_id = 1;
    return &job;
}

static struct host_reach *known(void)
{
    struct host_reach *r = host_reach_new(7);
    const struct host_net_peers *job = next(r);
    assert_non_null(job);
    host_reach_done(r, true);
    assert_true(host_reach_is_settled(r));
    return r;
}

static void a_new_network_is_told_whole_even_of_nobody(void **state)
{
    (void)state;
    struct host_reach *r = host_reach_new(7);
    const struct host_net_peers *job = next(r);
    assert_non_null(job);
    assert_true(job->is_page && job->from == 0 && job->to == UINT32_MAX && job->len == 0);
    assert_null(next(r)); /* one at a time */
    host_reach_done(r, false);
    assert_non_null(next(r));
    host_reach_done(r, true);
    assert_null(next(r));
    host_reach_free(r);
}

static void then_only_what_differs(void **state)
{
    (void)state;
    struct host_reach *r = known();
    struct host_net_peer nine = at(9, 100, 1), five = at(5, 100, 2), moved = at(9, 200, 1);
    host_reach_set(r, &nine);
    host_reach_set(r, &five);
    const struct host_net_peers *job = next(r);
    assert_int_equal(job->is_page, 0);
    assert_int_equal(job->len, 2);
    assert_int_equal(job->peers[0].address, 5); /* ascending */
    host_reach_done(r, true);
    host_reach_set(r, &five); /* the same again */
    assert_null(next(r));
    host_reach_set(r, &moved);
    job = next(r);
    assert_int_equal(job->len, 1);
    assert_int_equal(job->peers[0].tunnel, 200);
    host_reach_done(r, true);
    host_reach_drop(r, &moved);
    job = next(r);
    assert_int_equal(job->len, 1);
    assert_int_equal(job->peers[0].tunnel, 0);
    assert_false(host_reach_is_empty(r) && host_reach_is_settled(r));
    host_reach_done(r, true);
    assert_int_equal(r->places.live, 1);
    host_reach_free(r);
}

/* What changes while a job is under way is told by the next; what failed is told again. */
static void nothing_is_lost_on_the_way(void **state)
{
    (void)state;
    struct host_reach *r = known();
    struct host_net_peer first = at(9, 100, 1), then = at(9, 200, 1);
    host_reach_set(r, &first);
    assert_int_equal(next(r)->peers[0].tunnel, 100);
    host_reach_set(r, &then);
    host_reach_done(r, true);
    assert_int_equal(next(r)->peers[0].tunnel, 200);
    host_reach_done(r, false);
    assert_int_equal(next(r)->peers[0].tunnel, 200);
    host_reach_done(r, true);
    assert_true(host_reach_is_settled(r));
    host_reach_touch(r, 9); /* a port had the address for a while */
    assert_int_equal(next(r)->peers[0].tunnel, 200);
    host_reach_free(r);
}

/* The next owner of an address may be wished before the last one's end. */
static void an_end_ends_only_its_own(void **state)
{
    (void)state;
    struct host_reach *r = known();
    struct host_net_peer old = at(9, 100, 1), heir = at(9, 200, 2);
    host_reach_set(r, &old);
    host_reach_set(r, &heir);
    host_reach_drop(r, &old);
    assert_int_equal(next(r)->peers[0].tunnel, 200);
    host_reach_free(r);
}

static void many_are_told_in_pages_without_a_gap(void **state)
{
    (void)state;
    enum { MANY = 2 * HOST_PEERS_MAX + 10 };
    struct host_reach *r = host_reach_new(7);
    for (uint32_t i = MANY; i > 0; i--) {
        struct host_net_peer peer = at(1000 + 3 * i, 100, (uint8_t)i);
        host_reach_set(r, &peer);
    }
    uint32_t from = 0;
    int64_t told = 0;
    for (int page = 0; page < 3; page++) {
        const struct host_net_peers *job = next(r);
        assert_true(job->is_page);
        assert_int_equal(job->from, from);
        for (int64_t i = 0; i < job->len; i++)
            assert_true(job->peers[i].address >= job->from && job->peers[i].address <= job->to);
        told += job->len;
        from = job->to + 1;
        host_reach_done(r, true);
    }
    assert_int_equal(told, MANY);
    assert_int_equal(from, 0); /* the last page ended with the last address there is */
    assert_true(host_reach_is_settled(r));
    host_reach_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_network_is_told_whole_even_of_nobody),
        cmocka_unit_test(then_only_what_differs),
        cmocka_unit_test(nothing_is_lost_on_the_way),
        cmocka_unit_test(an_end_ends_only_its_own),
        cmocka_unit_test(many_are_told_in_pages_without_a_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
