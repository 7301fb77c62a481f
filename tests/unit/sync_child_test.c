/* The child's end alone, against answers made by hand: which it takes wishes from, when a lease is
 * one, what it says and how often (PROTOCOL 1, 2 and R3, R16). */
#include "tests/unit/unit.h"

#include "tests/unit/sync_rig.h"

#include "base/str.h"
#include "proto/sync/item.h"
#include "proto/wire/version.h"

#include <stdlib.h>
#include <string.h>

enum { T0 = 50000 }; /* boot clock at the start of a rig */

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

static struct sync_child *child(struct rig *r)
{
    return &r->down[0].child;
}

static int64_t applied(struct rig *r)
{
    return sync_child_applied_rev(child(r));
}

static struct rig_call *idle(struct rig *r)
{
    struct rig_call *call = rig_waiting(r, 0, false);
    assert_non_null(call);
    return call;
}

/* An answer of store S, start 1, to exactly that call. */
struct made {
    struct wire_echo echo;
    struct wire_sync_request asked;
    struct wire_sync_reply reply;
    struct wire_item items[4];
};

static void make(struct rig *r, struct made *m, const struct rig_call *call)
{
    *m = (struct made){0};
    rig_read_call(r, call, &m->asked);
    m->echo =
        (struct wire_echo){.boot = m->asked.boot, .seq = m->asked.seq, .t_send = m->asked.t_send};
    m->reply = (struct wire_sync_reply){.proto = wire_version(),
                                        .store_id = "S",
                                        .start_id = "1",
                                        .rev = m->asked.applied_rev,
                                        .want = m->items,
                                        .echo = &m->echo,
                                        .lease_ms = 15000};
}

/* Adds wish `id` under revision `rev`, and its share of the sum. */
static void put(struct made *m, const char *id, int64_t rev)
{
    m->items[m->reply.want_len++] = (struct wire_item){.kind = "instance",
                                                       .id = id,
                                                       .generation = 1,
                                                       .pepoch = 1,
                                                       .number = rev,
                                                       .gone = "",
                                                       .error = "",
                                                       .body = "{}"};
    m->reply.rev = rev;
    m->reply.want_sum += sync_item_hash("instance", id, 1, 1, rev);
}

/* The parent is known; nothing was granted. */
static void meet(struct rig *r)
{
    struct made m;
    struct rig_call *call = idle(r);
    make(r, &m, call);
    m.reply.lease_ms = 0;
    rig_reply(r, 0, call, &m.reply);
}

/* ---- whose wishes ------------------------------------------------------------------------------ */

/* PROTOCOL 1: a new start is noted first; its wishes come with the next answer. */
static void a_new_start_of_the_parent_is_noted_first(void **state)
{
    struct rig *r = *state;
    struct made m;
    struct rig_call *call = idle(r);
    make(r, &m, call);
    put(&m, "i-1", 1);
    rig_reply(r, 0, call, &m.reply);
    assert_int_equal(rig_got(r, 0, "i-1", 1), -1);
    assert_int_equal(applied(r), 0);
    call = idle(r);
    make(r, &m, call);
    assert_string_equal(m.asked.store_id_seen, "S");
    assert_string_equal(m.asked.start_id_seen, "1");
    put(&m, "i-1", 1);
    rig_reply(r, 0, call, &m.reply);
    assert_int_equal(rig_got(r, 0, "i-1", 1), 1);
    assert_int_equal(applied(r), 1);
    call = idle(r); /* and so for every later start */
    make(r, &m, call);
    m.reply.start_id = "2";
    put(&m, "i-2", 2);
    rig_reply(r, 0, call, &m.reply);
    assert_int_equal(rig_got(r, 0, "i-2", 1), -1);
    assert_int_equal(applied(r), 1);
}

