/* The parent's end alone, against syncs made by hand: whom it hears (I17), what a stale message may
 * do (I18: nothing), how it numbers and pages wishes, whom it calls dead (R4, R5), RECOVERY (R14).
 */
#include "tests/unit/unit.h"

#include "tests/unit/sync_rig.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/sync/item.h"
#include "proto/wire/version.h"

#include <stdlib.h>
#include <string.h>

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

/* A sync of node a: run `boot`, the `boot_n`th, number `seq`; carries nothing. */
static struct wire_sync_request sync_of(const char *boot, int64_t boot_n, int64_t seq)
{
    return (struct wire_sync_request){.proto = wire_version(),
                                      .node = "a",
                                      .boot = boot,
                                      .boot_n = boot_n,
                                      .seq = seq,
                                      .facts_from = 1,
                                      .t_send = 1000 * seq};
}

static struct wire_item fact_of(const char *id, int64_t number)
{
    return (struct wire_item){.kind = "instance",
                              .id = id,
                              .generation = 1,
                              .pepoch = 1,
                              .number = number,
                              .gone = "",
                              .error = "",
                              .body = "{}"};
}

/* The same sync with facts numbered from..to, and the sum of all up to there. */
static struct wire_sync_request with_facts(struct wire_sync_request m, struct wire_item *facts,
                                           size_t len)
{
    m.busy = true;
    m.seen = facts;
    m.seen_len = len;
    m.facts_from = facts[0].number;
    m.facts_to = facts[len - 1].number;
    for (size_t i = 0; i < len; i++)
        if (*facts[i].gone == '\0')
            m.facts_sum += sync_item_hash(facts[i].kind, facts[i].id, facts[i].generation,
                                          facts[i].pepoch, facts[i].number);
    return m;
}

static int ask(struct rig *r, const struct wire_sync_request *m)
{
    return rig_request(r, m, "a", "s0", INT64_MAX);
}

/* The last request's answer. */
static struct wire_sync_reply answer_of(struct rig *r)
{
    struct wire_sync_reply m;
    rig_read_answer(r, &r->down[0].calls[r->down[0].calls_len - 1], &m);
    return m;
}

static int64_t ack_of(struct rig *r, const char *node)
{
    return store_i64(r->up.store, -1, "SELECT seen_ack FROM child WHERE node=?", "s", node);
}

static void in_turn(struct rig *r, void (*work)(struct rig *r))
{
    struct err err = {0};
    store_begin(r->up.store);
    work(r);
    assert_int_equal(store_commit(r->up.store, &err), ERR_OK);
}

/* ---- I17: a node can report and act only for itself ---------------------------------------- */

static void refused(struct rig *r, const char *peer_node, const char *serial, int64_t not_after_ms)
{
    struct wire_item fact = fact_of("i-1", 1);
    struct wire_sync_request m = with_facts(sync_of("b1", 1, 1), &fact, 1);
    int64_t before = rig_changes(&r->up);
    assert_int_equal(rig_request(r, &m, peer_node, serial, not_after_ms), 403);
    assert_null(rig_noted(&r->facts, "i-1"));
    assert_int_equal(rig_changes(&r->up), before);
    assert_int_equal(sync_parent_child_state(&r->parent, "a", r->at.mono_ms), SYNC_CHILD_UNKNOWN);
}

static void the_certificate_of_another_node_is_refused(void **state)
{
    refused(*state, "b", "s0", INT64_MAX);
    refused(*state, "", "", INT64_MAX);
    refused(*state, "A", "s0", INT64_MAX);
    refused(*state, "a ", "s0", INT64_MAX);
}

static void an_unknown_node_is_refused(void **state)
{
    struct rig *r = *state;
    struct wire_sync_request m = sync_of("b1", 1, 1);
    m.node = "nobody";
    assert_int_equal(rig_request(r, &m, "nobody", "s0", INT64_MAX), 403);
}

/* PROTOCOL 10: serial and expiry are checked on every sync, not only at the handshake. */
static void an_expired_certificate_is_refused(void **state)
{
    struct rig *r = *state;
    refused(r, "a", "s0", r->at.wall_ms - 1);
    struct wire_sync_request m = sync_of("b1", 1, 1);
    assert_int_equal(rig_request(r, &m, "a", "s0", r->at.wall_ms), 0); /* held */
}

static void remove_a(struct rig *r)
{
    sync_parent_remove(&r->parent, "a");
}

static void add_a_again(struct rig *r)
{
    sync_parent_add(&r->parent, "a", "host", "s9");
}

