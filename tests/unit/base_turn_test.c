/* The turn: one transaction, effects after it, failures alone, a loss for all (ARCHITECTURE 4). */
#include "tests/unit/unit.h"

#include "base/check.h"
#include "base/turn.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A core whose events do what their body says, letter by letter:
 *   w write a row   e emit an effect   F fill the disk   x fail   q look only */
struct toy {
    struct store *store;
    int64_t next;
    unsigned reloads, seals;
    bool fill_at_seal, write_at_seal;
    int64_t last_now_ms;
};

static const char *const migrations[] = {"CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB)"};
static const struct store_schema schema = {migrations, 1};

static void write_row(struct toy *toy)
{
    store_run(toy->store, "INSERT INTO t(id) VALUES(?)", "i", ++toy->next);
}

static void fill(struct toy *toy)
{
    static char bytes[3000];
    store_i64(toy->store, 0, "PRAGMA max_page_count=24", "");
    for (int i = 0; i < 100 && !store_is_lost(toy->store); i++)
        store_run(toy->store, "INSERT INTO t(b) VALUES(?)", "b", (const void *)bytes, sizeof bytes);
}

static enum err_code step(void *self, const struct event *ev, struct effects *out, struct err *err)
{
    struct toy *toy = self;
    toy->last_now_ms = ev->now_ms;
    for (const char *p = ev->request.body; *p != '\0'; p++) {
        if (*p == 'w')
            write_row(toy);
        else if (*p == 'e')
            effect_reply(out, ev->request.id, 200, "text/plain", "done", 4);
        else if (*p == 'F')
            fill(toy);
        else if (*p == 'q')
            assert_true(store_i64(toy->store, -1, "SELECT count(*) FROM t", "") >= 0);
        else if (*p == 'x')
            return err_set(err, ERR_DENIED, "as asked");
    }
    return ERR_OK;
}

static void fail_event(void *self, const struct event *ev, const struct err *err,
                       struct effects *out)
{
    (void)self;
    if (ev->kind == EVENT_REQUEST)
        effect_reply(out, ev->request.id, err_row(err->code)->http, "text/plain", err->text,
                     strlen(err->text));
}

static void seal(void *self, const struct event *at, struct effects *out)
{
    struct toy *toy = self;
    (void)at;
    (void)out;
    toy->seals++;
    if (toy->write_at_seal)
        write_row(toy);
    if (toy->fill_at_seal)
        fill(toy);
}

static void reload(void *self)
{
    ((struct toy *)self)->reloads++;
}

static int64_t wake_at(const void *self)
{
    (void)self;
    return INT64_MAX;
}

struct fixture {
    struct toy toy;
    struct turn turn;
    struct arena arena;
    struct effects out;
};

static void begin_run(struct fixture *f, int64_t mono_ms)
{
    struct core core = {&f->toy, step, fail_event, seal, reload, wake_at, NULL};
    turn_init(&f->turn, &core, f->toy.store, &(struct instant){.mono_ms = mono_ms});
}

static int set_up(void **state)
{
    static struct fixture f;
    struct err err = {0};
    f = (struct fixture){0};
    f.out.arena = &f.arena;
    *state = &f;
    if (store_open(&f.toy.store, ":memory:", &schema, &err) != ERR_OK)
        return -1;
    begin_run(&f, 1000);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    store_close(f->toy.store);
    arena_fini(&f->arena);
    return 0;
}

/* One turn of requests 1, 2, ... with these bodies. */
static enum turn_outcome run(struct fixture *f, int64_t mono_ms, const char *const *bodies,
                             size_t len)
{
    struct event events[8];
    assert_true(len <= 8);
    f->out = (struct effects){.arena = &f->arena};
    for (size_t i = 0; i < len; i++)
        events[i] = (struct event){.kind = EVENT_REQUEST,
                                   .at = {.mono_ms = mono_ms},
                                   .request = {.id = i + 1, .body = bodies[i]}};
    return turn_run(&f->turn, events, len, &f->out);
}

static int64_t rows(struct fixture *f)
{
    return store_i64(f->toy.store, -1, "SELECT count(*) FROM t", "");
}

static void expect_reply(const struct effect **e, uint64_t request_id, int status)
{
    assert_non_null(*e);
    assert_int_equal((*e)->kind, EFFECT_REPLY);
    assert_int_equal((*e)->reply.request_id, request_id);
    assert_int_equal((*e)->reply.status, status);
    *e = (*e)->next;
}

