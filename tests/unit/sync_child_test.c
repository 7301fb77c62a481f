/* The child's end alone, against answers made by hand: which it takes wishes from, and when a lease
 * is one (PROTOCOL 1, 2 and R3, R16). */
#include "tests/unit/unit.h"

#include "tests/unit/sync_made.h"

#include "proto/sync/item.h"

#include <stdlib.h>
#include <string.h>

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

/* ---- whose wishes -------------------------------------------------------------------------- */

/* PROTOCOL 1: a new start is noted first; its wishes come with the next answer. */
static void a_new_start_of_the_parent_is_noted_first(void **state)
{
    struct rig *r = *state;
    struct made m;
    struct rig_call *call = made_idle(r);
    made_init(r, &m, call);
    made_put(&m, "i-1", 1);
    rig_reply(r, 0, call, &m.reply);
    assert_int_equal(rig_got(r, 0, "i-1", 1), -1);
    assert_int_equal(made_applied(r), 0);
    call = made_idle(r);
    made_init(r, &m, call);
    assert_string_equal(m.asked.store_id_seen, "S");
    assert_string_equal(m.asked.start_id_seen, "1");
    made_put(&m, "i-1", 1);
    rig_reply(r, 0, call, &m.reply);
    assert_int_equal(rig_got(r, 0, "i-1", 1), 1);
    assert_int_equal(made_applied(r), 1);
    call = made_idle(r); /* and so for every later start */
    made_init(r, &m, call);
    m.reply.start_id = "2";
    made_put(&m, "i-2", 2);
    rig_reply(r, 0, call, &m.reply);
    assert_int_equal(rig_got(r, 0, "i-2", 1), -1);
    assert_int_equal(made_applied(r), 1);
}

/* PROTOCOL 2: another store is another parent: refused until the node joins anew. */
static void a_foreign_store_is_refused(void **state)
{
    struct rig *r = *state;
    struct made m;
    made_meet(r);
    struct rig_call *call = made_idle(r);
    made_init(r, &m, call);
    m.reply.store_id = "T";
    made_put(&m, "i-1", 1);
    int64_t before = rig_changes(&r->down[0]);
    rig_reply(r, 0, call, &m.reply);
    assert_int_equal(rig_got(r, 0, "i-1", 1), -1);
    assert_false(sync_child_is_fresh(made_child(r)));
    assert_false(sync_child_has_lease(made_child(r), MADE_T0));
    assert_int_equal(rig_changes(&r->down[0]), before);
}

/* A delta granted to a former life would be recorded here and the rest of it never come. */
static void wishes_of_an_answer_to_a_former_life_are_not_taken(void **state)
{
    struct rig *r = *state;
    struct made m;
    made_meet(r);
    struct rig_call *call = made_idle(r);
    made_init(r, &m, call);
    m.echo.boot = "of another run";
    m.reply.seen_ack = 1000;
    made_put(&m, "i-1", 1);
    rig_reply(r, 0, call, &m.reply);
    assert_int_equal(rig_got(r, 0, "i-1", 1), -1);
    assert_int_equal(made_applied(r), 0);
    assert_int_equal(made_child(r)->seen_ack, 0);
    assert_false(sync_child_is_fresh(made_child(r)));
    assert_false(sync_child_has_lease(made_child(r), MADE_T0));
}

/* Two answers in flight: what was asked before the last recording carries an older delta. */
static void wishes_of_an_answer_asked_before_the_last_recording_are_not_taken(void **state)
{
    struct rig *r = *state;
    struct made early, late;
    made_meet(r);
    rig_say(r, 0, "i-9", 1, 1, "{}");
    rig_child_turn(r, 0); /* now one of each kind is in flight */
    struct rig_call *first = rig_waiting(r, 0, false), *second = rig_waiting(r, 0, true);
    assert_non_null(first);
    assert_non_null(second);
    made_init(r, &early, first);
    made_init(r, &late, second);
    made_put(&early, "i-1", 1);
    made_put(&late, "i-1", 1);
    made_put(&late, "i-2", 2);
    rig_reply(r, 0, second, &late.reply);
    assert_int_equal(made_applied(r), 2);
    size_t heard = r->down[0].wishes.len;
    rig_reply(r, 0, first, &early.reply);
    assert_int_equal(made_applied(r), 2);
    assert_int_equal(r->down[0].wishes.len, heard);
    assert_int_equal(rig_got(r, 0, "i-2", 1), 1);
}

static void an_answer_is_taken_once(void **state)
{
    struct rig *r = *state;
    struct made m;
    made_meet(r);
    struct rig_call *call = made_idle(r);
    made_init(r, &m, call);
    made_put(&m, "i-1", 1);
    rig_reply(r, 0, call, &m.reply);
    size_t heard = r->down[0].wishes.len;
    int64_t before = rig_changes(&r->down[0]);
    rig_reply(r, 0, call, &m.reply);
    assert_int_equal(r->down[0].wishes.len, heard);
    assert_int_equal(rig_changes(&r->down[0]), before);
}

