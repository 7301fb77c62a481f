/* The planner of a host: the whole matrix of want x domain x memory of orders, and the rules it
 * defends. Total: every cell has an answer, and no cell breaks a rule. */
#include "base/rng.h"
#include "computer-manager/plan/plan_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct host_view view = {.now_ms = 1000000,
                                      .may_start = true,
                                      .has_base = true,
                                      .has_room = true,
                                      .is_alone = true,
                                      .has_turn = true,
                                      .port_sum = 7,
                                      .stop_ms = 90000,
                                      .start_ms = 60000};

/* Everything was ordered and done: the next step is a start. */
static struct host_record prepared(enum host_want want, enum host_dom dom)
{
    return (struct host_record){.id = "i-0123456789abcdef0",
                                .pepoch = 1,
                                .generation = 3,
                                .want = want,
                                .wished_ms = 999000,
                                .has_root = true,
                                .is_root_made = true,
                                .has_port = true,
                                .port_sum = 7,
                                .ran_generation = -1,
                                .why_generation = -1,
                                .dom = dom};
}

static bool is_on(enum host_dom dom)
{
    return dom == HOST_DOM_RUNNING || dom == HOST_DOM_PAUSED || dom == HOST_DOM_STOPPING;
}

/* Bits of the matrix beyond want and domain. */
struct cell {
    enum host_want want;
    enum host_dom dom;
    bool root, port, fresh, stopping, ran;
};

static struct host_record record_of(const struct cell *c)
{
    struct host_record r = prepared(c->want, c->dom);
    r.has_root = r.is_root_made = c->root;
    r.has_port = c->port;
    r.port_sum = c->port ? 7 : 0;
    r.stop_ms = c->stopping ? 950000 : 0;
    r.ran_generation = c->ran ? r.generation : -1;
    r.why = c->ran ? OFF_GUEST : OFF_NONE;
    return r;
}

/* What people hear of is on its way to running and does not run; and it is what is done. */
static void check_step(const struct cell *c, const struct host_record *r, const struct host_view *v,
                       enum host_action a)
{
    enum instance_step step = host_plan_step(r, v);
    bool runs = is_on(c->dom) && !c->stopping;
    if (c->want != HOST_WANT_RUNNING || runs)
        assert_int_equal(step, STEP_NONE);
    assert_true((step == STEP_END) ==
                (c->want == HOST_WANT_RUNNING && is_on(c->dom) && c->stopping));
    assert_true((a == HOST_ACT_ROOT) == (step == STEP_DISK));
    if (c->want == HOST_WANT_RUNNING)
        assert_true((a == HOST_ACT_START) == (step == STEP_START));
}

static void check_cell(const struct cell *c)
{
    struct host_record r = record_of(c);
    struct host_view v = view;
    v.may_start = c->fresh;
    enum host_action a = host_plan(&r, &v);
    if (c->dom == HOST_DOM_UNLISTED)
        assert_int_equal(a, HOST_ACT_NONE); /* nothing is decided before a listing */
    if (a == HOST_ACT_START) {
        assert_true(c->fresh); /* R16 */
        assert_true(c->want == HOST_WANT_RUNNING && !is_on(c->dom));
        assert_true(c->root && c->port); /* the filters are there before the guest */
        assert_false(c->ran);            /* the guest's own end is not undone here */
    }
    if (a == HOST_ACT_GONE) {
        assert_true(c->want == HOST_WANT_GONE);
        assert_int_equal(c->dom, HOST_DOM_ABSENT); /* R6: only a listing says gone */
        assert_false(c->root || c->port);
    }
    if (a == HOST_ACT_UNPORT || a == HOST_ACT_UNDISK)
        assert_true(c->want == HOST_WANT_GONE && !is_on(c->dom));
    if (c->want != HOST_WANT_GONE)
        assert_true(a != HOST_ACT_ERASE && a != HOST_ACT_UNPORT && a != HOST_ACT_UNDISK);
    if (c->want == HOST_WANT_STOPPED && !is_on(c->dom))
        assert_int_equal(a, HOST_ACT_NONE);
    check_step(c, &r, &v, a);
}

