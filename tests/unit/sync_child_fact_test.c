/* What the child's end says, under which numbers, how often, and when it tries again (PROTOCOL 1,
 * R15). */
#include "tests/unit/unit.h"

#include "tests/unit/sync_made.h"

/* A child that never met a parent; nobody carries its calls. */
static int set_up(void **state)
{
    *state = rig_new(1, 0);
    return 0;
}

static int tear_down(void **state)
{
    rig_free(*state);
    return 0;
}

/* ---- facts --------------------------------------------------------------------------------- */

static void facts_are_numbered_and_replaced_under_a_new_number(void **state)
{
    struct rig *r = *state;
    struct wire_sync_request m;
    rig_say(r, 0, "i-1", 1, 1, "{\"state\":\"pending\"}");
    rig_say(r, 0, "i-2", 1, 1, "{}");
    rig_say(r, 0, "i-1", 1, 1, "{\"state\":\"running\"}");
    rig_child_turn(r, 0);
    rig_read_call(r, rig_waiting(r, 0, true), &m);
    assert_int_equal(m.facts_from, 1);
    assert_int_equal(m.facts_to, 3);
    assert_int_equal(m.seen_len, 2);
    assert_string_equal(m.seen[0].id, "i-2");
    assert_int_equal(m.seen[0].number, 2);
    assert_string_equal(m.seen[1].id, "i-1");
    assert_int_equal(m.seen[1].number, 3);
}