static void an_event_that_fails_is_rolled_back_alone(void **state)
{
    struct fixture *f = *state;
    const struct effect *e;
    assert_int_equal(run(f, 1001, (const char *[]){"we", "weewx", "we"}, 3), TURN_COMMITTED);
    assert_int_equal(rows(f), 2);
    e = f->out.first;
    expect_reply(&e, 1, 200);
    expect_reply(&e, 2, 403); /* what it had emitted before is dropped */
    expect_reply(&e, 3, 200);
    assert_null(e);
}

static void effects_keep_their_order(void **state)
{
    struct fixture *f = *state;
    const struct effect *e;
    assert_int_equal(run(f, 1001, (const char *[]){"ee", "x", "e", "x", "e"}, 5), TURN_COMMITTED);
    e = f->out.first;
    expect_reply(&e, 1, 200);
    expect_reply(&e, 1, 200);
    expect_reply(&e, 2, 403);
    expect_reply(&e, 3, 200);
    expect_reply(&e, 4, 403);
    expect_reply(&e, 5, 200);
    assert_null(e);
    assert_ptr_equal(f->out.last->next, NULL);
}

/* R1: nothing of a lost turn is done, and everybody who waits hears 503. */
static void a_lost_turn_answers_503_to_all_and_reloads(void **state)
{
    struct fixture *f = *state;
    const struct effect *e;
    assert_int_equal(run(f, 1001, (const char *[]){"we", "wFe", "we"}, 3), TURN_LOST);
    assert_true(f->toy.reloads >= 1);
    assert_int_equal(f->toy.seals, 0);
    assert_int_equal(rows(f), 0);
    e = f->out.first;
    for (uint64_t id = 1; id <= 3; id++)
        expect_reply(&e, id, 503);
    assert_null(e);
    /* and the next turn is an ordinary one */
    assert_int_equal(run(f, 1002, (const char *[]){"q"}, 1), TURN_COMMITTED);
}

/* After the loss sqlite is in autocommit: the rest of the event must not slip through. */
static void nothing_of_a_lost_turn_is_durable(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run(f, 1001, (const char *[]){"Fww", "w"}, 2), TURN_LOST);
    assert_int_equal(rows(f), 0);
}

/* PROTOCOL 8: with a full disk reads work, also where what is due cannot be written. */
static void who_reads_is_answered_though_the_turn_is_lost(void **state)
{
    struct fixture *f = *state;
    const struct effect *e;
    assert_int_equal(run(f, 1001, (const char *[]){"qe", "Fe", "we", "qe", "x"}, 5), TURN_LOST);
    e = f->out.first;
    expect_reply(&e, 1, 200);
    expect_reply(&e, 2, 503);
    expect_reply(&e, 3, 503);
    expect_reply(&e, 4, 200);
    expect_reply(&e, 5, 403);
    assert_null(e);
    assert_int_equal(rows(f), 0);
    assert_int_equal(f->toy.seals, 0);
    f->toy.fill_at_seal = true; /* what is due finds no room, turn after turn */
    assert_int_equal(run(f, 1002, (const char *[]){"qe", "e"}, 2), TURN_LOST);
    e = f->out.first;
    expect_reply(&e, 1, 200);
    expect_reply(&e, 2, 200);
    assert_null(e);
    assert_int_equal(rows(f), 0);
}