/* PROTOCOL 2: another store is another parent: refused until the node joins anew. */
static void a_foreign_store_is_refused(void **state)
{
    struct rig *r = *state;
    struct made m;
    meet(r);
    struct rig_call *call = idle(r);
    make(r, &m, call);
    m.reply.store_id = "T";
    put(&m, "i-1", 1);
    int64_t before = rig_changes(&r->down[0]);
    rig_reply(r, 0, call, &m.reply);
    assert_int_equal(rig_got(r, 0, "i-1", 1), -1);
    assert_false(sync_child_is_fresh(child(r)));
    assert_false(sync_child_has_lease(child(r), T0));
    assert_int_equal(rig_changes(&r->down[0]), before);
}

/* A delta granted to a former life would be recorded here and the rest of it never come. */
static void wishes_of_an_answer_to_a_former_life_are_not_taken(void **state)
{
    struct rig *r = *state;
    struct made m;
    meet(r);
    struct rig_call *call = idle(r);
    make(r, &m, call);
    m.echo.boot = "of another run";
    m.reply.seen_ack = 1000;
    put(&m, "i-1", 1);
    rig_reply(r, 0, call, &m.reply);
    assert_int_equal(rig_got(r, 0, "i-1", 1), -1);
    assert_int_equal(applied(r), 0);
    assert_int_equal(child(r)->seen_ack, 0);
    assert_false(sync_child_is_fresh(child(r)));
    assert_false(sync_child_has_lease(child(r), T0));
}

/* Two answers in flight: what was asked before the last recording carries an older delta. */
static void wishes_of_an_answer_asked_before_the_last_recording_are_not_taken(void **state)
{
    struct rig *r = *state;
    struct made early, late;
    meet(r);
    rig_say(r, 0, "i-9", 1, 1, "{}");
    rig_child_turn(r, 0); /* now one of each kind is in flight */
    struct rig_call *first = rig_waiting(r, 0, false), *second = rig_waiting(r, 0, true);
    assert_non_null(first);
    assert_non_null(second);
    make(r, &early, first);
    make(r, &late, second);
    put(&early, "i-1", 1);
    put(&late, "i-1", 1);
    put(&late, "i-2", 2);
    rig_reply(r, 0, second, &late.reply);
    assert_int_equal(applied(r), 2);
    size_t heard = r->down[0].wishes.len;
    rig_reply(r, 0, first, &early.reply);
    assert_int_equal(applied(r), 2);
    assert_int_equal(r->down[0].wishes.len, heard);
    assert_int_equal(rig_got(r, 0, "i-2", 1), 1);
}

static void an_answer_is_taken_once(void **state)
{
    struct rig *r = *state;
    struct made m;
    meet(r);
    struct rig_call *call = idle(r);
    make(r, &m, call);
    put(&m, "i-1", 1);
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
    } cases[] = {{200, ""},       {200, "{"},   {200, "{}"}, {200, "{\"store_id\":\"S\"}"},
                 {200, "[1,2]"},  {403, "no"},  {503, ""},   {0, ""},
                 {200, "{\"store_id\":\"S\",\"start_id\":\"1\",\"echo\":7}"}};
    meet(r);
    int64_t before = rig_changes(&r->down[0]);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig_call *call = idle(r);
        free(call->answer);
        call->answer = strdup(cases[i].body);
        call->status = cases[i].status;
        call->is_sent = true;
        rig_answer(r, 0, call);
        rig_pass(r, r->timing.retry_ms + 1);
        rig_child_turn(r, 0);
    }
    assert_int_equal(rig_changes(&r->down[0]), before);
    assert_int_equal(applied(r), 0);
}

/* ---- R3, R16 ------------------------------------------------------------------------------------ */

/* R3: from the child's own time of sending, on its own clock, never from the time of hearing. */
static void a_lease_counts_from_the_time_of_asking(void **state)
{
    struct rig *r = *state;
    struct made m;
    meet(r);
    struct rig_call *call = idle(r);
    make(r, &m, call);
    assert_int_equal(m.asked.t_send, T0);
    rig_pass(r, 14000); /* the answer was held, and slow */
    rig_reply(r, 0, call, &m.reply);
    assert_true(sync_child_has_lease(child(r), T0 + 14999));
    assert_false(sync_child_has_lease(child(r), T0 + 15000));
    call = idle(r); /* a later answer to an earlier question shortens nothing */
    make(r, &m, call);
    m.echo.t_send = T0 - 10000;
    rig_reply(r, 0, call, &m.reply);
    assert_true(sync_child_has_lease(child(r), T0 + 14999));
}