static void what_is_no_answer_changes_nothing(void **state)
{
    struct rig *r = *state;
    static const struct {
        int status;
        const char *body;
    } cases[] = {{200, ""},
                 {200, "{"},
                 {200, "{}"},
                 {200, "{\"store_id\":\"S\"}"},
                 {200, "[1,2]"},
                 {403, "no"},
                 {503, ""},
                 {0, ""},
                 {200, "{\"store_id\":\"S\",\"start_id\":\"1\",\"echo\":7}"}};
    made_meet(r);
    int64_t before = rig_changes(&r->down[0]);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig_call *call = made_idle(r);
        free(call->answer);
        call->answer = strdup(cases[i].body);
        call->status = cases[i].status;
        call->is_sent = true;
        rig_answer(r, 0, call);
        rig_pass(r, r->timing.retry_ms + 1);
        rig_child_turn(r, 0);
    }
    assert_int_equal(rig_changes(&r->down[0]), before);
    assert_int_equal(made_applied(r), 0);
}

/* ---- R3, R16 ------------------------------------------------------------------------------- */

/* R3: from the child's own time of sending, on its own clock, never from the time of hearing. */
static void a_lease_counts_from_the_time_of_asking(void **state)
{
    struct rig *r = *state;
    struct made m;
    made_meet(r);
    struct rig_call *call = made_idle(r);
    made_init(r, &m, call);
    assert_int_equal(m.asked.t_send, MADE_T0);
    rig_pass(r, 14000); /* the answer was held, and slow */
    rig_reply(r, 0, call, &m.reply);
    assert_true(sync_child_has_lease(made_child(r), MADE_T0 + 14999));
    assert_false(sync_child_has_lease(made_child(r), MADE_T0 + 15000));
    call = made_idle(r); /* a later answer to an earlier question shortens nothing */
    made_init(r, &m, call);
    m.echo.t_send = MADE_T0 - 10000;
    rig_reply(r, 0, call, &m.reply);
    assert_true(sync_child_has_lease(made_child(r), MADE_T0 + 14999));
}

/* R3: a lease that has lapsed is taken anew only when all wishes are recorded. */
static void a_lapsed_lease_wants_all_wishes_recorded(void **state)
{
    struct rig *r = *state;
    struct made m;
    made_meet(r);
    struct rig_call *call = made_idle(r);
    made_init(r, &m, call);
    rig_reply(r, 0, call, &m.reply);
    rig_pass(r, 20000);
    assert_false(sync_child_has_lease(made_child(r), r->at.boot_ms));
    rig_child_turn(r, 0);
    call = made_idle(r);
    made_init(r, &m, call);
    m.echo.t_send = r->at.boot_ms;
    made_put(&m, "i-1", 1);
    m.reply.more = true;
    rig_reply(r, 0, call, &m.reply);
    assert_int_equal(made_applied(r), 1);
    assert_false(sync_child_has_lease(made_child(r), r->at.boot_ms));
    call = made_idle(r);
    made_init(r, &m, call);
    m.reply.want_sum = sync_item_hash("instance", "i-1", 1, 1, 1);
    made_put(&m, "i-2", 2);
    rig_reply(r, 0, call, &m.reply);
    assert_true(sync_child_has_lease(made_child(r), r->at.boot_ms));
}

static void a_lease_that_runs_is_renewed_by_any_page(void **state)
{
    struct rig *r = *state;
    struct made m;
    made_meet(r);
    struct rig_call *call = made_idle(r);
    made_init(r, &m, call);
    rig_reply(r, 0, call, &m.reply);
    rig_pass(r, 10000);
    call = made_idle(r);
    made_init(r, &m, call);
    m.echo.t_send = r->at.boot_ms;
    made_put(&m, "i-1", 1);
    m.reply.more = true;
    rig_reply(r, 0, call, &m.reply);
    assert_true(sync_child_has_lease(made_child(r), MADE_T0 + 24999));
}

/* R14: in RECOVERY no answer is fresh, none carries a lease or a wish. */
static void an_answer_in_recovery_is_neither_fresh_nor_a_lease(void **state)
{
    struct rig *r = *state;
    struct made m;
    made_meet(r);
    struct rig_call *call = made_idle(r);
    made_init(r, &m, call);
    m.reply.recovery = true;
    made_put(&m, "i-1", 1);
    rig_reply(r, 0, call, &m.reply);
    assert_int_equal(rig_got(r, 0, "i-1", 1), -1);
    assert_false(sync_child_is_fresh(made_child(r)));
    assert_false(sync_child_has_lease(made_child(r), MADE_T0));
}