static void every_cell_keeps_the_rules(void **state)
{
    (void)state;
    int cells = 0;
    for (int want = HOST_WANT_STOPPED; want <= (int)HOST_WANT_GONE; want++)
        for (int dom = HOST_DOM_UNLISTED; dom <= (int)HOST_DOM_STOPPING; dom++)
            for (unsigned bits = 0; bits < 32; bits++, cells++) {
                struct cell c = {.want = (enum host_want)want,
                                 .dom = (enum host_dom)dom,
                                 .root = bits & 1,
                                 .port = bits & 2,
                                 .fresh = bits & 4,
                                 .stopping = bits & 8,
                                 .ran = bits & 16};
                check_cell(&c);
            }
    assert_int_equal(cells, 3 * 6 * 32);
}

static void a_start_goes_step_by_step(void **state)
{
    (void)state;
    struct host_record r = prepared(HOST_WANT_RUNNING, HOST_DOM_ABSENT);
    struct host_view v = view;
    r.has_root = r.is_root_made = r.has_port = false;
    r.port_sum = 0;
    v.has_base = false;
    assert_int_equal(host_plan(&r, &v), HOST_ACT_BASE);
    v.has_base = true;
    assert_int_equal(host_plan(&r, &v), HOST_ACT_ROOT);
    r.has_root = r.is_root_made = true;
    assert_int_equal(host_plan(&r, &v), HOST_ACT_PORT);
    r.has_port = true;
    r.port_sum = 7;
    assert_int_equal(host_plan(&r, &v), HOST_ACT_START);
    r.dom = HOST_DOM_RUNNING;
    assert_int_equal(host_plan(&r, &v), HOST_ACT_NONE);
}

/* The same order as the actions, and the same word before a job, during it and while it is waited
 * for again. */
static void a_step_is_told_as_long_as_it_lasts(void **state)
{
    (void)state;
    static const struct {
        enum instance_step step;
        enum host_action action;
        int job_kind;
    } rows[] = {{STEP_IMAGE, HOST_ACT_BASE, 0},
                {STEP_DISK, HOST_ACT_ROOT, HOST_JOB_DISK_ROOT},
                {STEP_NETWORK, HOST_ACT_PORT, HOST_JOB_NET_PORT},
                {STEP_TURN, HOST_ACT_QUEUE, 0},
                {STEP_START, HOST_ACT_START, HOST_JOB_HV_START}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct host_record r = prepared(HOST_WANT_RUNNING, HOST_DOM_ABSENT);
        struct host_view v = view;
        v.has_base = i > 0;
        r.is_root_made = i > 1;
        r.port_sum = i > 2 ? view.port_sum : 0;
        v.has_turn = i > 3;
        assert_int_equal(host_plan(&r, &v), rows[i].action);
        assert_int_equal(host_plan_step(&r, &v), rows[i].step);
        r.next_ms = view.now_ms + 1; /* it failed, and is tried again */
        assert_int_equal(host_plan(&r, &v), HOST_ACT_NONE);
        assert_int_equal(host_plan_step(&r, &v), rows[i].step);
        r.job_id = 7;
        r.job_kind = rows[i].job_kind;
        v.has_turn = v.has_room = false; /* whatever else would come next */
        if (rows[i].job_kind != 0)
            assert_int_equal(host_plan_step(&r, &v), rows[i].step);
    }
}

/* Ordered, ended and not listed yet: it is still being started; afterwards the listing says. */
static void a_start_is_told_until_it_is_seen(void **state)
{
    (void)state;
    struct host_record r = prepared(HOST_WANT_RUNNING, HOST_DOM_UNLISTED);
    assert_int_equal(host_plan_step(&r, &view), STEP_NONE); /* nothing is known */
    r.job_kind = HOST_JOB_HV_START;
    assert_int_equal(host_plan_step(&r, &view), STEP_START);
    r.dom = HOST_DOM_RUNNING;
    assert_int_equal(host_plan_step(&r, &view), STEP_NONE);
    r.job_kind = HOST_JOB_HV_DESTROY;
    r.dom = HOST_DOM_UNLISTED;
    assert_int_equal(host_plan_step(&r, &view), STEP_NONE);
}