static void a_removed_node_is_refused(void **state)
{
    struct rig *r = *state;
    in_turn(r, remove_a);
    refused(r, "a", "s0", INT64_MAX);
}

/* Who was removed and joined anew comes with the new certificate: the removed one stays refused. */
static void the_certificate_from_before_a_removal_stays_refused(void **state)
{
    struct rig *r = *state;
    in_turn(r, remove_a);
    in_turn(r, add_a_again);
    refused(r, "a", "s0", INT64_MAX);
    struct wire_sync_request m = sync_of("b1", 1, 1);
    assert_int_equal(rig_request(r, &m, "a", "s9", INT64_MAX), 0);
}

static void renew_1(struct rig *r)
{
    sync_parent_renew(&r->parent, "a", "s1");
}

static void renew_2(struct rig *r)
{
    sync_parent_renew(&r->parent, "a", "s2");
}

/* A renewal's answer may get lost: the certificate before it serves until the next renewal. */
static void a_replaced_serial_is_refused(void **state)
{
    struct rig *r = *state;
    in_turn(r, renew_1);
    struct wire_sync_request m = sync_of("b1", 1, 1);
    assert_int_equal(rig_request(r, &m, "a", "s0", INT64_MAX), 0);
    in_turn(r, renew_2);
    m = sync_of("b1", 1, 2);
    assert_int_equal(rig_request(r, &m, "a", "s0", INT64_MAX), 403);
    assert_int_equal(rig_request(r, &m, "a", "s1", INT64_MAX), 0);
}

/* A store that was restored does not know the certificates that were made after its backup; it made
 * them all the same, and later than the one that it knows. */
static void a_later_certificate_of_ours_is_the_newest(void **state)
{
    struct rig *r = *state;
    struct wire_sync_request m = sync_of("b1", 1, 1);
    assert_int_equal(rig_request(r, &m, "a", "later", INT64_MAX), 403); /* than what? */
    r->peer_since_ms = 1000;
    assert_int_equal(rig_request(r, &m, "a", "s0", INT64_MAX), 0);
    m = sync_of("b1", 1, 2);
    assert_int_equal(rig_request(r, &m, "a", "of-then", INT64_MAX), 403);
    r->peer_since_ms = 999;
    assert_int_equal(rig_request(r, &m, "a", "earlier", INT64_MAX), 403);
    r->peer_since_ms = 2000;
    assert_int_equal(rig_request(r, &m, "a", "later", INT64_MAX), 0);
    r->peer_since_ms = 1000;
    m = sync_of("b1", 1, 3);
    assert_int_equal(rig_request(r, &m, "a", "s0", INT64_MAX), 403);
    assert_true(store_has(r->up.store, "SELECT 1 FROM child WHERE node='a' AND since_ms=2000", ""));
}

/* ---- I18: a stale message changes nothing -------------------------------------------------- */

static void an_older_sync_changes_nothing(void **state)
{
    struct rig *r = *state;
    struct wire_item facts[] = {fact_of("i-1", 1), fact_of("i-2", 2)};
    struct wire_sync_request m = with_facts(sync_of("b1", 1, 5), facts, 1);
    assert_int_equal(ask(r, &m), 200);
    int64_t before = rig_changes(&r->up);
    size_t heard = r->facts.len;
    for (int64_t seq = 3; seq <= 5; seq++) {
        m = with_facts(sync_of("b1", 1, seq), facts, 2);
        assert_int_equal(ask(r, &m), 412);
    }
    assert_int_equal(rig_changes(&r->up), before);
    assert_int_equal(r->facts.len, heard);
}

/* Facts that are known come again with a range that overlaps: only the new ones are taken. */
static void a_fact_is_taken_once(void **state)
{
    struct rig *r = *state;
    struct wire_item facts[] = {fact_of("i-1", 1), fact_of("i-2", 2)};
    struct wire_sync_request m = with_facts(sync_of("b1", 1, 1), facts, 1);
    assert_int_equal(ask(r, &m), 200);
    m = with_facts(sync_of("b1", 1, 2), facts, 2);
    assert_int_equal(ask(r, &m), 200);
    assert_int_equal(r->facts.len, 2);
    assert_int_equal(answer_of(r).seen_ack, 2);
}

static void a_former_life_of_a_child_is_refused(void **state)
{
    struct rig *r = *state;
    struct wire_item fact = fact_of("i-1", 1);
    struct wire_sync_request m = sync_of("b2", 2, 1);
    assert_int_equal(ask(r, &m), 0);
    m = with_facts(sync_of("b1", 1, 9), &fact, 1);
    assert_int_equal(ask(r, &m), 412);
    in_turn(r, renew_1); /* a new certificate changes nothing of that */
    assert_int_equal(ask(r, &m), 412);
    assert_null(rig_noted(&r->facts, "i-1"));
    rig_parent_restart(r);
    assert_int_equal(ask(r, &m), 412);
}

