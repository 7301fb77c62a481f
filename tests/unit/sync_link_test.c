/* Both ends of a link together: what is wished is recorded, done, said and forgotten, whatever the
 * transport does; recorded is not done; a moved thing is never wished twice (PROTOCOL 1, 3, 4). */
#include "tests/unit/unit.h"

#include "tests/unit/sync_rig.h"

#include "base/check.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

static int set_up(void **state)
{
    *state = rig_new_met();
    return 0;
}

static int tear_down(void **state)
{
    rig_free(*state);
    return 0;
}

/* PROTOCOL 1: wish -> recorded -> fact -> tombstone -> gone fact, and only then nothing is held. */
static void the_life_of_a_wish(void **state)
{
    struct rig *r = *state;
    rig_want(r, 0, "i-1", 1, 1, "{\"want\":\"running\"}");
    rig_settle(r);
    const struct rig_noted *wish = rig_noted(&r->down[0].wishes, "i-1");
    assert_non_null(wish);
    assert_string_equal(wish->body, "{\"want\":\"running\"}");
    assert_int_equal(rig_got(r, 0, "i-1", 1), 1);
    assert_null(rig_noted(&r->down[1].wishes, "i-1")); /* nobody else hears of it */

    rig_say(r, 0, "i-1", 1, 1, "{\"state\":\"running\"}");
    rig_settle(r);
    assert_string_equal(rig_noted(&r->facts, "i-1")->body, "{\"state\":\"running\"}");
    assert_string_equal(rig_noted(&r->facts, "i-1")->node, "a");

    rig_end(r, 0, "i-1", 2, 1, "deleted");
    rig_settle(r);
    assert_int_equal(rig_got(r, 0, "i-1", 1), -2);
    assert_string_equal(rig_noted(&r->down[0].wishes, "i-1")->gone, "deleted");
    assert_true(rig_holds(r, "i-1"));

    rig_gone(r, 0, "i-1", 2, 1);
    rig_settle(r);
    assert_string_equal(rig_noted(&r->facts, "i-1")->gone, "deleted");
    assert_false(rig_holds(r, "i-1"));
    assert_int_equal(rig_got(r, 0, "i-1", 1), -2); /* the child keeps it: 24 h */
    rig_check_agreement(r, 0);
}

/* R6: recorded is not done; absence says nothing, ever. */
static void nothing_is_freed_before_the_gone_fact(void **state)
{
    struct rig *r = *state;
    rig_want(r, 0, "i-1", 1, 1, "{}");
    rig_settle(r);
    rig_end(r, 0, "i-1", 2, 1, "deleted");
    rig_settle(r);
    rig_child_restart(r, 0); /* it says all its facts again: i-1 is not among them */
    rig_settle(r);
    rig_parent_restart(r);
    rig_settle(r);
    assert_true(rig_holds(r, "i-1"));
    assert_int_equal(rig_got(r, 0, "i-1", 1), -2);
}

/* The gone fact of an older generation, of another pepoch or of another child settles nothing. */
static void only_the_gone_fact_that_was_asked_for_counts(void **state)
{
    struct rig *r = *state;
    rig_want(r, 0, "i-1", 5, 2, "{}");
    rig_settle(r);
    rig_end(r, 0, "i-1", 6, 2, "deleted");
    rig_settle(r);
    rig_gone(r, 0, "i-1", 5, 2);
    rig_gone(r, 0, "i-1", 6, 1);
    rig_gone(r, 1, "i-1", 6, 2);
    rig_settle(r);
    assert_true(rig_holds(r, "i-1"));
    rig_gone(r, 0, "i-1", 6, 2);
    rig_settle(r);
    assert_false(rig_holds(r, "i-1"));
}

/* What is wished again after its end was said and taken is a new one: whoever stands above may have
 * been restored since, and counts from further back. */
static void what_is_wished_again_counts_anew(void **state)
{
    struct rig *r = *state;
    rig_want(r, 0, "i-1", 5, 0, "{}");
    rig_settle(r);
    rig_end(r, 0, "i-1", 6, 0, "deleted");
    rig_settle(r);
    rig_gone(r, 0, "i-1", 6, 0);
    rig_settle(r);
    rig_want(r, 0, "i-1", 2, 0, "{}");
    rig_settle(r);
    assert_int_equal(rig_got(r, 0, "i-1", 0), 2);
    rig_check_agreement(r, 0);
}

/* ---- R10 ----------------------------------------------------------------------------------- */

