/* RECOVERY: a parent whose store is older than what its children know frees nothing, and says
 * nothing that it does not know (R14, I19). */
#include "tests/unit/unit.h"

#include "tests/unit/sync_rig.h"

#include <stdlib.h>

static int set_up(void **state)
{
    *state = rig_new(2, 0);
    return 0;
}

static int tear_down(void **state)
{
    rig_free(*state);
    return 0;
}

static void in_turn(struct rig *r, void (*work)(struct rig *r))
{
    struct err err = {0};
    store_begin(r->up.store);
    work(r);
    assert_int_equal(store_commit(r->up.store, &err), ERR_OK);
}

/* What a restored store looks like: the tool marks it, and the next start finds the mark. */
static void restore(struct rig *r)
{
    sync_parent_open_recovery(r->up.store);
}

static void in_recovery_nothing_is_wished_leased_or_heard(void **state)
{
    struct rig *r = *state;
    rig_want(r, 0, "i-1", 1, 1, "{}");
    rig_parent_turn(r);
    in_turn(r, restore);
    rig_parent_restart(r);
    assert_true(sync_parent_in_recovery(&r->parent));
    rig_say(r, 0, "i-1", 1, 1, "{}");
    rig_child_turn(r, 0);
    struct rig_call *call = rig_waiting(r, 0, true);
    struct wire_sync_reply reply;
    assert_int_equal(rig_carry(r, 0, call), 200);
    rig_read_answer(r, call, &reply);
    assert_true(reply.recovery && reply.need_all);
    assert_int_equal(reply.want_len, 0);
    assert_int_equal(reply.lease_ms, 0);
    assert_null(rig_noted(&r->facts, "i-1"));
}

/* Its answer with what it holds may be long on the way: its other syncs do not go round meanwhile.
 */
static void who_was_asked_for_all_is_not_asked_again_at_once(void **state)
{
    struct rig *r = *state;
    rig_want(r, 0, "i-1", 1, 1, "{}");
    rig_settle(r);
    in_turn(r, restore);
    rig_parent_restart(r);
    rig_pass(r, r->timing.retry_ms + 1);
    rig_child_turn(r, 0);
    struct rig_call *asked = rig_waiting(r, 0, false);
    assert_int_equal(rig_carry(r, 0, asked), 200);
    rig_answer(r, 0, asked);
    rig_child_turn(r, 0);
    assert_non_null(rig_waiting(r, 0, true)); /* what it holds, not carried yet */
    struct rig_call *again = rig_waiting(r, 0, false);
    assert_int_equal(rig_carry(r, 0, again), 0);
    rig_settle(r);
    assert_true(rig_holds(r, "i-1"));
}

/* I19: restored, it frees nothing until all children have said what they hold; then it is as
 * before. */
static void recovery_ends_when_all_have_returned_what_they_hold(void **state)
{
    struct rig *r = *state;
    rig_want(r, 0, "i-1", 1, 1, "{}");
    rig_want(r, 1, "i-2", 1, 1, "{}");
    rig_settle(r);
    in_turn(r, restore);
    r->children = 1; /* the other one is away */
    rig_parent_restart(r);
    rig_settle(r);
    assert_true(sync_parent_in_recovery(&r->parent));
    assert_int_equal(r->recovered, 0);
    r->children = 2;
    rig_parent_restart(r);
    rig_settle(r);
    rig_pass(r, r->timing.retry_ms + 1);
    rig_child_turn(r, 0);
    rig_child_turn(r, 1);
    rig_settle(r);
    assert_int_equal(r->recovered, 1);
    assert_false(sync_parent_in_recovery(&r->parent));
    assert_true(rig_holds(r, "i-1") && rig_holds(r, "i-2"));
    rig_check_agreement(r, 0);
    rig_check_agreement(r, 1);
}

/* R14: a child has said what it sees when a full came that it began after its first listing. Until
 * then a domain that no wish names would not be known to the merge. */
static void recovery_waits_for_the_first_listing_of_each_child(void **state)
{
    struct rig *r = *state;
    rig_settle(r);
    in_turn(r, restore);
    r->down[1].lists_late = true;
    rig_child_restart(r, 1);
    rig_parent_restart(r);
    for (int i = 0; i < 3; i++) {
        rig_settle(r);
        rig_pass(r, r->timing.heartbeat_ms * 2);
        rig_parent_turn(r);
    }
    assert_int_equal(r->recovered, 0);
    sync_child_listed(&r->down[1].child);
    rig_say(r, 1, "i-9", 1, 1, "{}");
    for (int i = 0; i < 3; i++) {
        rig_settle(r);
        rig_pass(r, r->timing.heartbeat_ms * 2);
        rig_parent_turn(r);
    }
    assert_int_equal(r->recovered, 1);
    rig_check_agreement(r, 1);
}