/* Also one that was never heard while it lived. */
static void the_runs_of_a_child_are_ordered(void **state)
{
    struct rig *r = *state;
    struct wire_sync_request m = sync_of("b3", 3, 1);
    assert_int_equal(ask(r, &m), 0);
    m = sync_of("b2", 2, 1);
    assert_int_equal(ask(r, &m), 412);
    m = sync_of("b4", 4, 1);
    assert_int_equal(ask(r, &m), 0);
    m = sync_of("b3", 3, 2);
    assert_int_equal(ask(r, &m), 412);
}

/* ---- facts --------------------------------------------------------------------------------- */

/* PROTOCOL 1: only facts that were carried are acknowledged. */
static void facts_are_acknowledged_only_when_carried(void **state)
{
    struct rig *r = *state;
    struct wire_sync_request m = sync_of("b1", 1, 1);
    m.facts_to = 7; /* an idle sync names its numbers and carries none */
    assert_int_equal(ask(r, &m), 0);
    assert_int_equal(ack_of(r, "a"), 0);
}

static void a_gap_is_refused_with_need_full(void **state)
{
    struct rig *r = *state;
    struct wire_item first = fact_of("i-1", 1), third = fact_of("i-3", 3);
    struct wire_sync_request m = with_facts(sync_of("b1", 1, 1), &first, 1);
    assert_int_equal(ask(r, &m), 200);
    assert_false(answer_of(r).need_full);
    m = with_facts(sync_of("b1", 1, 2), &third, 1);
    assert_int_equal(ask(r, &m), 200);
    assert_true(answer_of(r).need_full);
    assert_int_equal(answer_of(r).seen_ack, 1);
    assert_null(rig_noted(&r->facts, "i-3"));
}

/* A fact was replaced under a higher number before the sync with facts was written, and after the
 * idle one that it overtook: their sums differ, and nothing is wrong. */
static void an_overtaken_idle_sync_is_not_compared(void **state)
{
    struct rig *r = *state;
    struct wire_item fact = fact_of("i-1", 1);
    struct wire_sync_request m = with_facts(sync_of("b1", 1, 4), &fact, 1);
    assert_int_equal(ask(r, &m), 200);
    struct wire_sync_request late = sync_of("b1", 1, 3);
    late.facts_from = 2;
    late.facts_to = 1;
    late.facts_sum = m.facts_sum + 1;
    ask(r, &late);
    assert_int_equal(ack_of(r, "a"), 1);
    late.seq = 5; /* one that was written after it has to agree */
    assert_int_equal(ask(r, &late), 200);
    assert_true(answer_of(r).need_full);
}

static void a_new_run_begins_at_nought(void **state)
{
    struct rig *r = *state;
    struct wire_item facts[] = {fact_of("i-1", 1), fact_of("i-2", 2)};
    struct wire_sync_request m = with_facts(sync_of("b1", 1, 1), facts, 2);
    assert_int_equal(ask(r, &m), 200);
    m = with_facts(sync_of("b2", 2, 1), facts, 1);
    m.more = true;
    assert_int_equal(ask(r, &m), 200);
    assert_int_equal(answer_of(r).seen_ack, 1);
    /* i-2 was not said again: it is absent, which is a question and no answer */
    assert_true(store_has(r->up.store, "SELECT 1 FROM heard WHERE id='i-2' AND number=0", ""));
    assert_string_equal(rig_noted(&r->facts, "i-2")->gone, "");
}

static void numbers_beyond_what_the_message_says_are_not_taken(void **state)
{
    struct rig *r = *state;
    struct wire_item facts[] = {fact_of("i-1", 1), fact_of("i-2", 9)};
    struct wire_sync_request m = with_facts(sync_of("b1", 1, 1), facts, 2);
    m.facts_to = 1;
    m.more = true;
    assert_int_equal(ask(r, &m), 200);
    assert_int_equal(ack_of(r, "a"), 1);
    assert_null(rig_noted(&r->facts, "i-2"));
}

static void what_cannot_be_decoded_is_refused_whole(void **state)
{
    struct rig *r = *state;
    struct wire_item fact = fact_of("i-1", 1);
    struct wire_sync_request m = with_facts(sync_of("b1", 1, 1), &fact, 1);
    fact.pepoch = -1;
    assert_int_equal(ask(r, &m), 400);
    assert_null(rig_noted(&r->facts, "i-1"));
    assert_int_equal(ack_of(r, "a"), 0);
}