static void what_waits_says_for_what(void **state)
{
    (void)state;
    struct host_record r = prepared(HOST_WANT_RUNNING, HOST_DOM_ABSENT);
    struct host_view v = view;
    v.is_alone = false;
    assert_int_equal(host_plan_step(&r, &v), STEP_FORMER);
    v.may_start = false;
    assert_int_equal(host_plan_step(&r, &v), STEP_NEWS);
    v.has_room = false;
    assert_int_equal(host_plan_step(&r, &v), STEP_ROOM);
    assert_int_equal(host_plan(&r, &v), HOST_ACT_NONE);
    r.is_refused = true;
    assert_int_equal(host_plan_step(&r, &v), STEP_NONE);
}

static void a_percent_goes_in_tens(void **state)
{
    (void)state;
    static const struct {
        int64_t done, total, tens;
    } rows[] = {{0, 100, 0},     {9, 100, 0},     {10, 100, 10}, {99, 100, 90},
                {100, 100, 100}, {101, 100, 100}, {1, 3, 30},    {2, 3, 60},
                {-5, 100, 0},    {5, 0, 0},       {5, -1, 0},    {INT64_MAX, INT64_MAX, 100}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(host_record_tens(rows[i].done, rows[i].total), rows[i].tens);
    int64_t told = 0, last = 0;
    for (int64_t done = 0; done <= 1536; done++) {
        int64_t tens = host_record_tens(done << 20, (int64_t)1536 << 20);
        assert_true(tens >= last && tens <= 100);
        told += tens != last;
        last = tens;
    }
    assert_int_equal(told, 10); /* however many chunks there are */
}

static void an_end_goes_step_by_step(void **state)
{
    (void)state;
    struct host_record r = prepared(HOST_WANT_GONE, HOST_DOM_RUNNING);
    assert_int_equal(host_plan(&r, &view), HOST_ACT_ERASE);
    r.dom = HOST_DOM_UNLISTED;
    assert_int_equal(host_plan(&r, &view), HOST_ACT_NONE);
    r.dom = HOST_DOM_ABSENT;
    assert_int_equal(host_plan(&r, &view), HOST_ACT_UNPORT);
    r.has_port = false;
    assert_int_equal(host_plan(&r, &view), HOST_ACT_UNDISK);
    r.has_root = false;
    assert_int_equal(host_plan(&r, &view), HOST_ACT_GONE);
}

/* R7: a start whose outcome is unknown may have left a domain; an old listing says nothing of it.
 */
static void only_a_later_listing_says_that_there_is_none(void **state)
{
    (void)state;
    struct host_record r = prepared(HOST_WANT_GONE, HOST_DOM_UNLISTED);
    assert_true(host_record_may_have_domain(&r));
    r.dom = HOST_DOM_ABSENT;
    assert_false(host_record_may_have_domain(&r));
    r.job_id = 1; /* ordered since */
    assert_true(host_record_may_have_domain(&r));
    assert_int_equal(host_plan(&r, &view), HOST_ACT_NONE);
}

static void a_stop_becomes_a_destroy_at_its_deadline(void **state)
{
    (void)state;
    struct host_record r = prepared(HOST_WANT_STOPPED, HOST_DOM_RUNNING);
    assert_int_equal(host_plan(&r, &view), HOST_ACT_SHUTDOWN);
    r.stop_ms = view.now_ms - view.stop_ms + 1;
    r.is_asked = true;
    assert_int_equal(host_plan(&r, &view), HOST_ACT_NONE);
    r.stop_ms = view.now_ms - view.stop_ms;
    assert_int_equal(host_plan(&r, &view), HOST_ACT_DESTROY);
}

/* The order was written down, and a crash may have come before it was given. */
static void who_may_not_have_heard_is_asked_again(void **state)
{
    (void)state;
    struct host_record r = prepared(HOST_WANT_STOPPED, HOST_DOM_RUNNING);
    r.stop_ms = view.now_ms - 1000;
    assert_int_equal(host_plan(&r, &view), HOST_ACT_SHUTDOWN);
    r.want = HOST_WANT_RUNNING; /* it ends first */
    assert_int_equal(host_plan(&r, &view), HOST_ACT_SHUTDOWN);
    r.dom = HOST_DOM_STOPPING; /* it has heard */
    assert_int_equal(host_plan(&r, &view), HOST_ACT_NONE);
    r.dom = HOST_DOM_RUNNING;
    r.stop_ms = view.now_ms - view.stop_ms;
    assert_int_equal(host_plan(&r, &view), HOST_ACT_DESTROY);
}

/* A start that was wished while the guest still stops waits for its end, and then happens. */
static void a_start_during_a_stop_is_not_lost(void **state)
{
    (void)state;
    struct host_record r = prepared(HOST_WANT_RUNNING, HOST_DOM_STOPPING);
    r.stop_ms = view.now_ms - 1000;
    assert_int_equal(host_plan(&r, &view), HOST_ACT_NONE);
    r.dom = HOST_DOM_OFF;
    assert_int_equal(host_plan(&r, &view), HOST_ACT_START);
}

static void a_crash_is_mended_three_times(void **state)
{
    (void)state;
    struct host_record r = prepared(HOST_WANT_RUNNING, HOST_DOM_OFF);
    r.ever_ran = true;
    r.ran_generation = r.generation;
    r.why = OFF_CRASH;
    r.crash_ms = view.now_ms - 1000;
    for (r.crashes = 1; r.crashes <= 3; r.crashes++)
        assert_int_equal(host_plan(&r, &view), HOST_ACT_START);
    assert_int_equal(host_plan(&r, &view), HOST_ACT_CONSOLE);
    r.is_console_told = true;
    assert_int_equal(host_plan(&r, &view), HOST_ACT_NONE);
}

static void a_first_start_that_takes_too_long_is_refused(void **state)
{
    (void)state;
    struct host_record r = prepared(HOST_WANT_RUNNING, HOST_DOM_ABSENT);
    r.wished_ms = view.now_ms - view.start_ms - 1;
    assert_int_equal(host_plan(&r, &view), HOST_ACT_REFUSE);
    r.ever_ran = true; /* one that ran before is never given up for that */
    assert_int_equal(host_plan(&r, &view), HOST_ACT_START);
}

/* All is ready, others are being started: it waits, and its time with it. */
static void nothing_runs_out_in_the_queue(void **state)
{
    (void)state;
    struct host_record r = prepared(HOST_WANT_RUNNING, HOST_DOM_ABSENT);
    struct host_view v = view;
    v.has_turn = false;
    assert_int_equal(host_plan(&r, &v), HOST_ACT_QUEUE);
    r.is_queued = true;
    r.wished_ms = view.now_ms - view.start_ms - 1;
    assert_int_equal(host_plan(&r, &v), HOST_ACT_QUEUE);
    assert_int_equal(host_plan(&r, &view), HOST_ACT_START);
    r.is_queued = false; /* out of it, and its time goes on */
    r.waited_ms = 1;
    assert_int_equal(host_plan(&r, &view), HOST_ACT_START);
    r.waited_ms = 0;
    assert_int_equal(host_plan(&r, &view), HOST_ACT_REFUSE);
}

static void another_placement_of_it_ends_first(void **state)
{
    (void)state;
    struct host_record r = prepared(HOST_WANT_RUNNING, HOST_DOM_ABSENT);
    struct host_view v = view;
    v.is_alone = false;
    assert_int_equal(host_plan(&r, &v), HOST_ACT_NONE); /* R8 */
}

/* A guest whose disk had no room goes on when there is some, and not when somebody else paused it.
 */
static void a_paused_guest_goes_on_when_there_is_room(void **state)
{
    (void)state;
    struct host_record r = prepared(HOST_WANT_RUNNING, HOST_DOM_PAUSED);
    struct host_view v = view;
    assert_int_equal(host_plan(&r, &v), HOST_ACT_NONE);
    r.is_disk_error = true;
    assert_int_equal(host_plan(&r, &v), HOST_ACT_RESUME);
    r.resume_ms = v.now_ms + 1; /* it was just tried */
    assert_int_equal(host_plan(&r, &v), HOST_ACT_NONE);
    r.resume_ms = v.now_ms;
    v.has_room = false;
    assert_int_equal(host_plan(&r, &v), HOST_ACT_NONE);
    v.has_room = true;
    r.want = HOST_WANT_STOPPED;
    r.stop_ms = v.now_ms - 1000; /* it is to end: it cannot hear that before it goes on */
    assert_int_equal(host_plan(&r, &v), HOST_ACT_RESUME);
    r.want = HOST_WANT_RUNNING; /* and once more to run */
    assert_int_equal(host_plan(&r, &v), HOST_ACT_RESUME);
    r.dom = HOST_DOM_RUNNING;
    r.stop_ms = 0;
    assert_int_equal(host_plan(&r, &v), HOST_ACT_NONE);
}

static void a_reboot_is_done_once(void **state)
{
    (void)state;
    struct host_record r = prepared(HOST_WANT_RUNNING, HOST_DOM_RUNNING);
    r.reboot_n = 2;
    r.reboot_done = 1;
    assert_int_equal(host_plan(&r, &view), HOST_ACT_REBOOT);
    r.reboot_done = 2;
    assert_int_equal(host_plan(&r, &view), HOST_ACT_NONE);
}

/* What a guest wrote last is read once after its end, and before its log goes with its disk. */
static void last_words_are_read_once(void **state)
{
    (void)state;
    static const enum host_want wants[] = {HOST_WANT_STOPPED, HOST_WANT_GONE};
    for (size_t i = 0; i < 2; i++) {
        struct host_record r = prepared(wants[i], HOST_DOM_ABSENT);
        r.ever_ran = true;
        r.has_port = false;
        assert_int_equal(host_plan(&r, &view), HOST_ACT_CONSOLE);
        r.is_console_told = true;
        assert_int_equal(host_plan(&r, &view), i == 0 ? HOST_ACT_NONE : HOST_ACT_UNDISK);
        r.is_console_told = r.ever_ran = false; /* it never ran: nothing to read */
        assert_int_equal(host_plan(&r, &view), i == 0 ? HOST_ACT_NONE : HOST_ACT_UNDISK);
    }
    struct host_record r = prepared(HOST_WANT_STOPPED, HOST_DOM_RUNNING);
    r.ever_ran = true;
    assert_int_equal(host_plan(&r, &view), HOST_ACT_SHUTDOWN);
}

/* Nobody else gets a public address before this host is without it: it is given up also by what is
 * off, and one goes before another comes. */
static void a_public_address_is_given_up(void **state)
{
    (void)state;
    struct host_record r = prepared(HOST_WANT_STOPPED, HOST_DOM_OFF);
    struct host_view v = view;
    assert_int_equal(host_plan(&r, &v), HOST_ACT_NONE);
    r.public_address = 0xcb007107;
    assert_int_equal(host_plan(&r, &v), HOST_ACT_PORT);
    v.public_address = r.public_address;
    assert_int_equal(host_plan(&r, &v), HOST_ACT_NONE);
    r.want = HOST_WANT_RUNNING;
    r.is_refused = true;
    assert_int_equal(host_plan(&r, &v), HOST_ACT_NONE);
    v.public_address = 0xcb007108;
    assert_int_equal(host_plan(&r, &v), HOST_ACT_PORT);
    assert_int_equal(host_record_next_public(&r, 0xcb007108), 0);
    assert_int_equal(host_record_next_public(&r, 0xcb007107), 0xcb007107);
    r.public_address = 0;
    assert_int_equal(host_record_next_public(&r, 0xcb007108), 0xcb007108);
}

/* Any record, at a time near any of its own: until it is due, nothing about it changes. */
static struct host_record any_record(const struct rng *rng)
{
    struct host_record r = prepared((enum host_want)rng_below(rng, 3),
                                    (enum host_dom)(1 + rng_below(rng, 5)));
    r.is_root_made = rng_below(rng, 4) > 0;
    r.port_sum = rng_below(rng, 4) > 0 ? view.port_sum : 0;
    r.ever_ran = rng_below(rng, 2) == 0;
    r.is_console_told = rng_below(rng, 2) == 0;
    r.is_queued = rng_below(rng, 4) == 0;
    r.is_disk_error = rng_below(rng, 2) == 0;
    r.ran_generation = rng_below(rng, 2) == 0 ? r.generation : -1;
    r.why = (enum off_why)rng_below(rng, OFF_COUNT);
    r.crashes = (int64_t)rng_below(rng, 6);
    r.crash_ms = view.now_ms - (int64_t)rng_below(rng, 700000);
    r.wished_ms = view.now_ms - (int64_t)rng_below(rng, 70000);
    r.stop_ms = rng_below(rng, 2) == 0 ? view.now_ms - (int64_t)rng_below(rng, 100000) : 0;
    r.is_asked = rng_below(rng, 2) == 0;
    r.resume_ms = view.now_ms - 5000 + (int64_t)rng_below(rng, 10000);
    r.next_ms = view.now_ms - 5000 + (int64_t)rng_below(rng, 10000);
    return r;
}

static bool is_same(const struct host_record *r, int64_t one_ms, int64_t other_ms)
{
    struct host_view one = view, other = view;
    one.now_ms = one_ms;
    other.now_ms = other_ms;
    return host_plan(r, &one) == host_plan(r, &other) &&
           host_plan_step(r, &one) == host_plan_step(r, &other);
}

/* A record that is not marked is planned again when it is due, and not before. */
static void nothing_changes_before_it_is_due(void **state)
{
    (void)state;
    enum { ROUNDS = 20000 };
    struct rng_seeded seed = {.state = 11};
    struct rng rng = rng_seeded(&seed);
    int64_t changes = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct host_record r = any_record(&rng);
        int64_t due = host_plan_due_ms(&r, &view);
        assert_true(due > view.now_ms);
        if (due == INT64_MAX) {
            assert_true(is_same(&r, view.now_ms, INT64_MAX / 2));
            continue;
        }
        assert_true(is_same(&r, view.now_ms, due - 1));
        changes += !is_same(&r, due - 1, due);
    }
    assert_true(changes > ROUNDS / 10); /* and most often it was worth it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_keeps_the_rules),
        cmocka_unit_test(nothing_changes_before_it_is_due),
        cmocka_unit_test(a_start_goes_step_by_step),
        cmocka_unit_test(a_step_is_told_as_long_as_it_lasts),
        cmocka_unit_test(a_start_is_told_until_it_is_seen),
        cmocka_unit_test(what_waits_says_for_what),
        cmocka_unit_test(a_percent_goes_in_tens),
        cmocka_unit_test(an_end_goes_step_by_step),
        cmocka_unit_test(only_a_later_listing_says_that_there_is_none),
        cmocka_unit_test(a_stop_becomes_a_destroy_at_its_deadline),
        cmocka_unit_test(who_may_not_have_heard_is_asked_again),
        cmocka_unit_test(a_start_during_a_stop_is_not_lost),
        cmocka_unit_test(a_crash_is_mended_three_times),
        cmocka_unit_test(a_first_start_that_takes_too_long_is_refused),
        cmocka_unit_test(nothing_runs_out_in_the_queue),
        cmocka_unit_test(another_placement_of_it_ends_first),
        cmocka_unit_test(last_words_are_read_once),
        cmocka_unit_test(a_paused_guest_goes_on_when_there_is_room),
        cmocka_unit_test(a_reboot_is_done_once),
        cmocka_unit_test(a_public_address_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