static void check_move(struct rig *r)
{
    rig_settle(r);
    assert_int_equal(rig_got(r, 0, "i-1", 1), -2);
    assert_string_equal(rig_noted(&r->down[0].wishes, "i-1")->gone, "moved");
    assert_int_equal(rig_got(r, 1, "i-1", 2), -1); /* withheld */
    rig_parent_restart(r);
    rig_settle(r);
    assert_int_equal(rig_got(r, 1, "i-1", 2), -1); /* still */
    rig_gone(r, 0, "i-1", 1, 1);
    rig_settle(r);
    assert_int_equal(rig_got(r, 1, "i-1", 2), 1);
    rig_check_agreement(r, 0);
    rig_check_agreement(r, 1);
}

static void a_moved_want_is_withheld_until_the_old_host_says_gone(void **state)
{
    struct rig *r = *state;
    rig_want(r, 0, "i-1", 1, 1, "{}");
    rig_settle(r);
    rig_end(r, 0, "i-1", 1, 1, "moved"); /* one transaction */
    rig_want(r, 1, "i-1", 1, 2, "{}");
    check_move(r);
}

static void the_order_of_words_within_the_move_does_not_matter(void **state)
{
    struct rig *r = *state;
    rig_want(r, 0, "i-1", 1, 1, "{}");
    rig_settle(r);
    rig_want(r, 1, "i-1", 1, 2, "{}");
    rig_end(r, 0, "i-1", 1, 1, "moved");
    check_move(r);
}

static void a_want_on_the_same_host_waits_for_its_own_earlier_life(void **state)
{
    struct rig *r = *state;
    rig_want(r, 0, "i-1", 1, 1, "{}");
    rig_settle(r);
    rig_end(r, 0, "i-1", 1, 1, "moved");
    rig_want(r, 0, "i-1", 1, 2, "{}");
    rig_settle(r);
    assert_int_equal(rig_got(r, 0, "i-1", 2), -1);
    rig_gone(r, 0, "i-1", 1, 1);
    rig_settle(r);
    assert_int_equal(rig_got(r, 0, "i-1", 2), 1);
}

/* Twice moved: every tombstone blocks, not only the last. */
static void every_open_tombstone_of_an_earlier_pepoch_blocks(void **state)
{
    struct rig *r = *state;
    rig_want(r, 0, "i-1", 1, 1, "{}");
    rig_settle(r);
    rig_end(r, 0, "i-1", 1, 1, "moved");
    rig_want(r, 1, "i-1", 1, 2, "{}");
    rig_settle(r);
    rig_end(r, 1, "i-1", 1, 2, "moved");
    rig_want(r, 0, "i-1", 1, 3, "{}");
    rig_settle(r);
    rig_gone(r, 1, "i-1", 1, 2);
    rig_settle(r);
    assert_int_equal(rig_got(r, 0, "i-1", 3), -1);
    rig_gone(r, 0, "i-1", 1, 1);
    rig_settle(r);
    assert_int_equal(rig_got(r, 0, "i-1", 3), 1);
}

/* A change of the want while it is withheld must not slip it through. */
static void a_withheld_want_that_changes_stays_withheld(void **state)
{
    struct rig *r = *state;
    rig_want(r, 0, "i-1", 1, 1, "{}");
    rig_settle(r);
    rig_end(r, 0, "i-1", 1, 1, "moved");
    rig_want(r, 1, "i-1", 1, 2, "{}");
    rig_settle(r);
    rig_want(r, 1, "i-1", 2, 2, "{\"want\":\"stopped\"}");
    rig_settle(r);
    assert_int_equal(rig_got(r, 1, "i-1", 2), -1);
    rig_gone(r, 0, "i-1", 1, 1);
    rig_settle(r);
    assert_int_equal(rig_got(r, 1, "i-1", 2), 2);
    rig_check_agreement(r, 1);
}

/* ---- quiet, and when it is answered -------------------------------------------------------- */

/* PROTOCOL 1: a sync that changes nothing writes nothing, on either side. */
static void a_sync_that_changes_nothing_writes_nothing(void **state)
{
    struct rig *r = *state;
    rig_want(r, 0, "i-1", 1, 1, "{}");
    rig_settle(r);
    rig_say(r, 0, "i-1", 1, 1, "{}");
    rig_settle(r);
    int64_t up = rig_changes(&r->up), down = rig_changes(&r->down[0]);
    for (int beat = 0; beat < 3; beat++) {
        struct rig_call *held = &r->down[0].calls[r->down[0].calls_len - 1];
        rig_pass(r, r->timing.heartbeat_ms);
        rig_parent_turn(r);
        assert_non_null(held->answer);
        rig_settle(r);
    }
    rig_say(r, 0, "i-1", 1, 1, "{}"); /* the same fact again */
    rig_child_turn(r, 0);
    assert_null(rig_waiting(r, 0, true));
    assert_int_equal(rig_changes(&r->up), up);
    assert_int_equal(rig_changes(&r->down[0]), down);
}