/* R3: a lease that has lapsed is taken anew only when all wishes are recorded. */
static void a_lapsed_lease_wants_all_wishes_recorded(void **state)
{
    struct rig *r = *state;
    struct made m;
    meet(r);
    struct rig_call *call = idle(r);
    make(r, &m, call);
    rig_reply(r, 0, call, &m.reply);
    rig_pass(r, 20000);
    assert_false(sync_child_has_lease(child(r), r->at.boot_ms));
    rig_child_turn(r, 0);
    call = idle(r);
    make(r, &m, call);
    m.echo.t_send = r->at.boot_ms;
    put(&m, "i-1", 1);
    m.reply.more = true;
    rig_reply(r, 0, call, &m.reply);
    assert_int_equal(applied(r), 1);
    assert_false(sync_child_has_lease(child(r), r->at.boot_ms));
    call = idle(r);
    make(r, &m, call);
    m.reply.want_sum = sync_item_hash("instance", "i-1", 1, 1, 1);
    put(&m, "i-2", 2);
    rig_reply(r, 0, call, &m.reply);
    assert_true(sync_child_has_lease(child(r), r->at.boot_ms));
}

static void a_lease_that_runs_is_renewed_by_any_page(void **state)
{
    struct rig *r = *state;
    struct made m;
    meet(r);
    struct rig_call *call = idle(r);
    make(r, &m, call);
    rig_reply(r, 0, call, &m.reply);
    rig_pass(r, 10000);
    call = idle(r);
    make(r, &m, call);
    m.echo.t_send = r->at.boot_ms;
    put(&m, "i-1", 1);
    m.reply.more = true;
    rig_reply(r, 0, call, &m.reply);
    assert_true(sync_child_has_lease(child(r), T0 + 24999));
}

/* R14: in RECOVERY no answer is fresh, none carries a lease or a wish. */
static void an_answer_in_recovery_is_neither_fresh_nor_a_lease(void **state)
{
    struct rig *r = *state;
    struct made m;
    meet(r);
    struct rig_call *call = idle(r);
    make(r, &m, call);
    m.reply.recovery = true;
    put(&m, "i-1", 1);
    rig_reply(r, 0, call, &m.reply);
    assert_int_equal(rig_got(r, 0, "i-1", 1), -1);
    assert_false(sync_child_is_fresh(child(r)));
    assert_false(sync_child_has_lease(child(r), T0));
}

/* R16: fresh is an answer whose wishes are all recorded, in this run. */
static void fresh_is_when_the_last_page_is_recorded(void **state)
{
    struct rig *r = *state;
    struct made m;
    meet(r);
    assert_false(sync_child_is_fresh(child(r))); /* noting the start is not enough */
    struct rig_call *call = idle(r);
    make(r, &m, call);
    put(&m, "i-1", 1);
    m.reply.more = true;
    rig_reply(r, 0, call, &m.reply);
    assert_false(sync_child_is_fresh(child(r)));
    call = idle(r);
    make(r, &m, call);
    m.reply.want_sum = sync_item_hash("instance", "i-1", 1, 1, 1);
    put(&m, "i-2", 2);
    rig_reply(r, 0, call, &m.reply);
    assert_true(sync_child_is_fresh(child(r)));
    rig_child_restart(r, 0);
    assert_false(sync_child_is_fresh(child(r)));
    assert_false(sync_child_has_lease(child(r), r->at.boot_ms));
}

/* ---- items ----------------------------------------------------------------------------------------- */