/* ---- wishes -------------------------------------------------------------------------------- */

static int64_t rev_of(struct rig *r, const char *id)
{
    return store_i64(r->up.store, -1, "SELECT rev FROM wish WHERE id=?", "s", id);
}

static void a_turn_has_one_revision_and_the_next_a_greater_one(void **state)
{
    struct rig *r = *state;
    rig_want(r, 0, "i-1", 1, 1, "{}");
    rig_want(r, 1, "i-2", 1, 1, "{}");
    rig_want(r, 0, "i-3", 1, 1, "{}");
    rig_parent_turn(r);
    assert_true(rev_of(r, "i-1") == rev_of(r, "i-2") && rev_of(r, "i-2") == rev_of(r, "i-3"));
    rig_want(r, 0, "i-4", 1, 1, "{}");
    rig_parent_turn(r);
    assert_int_equal(rev_of(r, "i-4"), rev_of(r, "i-1") + 1);
    rig_parent_restart(r);
    rig_want(r, 0, "i-5", 1, 1, "{}");
    rig_parent_turn(r);
    assert_int_equal(rev_of(r, "i-5"), rev_of(r, "i-4") + 1);
}

/* PROTOCOL 1: a page never splits a revision, however small a page is. */
static void a_page_never_splits_a_revision(void **state)
{
    (void)state;
    struct rig *r = rig_new(1, 1);
    static const char *const ids[] = {"i-1", "i-2", "i-3", "i-4", "i-5", "i-6"};
    static const size_t of_turn[] = {3, 1, 2};
    for (size_t turn = 0, at = 0; turn < 3; turn++) {
        for (size_t i = 0; i < of_turn[turn]; i++)
            rig_want(r, 0, ids[at++], 1, 1, "{}");
        rig_parent_turn(r);
    }
    int64_t applied = 0;
    for (size_t page = 0; page < 3; page++) {
        struct wire_sync_request m = sync_of("b1", r->at.wall_ms + 1, (int64_t)page + 1);
        m.applied_rev = applied;
        assert_int_equal(ask(r, &m), 200);
        struct wire_sync_reply reply = answer_of(r);
        assert_int_equal(reply.want_len, of_turn[page]);
        assert_int_equal(reply.more, page < 2);
        assert_true(reply.rev > applied);
        applied = reply.rev;
    }
    rig_free(r);
}

static void tombstones_are_not_summed(void **state)
{
    struct rig *r = *state;
    rig_want(r, 0, "i-1", 1, 1, "{}");
    rig_want(r, 0, "i-2", 1, 1, "{}");
    rig_parent_turn(r);
    rig_end(r, 0, "i-1", 2, 1, "deleted");
    rig_parent_turn(r);
    struct wire_sync_request m = sync_of("b1", 1, 1);
    m.boot_n = r->at.wall_ms;
    assert_int_equal(ask(r, &m), 200);
    assert_true(answer_of(r).want_sum == sync_item_hash("instance", "i-2", 1, 1, rev_of(r, "i-2")));
}

/* Wished, ended, wished and ended again: that the first end was done says nothing of the second,
 * which the child has not even heard of. */
static void an_end_is_confirmed_only_by_who_has_recorded_it(void **state)
{
    struct rig *r = *state;
    struct wire_item gone = fact_of("i-1", 1);
    gone.gone = "deleted";
    rig_end(r, 0, "i-1", 1, 1, "deleted");
    rig_parent_turn(r);
    struct wire_sync_request m = with_facts(sync_of("b1", r->at.wall_ms, 1), &gone, 1);
    m.applied_rev = rev_of(r, "i-1") - 1;
    assert_int_equal(ask(r, &m), 200);
    assert_true(rig_holds(r, "i-1"));
    gone.number = 2;
    m = with_facts(sync_of("b1", r->at.wall_ms, 2), &gone, 1);
    m.applied_rev = rev_of(r, "i-1");
    assert_int_equal(ask(r, &m), 200);
    assert_false(rig_holds(r, "i-1"));
}

static void the_end_of_what_was_never_wished_is_a_tombstone_too(void **state)
{
    struct rig *r = *state;
    rig_end(r, 0, "i-1", 1, 1, "deleted");
    rig_op(&r->up, (struct rig_op){RIG_DROP, "a", "instance", "i-none", "", 0, 0});
    rig_settle(r);
    assert_true(rig_holds(r, "i-1"));
    assert_false(rig_holds(r, "i-none"));
}