static void an_idle_sync_is_held_to_the_heartbeat(void **state)
{
    struct rig *r = *state;
    struct rig_call *held = &r->down[0].calls[r->down[0].calls_len - 1];
    assert_true(held->is_sent && held->answer == NULL);
    assert_int_equal(sync_parent_wake_at(&r->parent), r->at.mono_ms + r->timing.heartbeat_ms);
    rig_pass(r, r->timing.heartbeat_ms - 1);
    rig_parent_turn(r);
    assert_null(held->answer);
    rig_pass(r, 1);
    rig_parent_turn(r);
    assert_non_null(held->answer);
}

static void a_wish_wakes_its_own_child_at_once_and_no_other(void **state)
{
    struct rig *r = *state;
    struct rig_call *a = &r->down[0].calls[r->down[0].calls_len - 1];
    struct rig_call *b = &r->down[1].calls[r->down[1].calls_len - 1];
    rig_want(r, 0, "i-1", 1, 1, "{}");
    rig_parent_turn(r);
    assert_non_null(a->answer);
    assert_null(b->answer);
}

/* PROTOCOL 1: a sync with facts is answered right after COMMIT. */
static void facts_are_answered_at_once_beside_the_held_sync(void **state)
{
    struct rig *r = *state;
    struct rig_call *held = &r->down[0].calls[r->down[0].calls_len - 1];
    rig_say(r, 0, "i-1", 1, 1, "{}");
    rig_child_turn(r, 0);
    struct rig_call *busy = rig_waiting(r, 0, true);
    assert_non_null(busy);
    assert_null(rig_waiting(r, 0, false)); /* at most one of each kind is in flight */
    rig_say(r, 0, "i-2", 1, 1, "{}");
    rig_child_turn(r, 0);
    assert_ptr_equal(rig_waiting(r, 0, true), busy);
    assert_int_equal(rig_carry(r, 0, busy), 200);
    assert_null(rig_waiting(r, 0, true));
    assert_null(held->answer);
    rig_settle(r);
    assert_non_null(rig_noted(&r->facts, "i-2"));
}

static void what_is_ephemeral_takes_no_revision_and_no_row(void **state)
{
    struct rig *r = *state;
    int64_t up = rig_changes(&r->up), down = rig_changes(&r->down[0]);
    rig_op(&r->up, (struct rig_op){RIG_ASK, "a", "console", "i-1", "", 0, 0});
    rig_op(&r->up, (struct rig_op){RIG_ASK, "a", "console", "i-1", "", 0, 0});
    rig_settle(r);
    assert_int_equal(r->down[0].asked, 1);
    rig_op(&r->down[0], (struct rig_op){RIG_TELL, "", "console", "i-1", "\"output\"\n", 0, 0});
    r->down[0].capacity = "{\"placed_rev\":1}";
    rig_settle(r);
    assert_int_equal(r->told, 1);
    assert_true(r->capacities > 0);
    assert_int_equal(rig_changes(&r->up), up);
    assert_int_equal(rig_changes(&r->down[0]), down);
}

/* What is asked is ephemeral: a child that is not there costs nothing, and who asks for too much at
 * once has a deadline of its own. */
static void what_is_asked_at_once_is_bounded(void **state)
{
    struct rig *r = *state;
    static const char ids[20][3] = {"00", "01", "02", "03", "04", "05", "06", "07", "08", "09",
                                    "10", "11", "12", "13", "14", "15", "16", "17", "18", "19"};
    rig_op(&r->up, (struct rig_op){RIG_ASK, "nobody", "console", "i-1", "", 0, 0});
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        rig_op(&r->up, (struct rig_op){RIG_ASK, "a", "console", ids[i], "", 0, 0});
    rig_settle(r);
    assert_int_equal(r->down[0].asked, 16);
    rig_op(&r->up, (struct rig_op){RIG_ASK, "a", "console", "19", "", 0, 0});
    rig_settle(r);
    assert_int_equal(r->down[0].asked, 17);
}

/* ---- sums ---------------------------------------------------------------------------------- */