/* R16: fresh is an answer whose wishes are all recorded, in this run. */
static void fresh_is_when_the_last_page_is_recorded(void **state)
{
    struct rig *r = *state;
    struct made m;
    made_meet(r);
    assert_false(sync_child_is_fresh(made_child(r))); /* noting the start is not enough */
    struct rig_call *call = made_idle(r);
    made_init(r, &m, call);
    made_put(&m, "i-1", 1);
    m.reply.more = true;
    rig_reply(r, 0, call, &m.reply);
    assert_false(sync_child_is_fresh(made_child(r)));
    call = made_idle(r);
    made_init(r, &m, call);
    m.reply.want_sum = sync_item_hash("instance", "i-1", 1, 1, 1);
    made_put(&m, "i-2", 2);
    rig_reply(r, 0, call, &m.reply);
    assert_true(sync_child_is_fresh(made_child(r)));
    rig_child_restart(r, 0);
    assert_false(sync_child_is_fresh(made_child(r)));
    assert_false(sync_child_has_lease(made_child(r), r->at.boot_ms));
}

/* ---- items --------------------------------------------------------------------------------- */

/* PROTOCOL 1: it becomes a fact with its error and never blocks applied_rev. */
static void an_item_that_cannot_be_applied_blocks_nothing(void **state)
{
    struct rig *r = *state;
    struct made m;
    struct wire_sync_request said;
    made_meet(r);
    r->down[0].refuses = "instance";
    struct rig_call *call = made_idle(r);
    made_init(r, &m, call);
    made_put(&m, "i-1", 1);
    made_put(&m, "i-2", 2);
    rig_reply(r, 0, call, &m.reply);
    assert_int_equal(made_applied(r), 2);
    call = rig_waiting(r, 0, true);
    assert_non_null(call);
    rig_read_call(r, call, &said);
    assert_int_equal(said.seen_len, 2);
    assert_string_equal(said.seen[0].id, "i-1");
    assert_string_equal(said.seen[0].error, "no such kind here");
    assert_string_equal(said.seen[1].id, "i-2");
}

static void items_are_kept_as_they_came(void **state)
{
    struct rig *r = *state;
    struct made m;
    made_meet(r);
    struct rig_call *call = made_idle(r);
    made_init(r, &m, call);
    made_put(&m, "i-1", 1);
    m.items[0].body = "{\"z\":1,\"of_tomorrow\":{\"a\":[1,2]}}";
    rig_reply(r, 0, call, &m.reply);
    assert_true(store_has(r->down[0].store, "SELECT 1 FROM got WHERE id='i-1' AND body=?", "s",
                          "{\"z\":1,\"of_tomorrow\":{\"a\":[1,2]}}"));
}

/* An older generation never lowers what is recorded. */
static void generations_only_grow(void **state)
{
    struct rig *r = *state;
    struct made m;
    made_meet(r);
    struct rig_call *call = made_idle(r);
    made_init(r, &m, call);
    made_put(&m, "i-1", 1);
    m.items[0].generation = 7;
    m.reply.want_sum = sync_item_hash("instance", "i-1", 7, 1, 1);
    rig_reply(r, 0, call, &m.reply);
    call = made_idle(r);
    made_init(r, &m, call);
    made_put(&m, "i-1", 2);
    rig_reply(r, 0, call, &m.reply);
    assert_int_equal(rig_got(r, 0, "i-1", 1), 7);
}

/* PROTOCOL 3: equal revisions, unequal sums: everything is asked for again, nothing is dropped. */
static void a_sum_that_does_not_agree_asks_for_all(void **state)
{
    struct rig *r = *state;
    struct made m;
    made_meet(r);
    struct rig_call *call = made_idle(r);
    made_init(r, &m, call);
    made_put(&m, "i-1", 1);
    m.reply.want_sum++;
    rig_reply(r, 0, call, &m.reply);
    assert_int_equal(made_applied(r), 0);
    assert_int_equal(rig_got(r, 0, "i-1", 1), 1);
    call = made_idle(r);
    made_init(r, &m, call);
    assert_int_equal(m.asked.applied_rev, 0);
}

#define CHILD_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHILD_TEST(a_new_start_of_the_parent_is_noted_first),
        CHILD_TEST(a_foreign_store_is_refused),
        CHILD_TEST(wishes_of_an_answer_to_a_former_life_are_not_taken),
        CHILD_TEST(wishes_of_an_answer_asked_before_the_last_recording_are_not_taken),
        CHILD_TEST(an_answer_is_taken_once),
        CHILD_TEST(what_is_no_answer_changes_nothing),
        CHILD_TEST(a_lease_counts_from_the_time_of_asking),
        CHILD_TEST(a_lapsed_lease_wants_all_wishes_recorded),
        CHILD_TEST(a_lease_that_runs_is_renewed_by_any_page),
        CHILD_TEST(an_answer_in_recovery_is_neither_fresh_nor_a_lease),
        CHILD_TEST(fresh_is_when_the_last_page_is_recorded),
        CHILD_TEST(an_item_that_cannot_be_applied_blocks_nothing),
        CHILD_TEST(items_are_kept_as_they_came),
        CHILD_TEST(generations_only_grow),
        CHILD_TEST(a_sum_that_does_not_agree_asks_for_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
