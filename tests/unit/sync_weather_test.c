/* A link through lost turns, restarts and any order of what it carries: afterwards both ends agree.
 */
#include "tests/unit/unit.h"

#include "tests/unit/sync_rig.h"

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

static void a_lost_turn_of_the_parent_recovers(void **state)
{
    struct rig *r = *state;
    rig_say(r, 0, "i-1", 1, 1, "{}");
    rig_child_turn(r, 0);
    struct rig_call *busy = rig_waiting(r, 0, true);
    rig_op(&r->up, (struct rig_op){.kind = RIG_FILL});
    assert_int_equal(rig_carry(r, 0, busy), 503);
    assert_int_equal(r->up.last, TURN_LOST);
    rig_answer(r, 0, busy);
    rig_want(r, 0, "i-2", 1, 1, "{}");
    rig_pass(r, r->timing.retry_ms + 1);
    rig_settle(r);
    rig_child_turn(r, 0);
    rig_settle(r);
    assert_int_equal(rig_got(r, 0, "i-2", 1), 1);
    assert_non_null(rig_noted(&r->facts, "i-1"));
    rig_check_agreement(r, 0);
}

/* The turn that first heard a new run is lost: the run is taken as new again, all its facts too. */
static void a_lost_turn_in_which_a_new_run_was_heard_recovers(void **state)
{
    struct rig *r = *state;
    for (int i = 0; i < 8; i++) /* the old run had more numbers than the new one will have */
        rig_say(r, 0, "i-1", i + 1, 1, "{}"), rig_settle(r);
    rig_child_restart(r, 0);
    struct rig_call *first = rig_waiting(r, 0, true);
    assert_non_null(first);
    rig_op(&r->up, (struct rig_op){.kind = RIG_FILL});
    assert_int_equal(rig_carry(r, 0, first), 503);
    rig_answer(r, 0, first);
    rig_say(r, 0, "i-9", 1, 1, "{}");
    rig_pass(r, r->timing.retry_ms + 1);
    rig_settle(r);
    rig_child_turn(r, 0);
    rig_settle(r);
    assert_non_null(rig_noted(&r->facts, "i-9"));
    rig_check_agreement(r, 0);
}

static void a_lost_turn_of_the_child_recovers(void **state)
{
    struct rig *r = *state;
    rig_want(r, 0, "i-1", 1, 1, "{}");
    rig_parent_turn(r);
    struct rig_call *held = &r->down[0].calls[r->down[0].calls_len - 1];
    assert_non_null(held->answer);
    rig_op(&r->down[0], (struct rig_op){.kind = RIG_FILL});
    rig_answer(r, 0, held);
    assert_int_equal(r->down[0].last, TURN_LOST);
    assert_int_equal(rig_got(r, 0, "i-1", 1), -1);
    assert_false(sync_child_is_fresh(&r->down[0].child)); /* R16: what is not recorded counts not */
    assert_false(sync_child_has_lease(&r->down[0].child, r->at.boot_ms));
    rig_child_turn(r, 0);
    rig_settle(r);
    assert_int_equal(rig_got(r, 0, "i-1", 1), 1);
    rig_check_agreement(r, 0);
}

/* Nothing else may come to pass after the loss: the child has to wake by itself. */
static void a_child_that_lost_its_turn_wakes_by_itself(void **state)
{
    struct rig *r = *state;
    struct rig_call *held = &r->down[0].calls[r->down[0].calls_len - 1];
    rig_op(&r->down[0], (struct rig_op){.kind = RIG_FILL});
    rig_lose(r, 0, held);
    assert_int_equal(r->down[0].last, TURN_LOST);
    assert_true(sync_child_wake_at(&r->down[0].child) <= r->at.mono_ms + r->timing.retry_ms + 1);
}

/* The answer to a sync that was held before the turn that was lost is not lost for ever. */
static void what_was_held_before_a_lost_turn_is_still_answered(void **state)
{
    struct rig *r = *state;
    struct rig_call *held = &r->down[0].calls[r->down[0].calls_len - 1];
    rig_want(r, 0, "i-1", 1, 1, "{}");
    rig_op(&r->up, (struct rig_op){.kind = RIG_FILL});
    rig_parent_turn(r);
    assert_int_equal(r->up.last, TURN_LOST);
    assert_null(held->answer); /* the wish was never made */
    rig_pass(r, r->timing.heartbeat_ms);
    rig_parent_turn(r);
    assert_non_null(held->answer);
}

static void a_child_with_a_new_store_is_told_everything(void **state)
{
    struct rig *r = *state;
    rig_want(r, 0, "i-1", 1, 1, "{}");
    rig_settle(r);
    store_run(r->down[0].store, "DELETE FROM got", "");
    store_run(r->down[0].store, "DELETE FROM said", "");
    store_run(r->down[0].store,
              "UPDATE child_self SET store_id='', start_id='', applied_rev=0, got_sum=0,"
              " said_sum=0, said_number=0, boot_n=0",
              "");
    rig_pass(r, 1); /* runs are ordered by the date when the store is new */
    rig_child_restart(r, 0);
    rig_settle(r);
    assert_int_equal(rig_got(r, 0, "i-1", 1), 1);
    rig_check_agreement(r, 0);
}