/* PROTOCOL 3: equal numbers and unequal sums mean a defect: a full follows and heals it. */
static void facts_that_differ_are_said_again(void **state)
{
    struct rig *r = *state;
    rig_say(r, 0, "i-1", 3, 1, "{}");
    rig_settle(r);
    store_run(r->up.store, "UPDATE heard SET generation=2, body='{\"wrong\":1}' WHERE id='i-1'",
              "");
    store_run(r->up.store, "UPDATE child SET fact_sum=fact_sum+1 WHERE node='a'", "");
    rig_say(r, 0, "i-2", 1, 1, "{}");
    rig_settle(r);
    assert_true(r->fulls > 0);
    rig_check_agreement(r, 0);
    assert_string_equal(rig_noted(&r->facts, "i-1")->body, "{}");
}

static void wishes_that_differ_are_taken_again(void **state)
{
    struct rig *r = *state;
    rig_want(r, 0, "i-1", 3, 1, "{}");
    rig_settle(r);
    store_run(r->down[0].store, "DELETE FROM got WHERE id='i-1'", "");
    store_run(r->down[0].store, "UPDATE child_self SET got_sum=0", "");
    rig_want(r, 0, "i-2", 1, 1, "{}");
    rig_settle(r);
    rig_check_agreement(r, 0);
    assert_int_equal(rig_got(r, 0, "i-1", 1), 3);
}

/* A child's store went back to before an end that its parent has forgotten since: what nothing is
 * made of has ended when both agree; of what something is made absence says nothing. */
static void what_a_former_life_left_ends_where_nothing_is_made_of_it(void **state)
{
    static const char *const loose[] = {"group", NULL};
    struct rig *r = *state;
    r->down[0].child.hooks.loose = loose;
    rig_want(r, 0, "i-1", 1, 1, "{}");
    rig_settle(r);
    store_run(r->down[0].store,
              "INSERT INTO got(kind, id, pepoch, generation, number, gone, body) VALUES"
              " ('group', 'sg-1', 0, 1, 1, '', '{}'), ('instance', 'i-9', 1, 1, 1, '', '{}')",
              "");
    store_run(r->down[0].store, "UPDATE child_self SET got_sum=got_sum+1", "");
    rig_want(r, 0, "i-2", 1, 1, "{}");
    rig_settle(r);
    rig_check_agreement(r, 0);
    assert_string_equal(rig_noted(&r->down[0].wishes, "sg-1")->gone, "deleted");
    assert_true(store_has(r->down[0].store, "SELECT 1 FROM got WHERE id='sg-1' AND gone<>''", ""));
    assert_true(store_has(r->down[0].store, "SELECT 1 FROM got WHERE id='i-9' AND gone=''", ""));
    assert_int_equal(rig_got(r, 0, "i-1", 1), 1);
}

static void no_full_happens_that_nothing_explains(void **state)
{
    struct rig *r = *state;
    for (int i = 0; i < 10; i++) {
        rig_want(r, 0, "i-1", i + 1, 1, "{}");
        rig_say(r, 0, "i-1", i + 1, 1, i % 2 == 0 ? "{\"state\":\"running\"}" : "{}");
        rig_settle(r);
    }
    assert_int_equal(r->fulls, 0);
    rig_check_agreement(r, 0);
}

#define LINK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LINK_TEST(the_life_of_a_wish),
        LINK_TEST(nothing_is_freed_before_the_gone_fact),
        LINK_TEST(only_the_gone_fact_that_was_asked_for_counts),
        LINK_TEST(a_moved_want_is_withheld_until_the_old_host_says_gone),
        LINK_TEST(the_order_of_words_within_the_move_does_not_matter),
        LINK_TEST(a_want_on_the_same_host_waits_for_its_own_earlier_life),
        LINK_TEST(every_open_tombstone_of_an_earlier_pepoch_blocks),
        LINK_TEST(a_withheld_want_that_changes_stays_withheld),
        LINK_TEST(what_is_wished_again_counts_anew),
        LINK_TEST(a_sync_that_changes_nothing_writes_nothing),
        LINK_TEST(an_idle_sync_is_held_to_the_heartbeat),
        LINK_TEST(a_wish_wakes_its_own_child_at_once_and_no_other),
        LINK_TEST(facts_are_answered_at_once_beside_the_held_sync),
        LINK_TEST(what_is_ephemeral_takes_no_revision_and_no_row),
        LINK_TEST(what_is_asked_at_once_is_bounded),
        LINK_TEST(facts_that_differ_are_said_again),
        LINK_TEST(wishes_that_differ_are_taken_again),
        LINK_TEST(what_a_former_life_left_ends_where_nothing_is_made_of_it),
        LINK_TEST(no_full_happens_that_nothing_explains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