/* ---- who is alive -------------------------------------------------------------------------- */

static enum sync_child_state state_of(struct rig *r)
{
    return sync_parent_child_state(&r->parent, "a", r->at.mono_ms);
}

/* R4: a lease is believed until reply time + lease * 1.02 + kill. */
static void a_child_is_suspect_then_down_by_its_last_lease(void **state)
{
    struct rig *r = *state;
    struct wire_item fact = fact_of("i-1", 1);
    struct wire_sync_request m = with_facts(sync_of("b1", 1, 1), &fact, 1);
    rig_pass(r, 100000);
    assert_int_equal(ask(r, &m), 200); /* answered: a lease was granted now */
    assert_int_equal(state_of(r), SYNC_CHILD_UP);
    rig_pass(r, 6000);
    assert_int_equal(state_of(r), SYNC_CHILD_UP);
    rig_pass(r, 1);
    assert_int_equal(state_of(r), SYNC_CHILD_SUSPECT);
    rig_pass(r, 20300 - 6001);
    assert_int_equal(state_of(r), SYNC_CHILD_SUSPECT);
    rig_pass(r, 1);
    assert_int_equal(state_of(r), SYNC_CHILD_DOWN);
}

/* A held sync that is released grants anew, though nothing was heard since. */
static void the_lease_counts_from_the_answer(void **state)
{
    struct rig *r = *state;
    rig_pass(r, 100000);
    struct wire_sync_request m = sync_of("b1", 1, 1);
    assert_int_equal(ask(r, &m), 0);
    rig_pass(r, r->timing.heartbeat_ms);
    rig_parent_turn(r);
    rig_pass(r, 20300);
    assert_int_equal(state_of(r), SYNC_CHILD_SUSPECT);
    rig_pass(r, 1);
    assert_int_equal(state_of(r), SYNC_CHILD_DOWN);
}

/* R5: after its own start a parent waits a whole R4 interval before it calls any child dead. */
static void after_its_own_start_nobody_is_dead_for_a_while(void **state)
{
    struct rig *r = *state;
    rig_pass(r, 1000000);
    assert_int_equal(state_of(r), SYNC_CHILD_DOWN);
    rig_parent_restart(r); /* and its children are tried again */
    r->at.mono_ms = r->parent.started_mono_ms;
    assert_int_equal(state_of(r), SYNC_CHILD_UNKNOWN);
    rig_pass(r, 20300);
    assert_int_equal(state_of(r), SYNC_CHILD_UNKNOWN);
    rig_pass(r, 1);
    assert_int_equal(state_of(r), SYNC_CHILD_DOWN);
    assert_int_equal(sync_parent_child_state(&r->parent, "nobody", 0), SYNC_CHILD_UNKNOWN);
}

#define PARENT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PARENT_TEST(the_certificate_of_another_node_is_refused),
        PARENT_TEST(an_unknown_node_is_refused),
        PARENT_TEST(an_expired_certificate_is_refused),
        PARENT_TEST(a_removed_node_is_refused),
        PARENT_TEST(the_certificate_from_before_a_removal_stays_refused),
        PARENT_TEST(a_replaced_serial_is_refused),
        PARENT_TEST(a_later_certificate_of_ours_is_the_newest),
        PARENT_TEST(an_older_sync_changes_nothing),
        PARENT_TEST(a_fact_is_taken_once),
        PARENT_TEST(a_former_life_of_a_child_is_refused),
        PARENT_TEST(the_runs_of_a_child_are_ordered),
        PARENT_TEST(facts_are_acknowledged_only_when_carried),
        PARENT_TEST(a_gap_is_refused_with_need_full),
        PARENT_TEST(an_overtaken_idle_sync_is_not_compared),
        PARENT_TEST(a_new_run_begins_at_nought),
        PARENT_TEST(numbers_beyond_what_the_message_says_are_not_taken),
        PARENT_TEST(what_cannot_be_decoded_is_refused_whole),
        PARENT_TEST(a_turn_has_one_revision_and_the_next_a_greater_one),
        cmocka_unit_test(a_page_never_splits_a_revision),
        PARENT_TEST(tombstones_are_not_summed),
        PARENT_TEST(an_end_is_confirmed_only_by_who_has_recorded_it),
        PARENT_TEST(the_end_of_what_was_never_wished_is_a_tombstone_too),
        PARENT_TEST(a_child_is_suspect_then_down_by_its_last_lease),
        PARENT_TEST(the_lease_counts_from_the_answer),
        PARENT_TEST(after_its_own_start_nobody_is_dead_for_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