/* How often `what` stands in what was logged into `fd`. */
static int count_logged(int fd, const char *what)
{
    static char text[8192];
    int n = 0;
    text[pread(fd, text, sizeof text - 1, 0)] = '\0';
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

/* A full disk lasts, and who is refused asks again: the log must not fill what is left. */
static void losses_are_told_once_a_second_and_counted(void **state)
{
    struct fixture *f = *state;
    int log = memfd_create("log", MFD_CLOEXEC), saved = dup(STDERR_FILENO);
    assert_true(log >= 0 && dup2(log, STDERR_FILENO) >= 0);
    for (int64_t ms = 1000; ms < 3500; ms += 10) {
        run(f, ms, (const char *[]){"F"}, 1);
        run(f, ms, (const char *[]){"q"}, 1); /* shows nothing of the disk */
    }
    int lines = count_logged(log, "turn.lost"), counted = count_logged(log, " turns=100\n");
    store_i64(f->toy.store, 0, "PRAGMA max_page_count=1000", "");
    run(f, 3500, (const char *[]){"w"}, 1);
    run(f, 3501, (const char *[]){"w"}, 1);
    int kept = count_logged(log, "turn.kept"), rest = count_logged(log, "turn.kept lost=49\n");
    run(f, 3502, (const char *[]){"F"}, 1);
    int again = count_logged(log, "turn.lost");
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(log);
    assert_int_equal(lines, 3);
    assert_int_equal(counted, 2);
    assert_int_equal(kept, 1);
    assert_int_equal(rest, 1);
    assert_int_equal(again, 4); /* a new state is told at once */
}

static void a_loss_while_sealing_is_a_loss_of_the_turn(void **state)
{
    struct fixture *f = *state;
    const struct effect *e;
    f->toy.fill_at_seal = true;
    assert_int_equal(run(f, 5000, (const char *[]){"we", "we"}, 2), TURN_LOST);
    assert_true(f->toy.reloads >= 1);
    e = f->out.first;
    expect_reply(&e, 1, 503);
    expect_reply(&e, 2, 503);
    assert_null(e);
    assert_int_equal(rows(f), 0);
    /* nor is its time committed */
    assert_int_equal(store_i64(f->toy.store, 0, "SELECT now_ms FROM turn", ""), 0);
}

/* PROTOCOL 1: what is encoded is encoded last, once, and may write. */
static void sealing_is_once_a_turn_and_part_of_it(void **state)
{
    struct fixture *f = *state;
    f->toy.write_at_seal = true;
    assert_int_equal(run(f, 1001, (const char *[]){"e", "e", "x"}, 3), TURN_COMMITTED);
    assert_int_equal(f->toy.seals, 1);
    assert_int_equal(rows(f), 1);
}

static void a_turn_that_changes_nothing_writes_nothing(void **state)
{
    struct fixture *f = *state;
    int64_t before = store_i64(f->toy.store, 0, "SELECT total_changes()", "");
    assert_int_equal(run(f, 2000, (const char *[]){"qe", "q"}, 2), TURN_COMMITTED);
    assert_int_equal(store_i64(f->toy.store, 0, "SELECT total_changes()", ""), before);
    assert_int_equal(run(f, 2001, (const char *[]){"w"}, 1), TURN_COMMITTED);
    assert_true(store_i64(f->toy.store, 0, "SELECT total_changes()", "") > before);
}

/* PROTOCOL 5: the largest ever committed plus what passed since this start. */
static void now_never_goes_back_over_restarts(void **state)
{
    struct fixture *f = *state;
    run(f, 1000 + 700, (const char *[]){"w"}, 1);
    assert_int_equal(f->toy.last_now_ms, 700);
    begin_run(f, 5); /* the machine booted: its monotonic clock began anew */
    run(f, 5, (const char *[]){"w"}, 1);
    assert_int_equal(f->toy.last_now_ms, 700);
    run(f, 5 + 50, (const char *[]){"w"}, 1);
    assert_int_equal(f->toy.last_now_ms, 750);
    begin_run(f, 900000); /* downtime does not count */
    run(f, 900001, (const char *[]){"w"}, 1);
    assert_int_equal(f->toy.last_now_ms, 751);
    assert_int_equal(store_i64(f->toy.store, 0, "SELECT now_ms FROM turn", ""), 751);
}

static void every_event_hears_the_time_of_its_own_taking(void **state)
{
    struct fixture *f = *state;
    struct event events[2] = {
        {.kind = EVENT_REQUEST, .at = {.mono_ms = 1010}, .request = {.id = 1, .body = "w"}},
        {.kind = EVENT_REQUEST, .at = {.mono_ms = 1020}, .request = {.id = 2, .body = "w"}},
    };
    assert_int_equal(turn_run(&f->turn, events, 2, &f->out), TURN_COMMITTED);
    assert_int_equal(events[0].now_ms, 10);
    assert_int_equal(events[1].now_ms, 20);
}

#define TURN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TURN_TEST(an_event_that_fails_is_rolled_back_alone),
        TURN_TEST(effects_keep_their_order),
        TURN_TEST(a_lost_turn_answers_503_to_all_and_reloads),
        TURN_TEST(nothing_of_a_lost_turn_is_durable),
        TURN_TEST(who_reads_is_answered_though_the_turn_is_lost),
        TURN_TEST(losses_are_told_once_a_second_and_counted),
        TURN_TEST(a_loss_while_sealing_is_a_loss_of_the_turn),
        TURN_TEST(sealing_is_once_a_turn_and_part_of_it),
        TURN_TEST(a_turn_that_changes_nothing_writes_nothing),
        TURN_TEST(now_never_goes_back_over_restarts),
        TURN_TEST(every_event_hears_the_time_of_its_own_taking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