/* Loss, doubling and delay of calls and answers, restarts and lost turns of both ends. */
static void weather_hard(struct rig *r, const struct rng *rng, size_t child)
{
    switch (rng_below(rng, 16)) {
    case 0:
        rig_child_restart(r, child);
        return;
    case 1:
        rig_parent_restart(r);
        return;
    case 2: /* the next turn of that side is lost, whatever it is about */
        rig_op(&r->down[child], (struct rig_op){.kind = RIG_FILL});
        return;
    case 3:
        rig_op(&r->up, (struct rig_op){.kind = RIG_FILL});
        return;
    default:
        return;
    }
}

/* What both are told alike: it changes, ends, is followed and left; and a child that confirms. */
static void weather_shared(struct rig *r, const struct rng *rng, size_t child)
{
    static const char *const topics[] = {"t-0", "t-1"}, *const ids[] = {"s-0", "s-1", "s-2"},
                             *const bodies[] = {"{\"n\":1}", "{\"n\":2}"};
    static const enum rig_op_kind kinds[] = {RIG_SHARE,  RIG_SHARE,  RIG_UNSHARE,
                                             RIG_FOLLOW, RIG_FOLLOW, RIG_UNFOLLOW};
    const char *id = ids[rng_below(rng, 3)];
    int64_t end = store_i64(r->down[child].store, -1,
                            "SELECT generation FROM got WHERE id=? AND gone<>''", "s", id);
    if (end >= 0 && rng_below(rng, 2) == 0) {
        rig_op(&r->down[child],
               (struct rig_op){.kind = RIG_GONE, .what = "rule", .id = id, .generation = end});
        rig_child_turn(r, child);
        return;
    }
    enum rig_op_kind kind = kinds[rng_below(rng, 6)];
    const char *topic = topics[rng_below(rng, 2)];
    bool is_item = kind == RIG_SHARE || kind == RIG_UNSHARE;
    rig_op(&r->up, (struct rig_op){.kind = kind,
                                   .node = is_item ? topic : r->down[child].node,
                                   .what = "rule",
                                   .id = is_item ? id : topic,
                                   .text = bodies[rng_below(rng, 2)],
                                   .generation = 1});
    rig_parent_turn(r);
}

static void weather_turn(struct rig *r, const struct rng *rng)
{
    static const char *const ids[] = {"i-0", "i-1", "i-2", "i-3"};
    static const char *const bodies[] = {"{\"want\":\"running\"}", "{\"want\":\"stopped\"}"};
    size_t child = (size_t)rng_below(rng, r->children);
    struct rig_side *side = &r->down[child];
    const char *id = ids[2 * child + rng_below(rng, 2)];
    int64_t generation = r->at.mono_ms;
    switch (rng_below(rng, 15)) {
    case 0:
    case 1:
        rig_want(r, child, id, generation, 1, bodies[rng_below(rng, 2)]);
        rig_parent_turn(r);
        return;
    case 2:
        rig_end(r, child, id, generation, 1, "deleted");
        rig_parent_turn(r);
        return;
    case 3:
    case 4:
        rig_say(r, child, id, generation, 1, bodies[rng_below(rng, 2)]);
        rig_child_turn(r, child);
        return;
    case 5: {
        int64_t end = store_i64(side->store, -1,
                                "SELECT generation FROM got WHERE id=? AND gone<>''", "s", id);
        if (end >= 0)
            rig_gone(r, child, id, end, 1);
        rig_child_turn(r, child);
        return;
    }
    case 6:
        rig_pass(r, 1 + (int64_t)rng_below(rng, 3000));
        rig_parent_turn(r);
        rig_child_turn(r, child);
        return;
    case 7:
        weather_hard(r, rng, child);
        return;
    case 8:
    case 9:
    case 10:
        weather_shared(r, rng, child);
        return;
    default: {
        struct rig_call *call = &side->calls[rng_below(rng, side->calls_len)];
        uint64_t what = rng_below(rng, 4);
        if (what == 0 && !call->is_over)
            rig_lose(r, child, call);
        else if (call->answer != NULL && what < 3)
            rig_answer(r, child, call); /* again, perhaps */
        else
            rig_carry(r, child, call);
    }
    }
}

static void after_any_weather_both_ends_agree(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct rng_seeded seeded = {.state = seed};
        struct rng rng = rng_seeded(&seeded);
        struct rig *r = rig_new(2, 1 + (int64_t)rng_below(&rng, 600));
        for (int step = 0; step < 120; step++)
            weather_turn(r, &rng);
        for (int round = 0; round < 4; round++) { /* heal */
            for (size_t child = 0; child < r->children; child++) {
                struct rig_side *side = &r->down[child];
                for (size_t i = 0; i < side->calls_len; i++)
                    if (!side->calls[i].is_over && side->calls[i].is_sent &&
                        side->calls[i].answer == NULL)
                        rig_lose(r, child, &side->calls[i]);
            }
            rig_pass(r, r->timing.retry_ms + 1);
            for (size_t child = 0; child < r->children; child++)
                rig_child_turn(r, child);
            rig_settle_rounds(r);
        }
        rig_check_agreement(r, 0);
        rig_check_agreement(r, 1);
        rig_free(r);
    }
}

#define WEATHER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WEATHER_TEST(a_lost_turn_of_the_parent_recovers),
        WEATHER_TEST(a_lost_turn_in_which_a_new_run_was_heard_recovers),
        WEATHER_TEST(a_lost_turn_of_the_child_recovers),
        WEATHER_TEST(a_child_that_lost_its_turn_wakes_by_itself),
        WEATHER_TEST(what_was_held_before_a_lost_turn_is_still_answered),
        WEATHER_TEST(a_child_with_a_new_store_is_told_everything),
        cmocka_unit_test(after_any_weather_both_ends_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
