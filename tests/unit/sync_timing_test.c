/* The numbers of PROTOCOL 5, and what must hold between them. */
#include "tests/unit/unit.h"

#include "proto/sync/item.h"
#include "proto/sync/timing.h"

static void the_times_are_those_of_the_protocol(void **state)
{
    (void)state;
    struct sync_timing t = sync_timing_default();
    assert_int_equal(t.heartbeat_ms, 2000);
    assert_int_equal(t.call_ms, 4000);
    assert_int_equal(t.suspect_ms, 6000);
    assert_int_equal(t.lease_ms, 15000);
    assert_int_equal(t.kill_ms, 5000);
    assert_int_equal(sync_lease_believed_ms(&t), 20300); /* R4 */
    assert_int_equal(t.tombstone_ms, 24 * 3600 * 1000);
    assert_int_equal(t.page_bytes, 1 << 20);
}

static void scaling_keeps_their_order(void **state)
{
    (void)state;
    for (int64_t by = 1; by <= 100; by++) {
        struct sync_timing t = sync_timing_scaled(by);
        assert_true(t.heartbeat_ms < t.call_ms); /* a held answer comes before the call ends */
        assert_true(t.call_ms < t.suspect_ms && t.suspect_ms < t.lease_ms);
        assert_true(sync_lease_believed_ms(&t) >
                    t.lease_ms + t.kill_ms); /* a parent lets go last */
        assert_true(t.retry_ms > 0 && t.kill_ms > 0);
        assert_int_equal(t.page_bytes, 1 << 20);
    }
}

/* PROTOCOL 3: every part of an item is in its share of the sum. */
static void every_part_of_an_item_is_in_its_hash(void **state)
{
    (void)state;
    uint64_t one = sync_item_hash("instance", "i-1", 1, 2, 3);
    assert_true(one == sync_item_hash("instance", "i-1", 1, 2, 3));
    assert_true(one != sync_item_hash("instances", "i-1", 1, 2, 3));
    assert_true(one != sync_item_hash("instance", "i-2", 1, 2, 3));
    assert_true(one != sync_item_hash("instance", "i-1", 2, 2, 3));
    assert_true(one != sync_item_hash("instance", "i-1", 1, 3, 3));
    assert_true(one != sync_item_hash("instance", "i-1", 1, 2, 4));
    assert_true(sync_item_hash("ab", "c", 0, 0, 0) != sync_item_hash("a", "bc", 0, 0, 0));
    assert_true(sync_item_hash("a", "b", 1, 2, 0) != sync_item_hash("a", "b", 2, 1, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_times_are_those_of_the_protocol),
        cmocka_unit_test(scaling_keeps_their_order),
        cmocka_unit_test(every_part_of_an_item_is_in_its_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