/* PROTOCOL 1: it becomes a fact with its error and never blocks applied_rev. */
static void an_item_that_cannot_be_applied_blocks_nothing(void **state)
{
    struct rig *r = *state;
    struct made m;
    struct wire_sync_request said;
    meet(r);
    r->down[0].refuses = "instance";
    struct rig_call *call = idle(r);
    make(r, &m, call);
    put(&m, "i-1", 1);
    put(&m, "i-2", 2);
    rig_reply(r, 0, call, &m.reply);
    assert_int_equal(applied(r), 2);
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
    meet(r);
    struct rig_call *call = idle(r);
    make(r, &m, call);
    put(&m, "i-1", 1);
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
    meet(r);
    struct rig_call *call = idle(r);
    make(r, &m, call);
    put(&m, "i-1", 1);
    m.items[0].generation = 7;
    m.reply.want_sum = sync_item_hash("instance", "i-1", 7, 1, 1);
    rig_reply(r, 0, call, &m.reply);
    call = idle(r);
    make(r, &m, call);
    put(&m, "i-1", 2);
    rig_reply(r, 0, call, &m.reply);
    assert_int_equal(rig_got(r, 0, "i-1", 1), 7);
}

/* PROTOCOL 3: equal revisions, unequal sums: everything is asked for again, nothing is dropped. */
static void a_sum_that_does_not_agree_asks_for_all(void **state)
{
    struct rig *r = *state;
    struct made m;
    meet(r);
    struct rig_call *call = idle(r);
    make(r, &m, call);
    put(&m, "i-1", 1);
    m.reply.want_sum++;
    rig_reply(r, 0, call, &m.reply);
    assert_int_equal(applied(r), 0);
    assert_int_equal(rig_got(r, 0, "i-1", 1), 1);
    call = idle(r);
    make(r, &m, call);
    assert_int_equal(m.asked.applied_rev, 0);
}

/* ---- facts ------------------------------------------------------------------------------------------ */

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
    meet(r);
    for (int64_t rev = 1; rev <= 2; rev++) {
        struct rig_call *call = idle(r);
        make(r, &m, call);
        put(&m, "i-1", rev);
        m.items[0].gone = "deleted";
        m.reply.want_sum = 0;
        rig_reply(r, 0, call, &m.reply);
        if (rev == 1) {
            rig_gone(r, 0, "i-1", 1, 1);
            rig_child_turn(r, 0);
            call = rig_waiting(r, 0, true);
            make(r, &m, call);
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
    meet(r);
    struct rig_call *call = idle(r);
    make(r, &m, call);
    put(&m, "i-1", 1);
    put(&m, "i-2", 1);
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
    meet(r);
    rig_say(r, 0, "i-1", 1, 1, "{}");
    rig_child_turn(r, 0);
    struct rig_call *call = rig_waiting(r, 0, true);
    make(r, &m, call);
    m.reply.seen_ack = 1;
    rig_reply(r, 0, call, &m.reply);
    assert_null(rig_waiting(r, 0, true));
    call = idle(r);
    make(r, &m, call);
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
        make(small, &m, call);
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

/* ---- trying again -------------------------------------------------------------------------------------- */

/* R15: with jitter, within retry_ms, and one of each kind at most. */
static void a_failed_sync_is_tried_again_within_its_time(void **state)
{
    struct rig *r = *state;
    bool differs = false;
    int64_t before = 0;
    for (int i = 0; i < 20; i++) {
        rig_lose(r, 0, idle(r));
        assert_null(rig_waiting(r, 0, false));
        int64_t wait = sync_child_wake_at(child(r)) - r->at.mono_ms;
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
        CHILD_TEST(facts_are_numbered_and_replaced_under_a_new_number),
        CHILD_TEST(a_new_run_says_everything_from_one),
        CHILD_TEST(a_tombstone_that_comes_again_is_answered_again),
        CHILD_TEST(tombstones_are_forgotten_late),
        CHILD_TEST(need_full_says_all_facts_again),
        cmocka_unit_test(facts_go_in_pages),
        CHILD_TEST(a_failed_sync_is_tried_again_within_its_time),
        CHILD_TEST(notes_are_carried_once_and_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