/* What is said in RECOVERY is kept, counts when all is merged, and need not be said again; what is
 * gone is said again when its end is wished again. */
static void facts_of_recovery_count_when_it_is_over(void **state)
{
    struct rig *r = *state;
    rig_want(r, 0, "i-1", 1, 1, "{}");
    rig_end(r, 0, "i-2", 1, 1, "deleted");
    rig_say(r, 0, "i-1", 1, 1, "{}");
    rig_settle(r);
    in_turn(r, restore);
    r->facts.len = 0;
    rig_child_restart(r, 0);
    rig_child_restart(r, 1);
    rig_say(r, 0, "i-1", 1, 1, "{\"later\":1}");
    rig_gone(r, 0, "i-2", 1, 1);
    r->children = 1;
    rig_parent_restart(r);
    rig_settle(r);
    assert_null(rig_noted(&r->facts, "i-1"));
    assert_null(rig_noted(&r->facts, "i-2"));
    assert_true(rig_holds(r, "i-2"));
    r->children = 2;
    unsigned fulls = r->fulls;
    rig_child_turn(r, 1);
    rig_settle(r);
    assert_int_equal(r->recovered, 1);
    assert_string_equal(rig_noted(&r->facts, "i-1")->body, "{\"later\":1}");
    rig_pass(r, r->timing.heartbeat_ms * 2);
    rig_parent_turn(r);
    rig_settle(r);
    assert_non_null(rig_noted(&r->facts, "i-2"));
    assert_false(rig_holds(r, "i-2"));
    assert_int_equal(r->fulls, fulls);
    rig_check_agreement(r, 0);
}

/* The second line: nobody marked the store, but a child knows a later life of it. */
static void a_child_that_knows_more_puts_its_parent_in_recovery(void **state)
{
    struct rig *r = *state;
    size_t len;
    rig_want(r, 0, "i-1", 1, 1, "{}");
    rig_settle(r);
    void *backup = store_dump(r->up.store, &len);
    rig_want(r, 0, "i-2", 1, 1, "{}");
    rig_settle(r);
    assert_int_equal(rig_got(r, 0, "i-2", 1), 1);
    store_load(r->up.store, backup, len);
    free(backup);
    rig_parent_restart(r);
    rig_settle(r);
    assert_int_equal(r->recovered, 1);
    assert_int_equal(rig_got(r, 0, "i-2", 1),
                     -2); /* nobody wishes it: a tombstone again, not lost */
    assert_true(rig_holds(r, "i-2"));
    assert_int_equal(rig_got(r, 0, "i-1", 1), 1);
    rig_check_agreement(r, 0);
}

/* Made and ended after the backup: what its end is about comes back with it, unless the end said
 * that itself. */
static void an_end_comes_back_with_what_it_ends(void **state)
{
    struct rig *r = *state;
    size_t len;
    rig_settle(r);
    void *backup = store_dump(r->up.store, &len);
    rig_want(r, 0, "i-1", 1, 1, "{\"address\":9}");
    rig_settle(r);
    rig_end(r, 0, "i-1", 2, 1, "deleted");
    rig_settle(r);
    assert_int_equal(rig_got(r, 0, "i-1", 1), -2);
    store_load(r->up.store, backup, len);
    free(backup);
    in_turn(r, restore);
    rig_parent_restart(r);
    rig_settle(r);
    assert_int_equal(r->recovered, 1);
    assert_true(store_has(r->up.store,
                          "SELECT 1 FROM wish WHERE id='i-1' AND gone='deleted' AND generation=2"
                          " AND body='{\"address\":9}'",
                          ""));
    rig_check_agreement(r, 0);
}

#define RECOVERY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECOVERY_TEST(in_recovery_nothing_is_wished_leased_or_heard),
        RECOVERY_TEST(recovery_ends_when_all_have_returned_what_they_hold),
        RECOVERY_TEST(who_was_asked_for_all_is_not_asked_again_at_once),
        RECOVERY_TEST(recovery_waits_for_the_first_listing_of_each_child),
        RECOVERY_TEST(facts_of_recovery_count_when_it_is_over),
        RECOVERY_TEST(a_child_that_knows_more_puts_its_parent_in_recovery),
        RECOVERY_TEST(an_end_comes_back_with_what_it_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