/* PROTOCOL 1: a new run begins with all facts, gone ones too while the tombstone is kept. */
static void a_new_run_says_everything_from_one(void **state)
{
    struct rig *r = *state;
    struct wire_sync_request before, after;
    rig_say(r, 0, "i-1", 1, 1, "{}");
    rig_say(r, 0, "i-2", 1, 1, "{}");
    rig_gone(r, 0, "i-3", 1, 1);
    rig_child_turn(r, 0);
    rig_read_call(r, rig_waiting(r, 0, true), &before);
    rig_child_restart(r, 0);
    rig_read_call(r, rig_waiting(r, 0, true), &after);
    assert_string_not_equal(before.boot, after.boot);
    assert_true(after.boot_n > before.boot_n);
    assert_int_equal(after.facts_from, 1);
    assert_int_equal(after.seen_len, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(after.seen[i].number, (int64_t)i + 1);
}

static void a_tombstone_that_comes_again_is_answered_again(void **state)
{
    struct rig *r = *state;
    struct made m;
    struct wire_sync_request said;
    made_meet(r);
    for (int64_t rev = 1; rev <= 2; rev++) {
        struct rig_call *call = made_idle(r);
        made_init(r, &m, call);
        made_put(&m, "i-1", rev);
        m.items[0].gone = "deleted";
        m.reply.want_sum = 0;
        rig_reply(r, 0, call, &m.reply);
        if (rev == 1) {
            rig_gone(r, 0, "i-1", 1, 1);
            rig_child_turn(r, 0);
            call = rig_waiting(r, 0, true);
            made_init(r, &m, call);
            m.reply.seen_ack = m.asked.facts_to;
            rig_reply(r, 0, call, &m.reply);
            assert_null(rig_waiting(r, 0, true));
        }
    }
    struct rig_call *again = rig_waiting(r, 0, true);
    assert_non_null(again);
    rig_read_call(r, again, &said);
    assert_int_equal(said.seen_len, 1);
    assert_string_equal(said.seen[0].gone, "deleted");
    assert_true(said.seen[0].number > 1);
}

/* PROTOCOL 1: 24 h and at least one restart. */
static void tombstones_are_forgotten_late(void **state)
{
    struct rig *r = *state;
    struct made m;
    made_meet(r);
    struct rig_call *call = made_idle(r);
    made_init(r, &m, call);
    made_put(&m, "i-1", 1);
    made_put(&m, "i-2", 1);
    m.items[0].gone = m.items[1].gone = "deleted";
    m.reply.want_sum = 0;
    rig_reply(r, 0, call, &m.reply);
    rig_gone(r, 0, "i-1", 1, 1);
    rig_pass(r, 1000);
    rig_child_turn(r, 0);
    rig_child_restart(r, 0);
    assert_int_equal(rig_got(r, 0, "i-1", 1), -2); /* not by a restart alone */
    rig_pass(r, r->timing.tombstone_ms + 1);
    rig_say(r, 0, "i-9", 1, 1, "{}");
    rig_child_turn(r, 0);
    assert_int_equal(rig_got(r, 0, "i-1", 1), -2); /* nor by time alone */
    rig_child_restart(r, 0);
    rig_say(r, 0, "i-9", 2, 1, "{}");
    rig_child_turn(r, 0);
    rig_child_restart(r, 0);
    assert_int_equal(rig_got(r, 0, "i-1", 1), -1);
    assert_int_equal(rig_got(r, 0, "i-2", 1), -2); /* its end was never said */
}

static void need_full_says_all_facts_again(void **state)
{
    struct rig *r = *state;
    struct made m;
    struct wire_sync_request said;
    made_meet(r);
    rig_say(r, 0, "i-1", 1, 1, "{}");
    rig_child_turn(r, 0);
    struct rig_call *call = rig_waiting(r, 0, true);
    made_init(r, &m, call);
    m.reply.seen_ack = 1;
    rig_reply(r, 0, call, &m.reply);
    assert_null(rig_waiting(r, 0, true));
    call = made_idle(r);
    made_init(r, &m, call);
    m.reply.need_full = true;
    rig_reply(r, 0, call, &m.reply);
    call = rig_waiting(r, 0, true);
    assert_non_null(call);
    rig_read_call(r, call, &said);
    assert_int_equal(said.facts_from, 1);
    assert_int_equal(said.seen_len, 1);
}

/* A page that says `more` carries numbers up to its last fact only. */
static void facts_go_in_pages(void **state)
{
    (void)state;
    struct made m;
    struct rig *small = rig_new(1, 500);
    for (int i = 0; i < 9; i++) {
        static const char *const ids[] = {"i-0", "i-1", "i-2", "i-3", "i-4",
                                          "i-5", "i-6", "i-7", "i-8"};
        rig_say(small, 0, ids[i], 1, 1, "{}");
    }
    rig_child_turn(small, 0);
    int64_t next = 1;
    for (int page = 0; page < 9; page++) {
        struct rig_call *call = rig_waiting(small, 0, true);
        assert_non_null(call);
        made_init(small, &m, call);
        assert_int_equal(m.asked.facts_from, next);
        assert_true(m.asked.seen_len > 0 && m.asked.seen_len <= 3);
        assert_int_equal(m.asked.facts_to, m.asked.seen[m.asked.seen_len - 1].number);
        next = m.asked.facts_to + 1;
        m.reply.seen_ack = m.asked.facts_to;
        rig_reply(small, 0, call, &m.reply);
        if (!m.asked.more)
            break;
    }
    assert_int_equal(next, 10);
    rig_free(small);
}

/* ---- trying again -------------------------------------------------------------------------- */

/* R15: with jitter, within retry_ms, and one of each kind at most. */
static void a_failed_sync_is_tried_again_within_its_time(void **state)
{
    struct rig *r = *state;
    bool differs = false;
    int64_t before = 0;
    for (int i = 0; i < 20; i++) {
        rig_lose(r, 0, made_idle(r));
        assert_null(rig_waiting(r, 0, false));
        int64_t wait = sync_child_wake_at(made_child(r)) - r->at.mono_ms;
        assert_true(wait >= 1 && wait <= r->timing.retry_ms);
        differs |= i > 0 && wait != before;
        before = wait;
        rig_pass(r, wait - 1);
        rig_child_turn(r, 0);
        assert_null(rig_waiting(r, 0, false));
        rig_pass(r, 1);
        rig_child_turn(r, 0);
    }
    assert_true(differs);
}

static void notes_are_carried_once_and_bounded(void **state)
{
    struct rig *r = *state;
    struct wire_sync_request m;
    for (int i = 0; i < 40; i++)
        rig_op(&r->down[0], (struct rig_op){RIG_TELL, "", "console", "i-1", "text \"\x01", 0, 0});
    rig_child_turn(r, 0);
    rig_read_call(r, rig_waiting(r, 0, true), &m);
    assert_int_equal(m.tell_len, 16);
    assert_string_equal(m.tell[15].body, "text \"\x01");
    rig_lose(r, 0, rig_waiting(r, 0, true));
    rig_pass(r, r->timing.retry_ms + 1);
    rig_child_turn(r, 0);
    assert_null(rig_waiting(r, 0, true)); /* ephemeral: whoever asked asks again */
}

#define FACT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FACT_TEST(facts_are_numbered_and_replaced_under_a_new_number),
        FACT_TEST(a_new_run_says_everything_from_one),
        FACT_TEST(a_tombstone_that_comes_again_is_answered_again),
        FACT_TEST(tombstones_are_forgotten_late),
        FACT_TEST(need_full_says_all_facts_again),
        cmocka_unit_test(facts_go_in_pages),
        FACT_TEST(a_failed_sync_is_tried_again_within_its_time),
        FACT_TEST(notes_are_carried_once_and_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
