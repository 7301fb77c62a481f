/* When a connection has dawdled long enough: each phase at both sides of its limit. */
#include "proto/http/sweeper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
/* cmocka last: it wants the four above */
#include <cmocka.h>

static struct http_limits limits;

static bool due(enum http_phase phase, int64_t size, int64_t moved, int64_t after_ms)
{
    struct http_conn conn = {
        .phase = phase, .since_ms = 1000, .size = size, .moved = moved, .window_ms = 1000};
    return http_conn_is_due(&conn, &limits, 1000 + after_ms);
}

static void limits_each_phase(void **state)
{
    (void)state;
    assert_false(due(HTTP_PHASE_HEADERS, 0, 0, 5000));
    assert_true(due(HTTP_PHASE_HEADERS, 0, 0, 5001));
    assert_false(due(HTTP_PHASE_IDLE, 0, 0, 120000));
    assert_true(due(HTTP_PHASE_IDLE, 0, 0, 120001));
    assert_false(due(HTTP_PHASE_BODY, 5000, 0, 20000));
    assert_true(due(HTTP_PHASE_BODY, 5000, 1023, 20001));
    assert_false(due(HTTP_PHASE_BODY, 5000, 1024, 20001));
    assert_false(due(HTTP_PHASE_HELD, 0, 0, INT64_MAX / 2));
}

/* 10 min + size / 8 KiB/s, for the body and again for the answer. */
static void limits_the_whole(void **state)
{
    (void)state;
    assert_false(due(HTTP_PHASE_ANSWER, 0, 0, 600000));
    assert_true(due(HTTP_PHASE_ANSWER, 0, 0, 600001));
    assert_false(due(HTTP_PHASE_ANSWER, 81920, 0, 610000));
    assert_true(due(HTTP_PHASE_ANSWER, 81920, 0, 610001));
    assert_true(due(HTTP_PHASE_BODY, 81920, 1 << 20, 600000 + 129000));
    assert_false(due(HTTP_PHASE_BODY, 0, 1 << 20, 600000 + 128000)); /* chunked: what came */
}

/* A trickle just above nothing is noticed in the second window, not forgiven for the first. */
static void moves_the_window_on(void **state)
{
    struct http_conn conn = {.phase = HTTP_PHASE_BODY, .size = 1 << 20};
    (void)state;
    conn.moved = 4096;
    assert_false(http_conn_is_due(&conn, &limits, 20001));
    conn.moved += 1023;
    assert_false(http_conn_is_due(&conn, &limits, 40001));
    assert_true(http_conn_is_due(&conn, &limits, 40002));
}

/* While we keep a body waiting its clock stands, and only then. */
static void stops_the_clock_while_held(void **state)
{
    struct http_sweeper sweeper;
    struct http_peer peer = {.remote = "test"};
    int pair[2];
    char byte;
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    http_sweeper_init(&sweeper, &limits, 100);
    http_sweeper_expect(&sweeper, pair[0], &peer);
    struct http_conn *conn = http_sweeper_begin(&sweeper, pair[0], 0);
    http_sweeper_phase(&sweeper, conn, HTTP_PHASE_BODY, 5000, 0);
    http_sweeper_hold(&sweeper, conn, 10000);
    assert_int_equal(http_sweeper_run(&sweeper, 900000), 0);
    http_sweeper_release(&sweeper, conn, 900000);
    http_sweeper_release(&sweeper, conn, 950000); /* not held: nothing */
    assert_int_equal(http_sweeper_run(&sweeper, 910000), 0);
    assert_int_equal(http_sweeper_run(&sweeper, 910001), 1);
    assert_int_equal(http_sweeper_run(&sweeper, 910002), 0); /* once */
    assert_int_equal(recv(pair[1], &byte, 1, 0), 0);
    http_sweeper_end(&sweeper, conn);
    assert_int_equal(http_sweeper_len(&sweeper), 0);
    http_sweeper_fini(&sweeper);
    close(pair[0]);
    close(pair[1]);
}

/* Who said that nothing more comes, together with a request, is not kept for two minutes. */
static void ends_who_has_ended(void **state)
{
    struct http_sweeper sweeper;
    struct http_peer peer = {.remote = "test"};
    int pair[2];
    char byte;
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    http_sweeper_init(&sweeper, &limits, 100);
    http_sweeper_expect(&sweeper, pair[0], &peer);
    struct http_conn *conn = http_sweeper_begin(&sweeper, pair[0], 0);
    shutdown(pair[1], SHUT_WR);
    http_sweeper_phase(&sweeper, conn, HTTP_PHASE_ANSWER, 10, 0);
    http_sweeper_run(&sweeper, 1000);
    assert_int_equal(recv(pair[1], &byte, 1, MSG_DONTWAIT), -1); /* it has its answer to hear yet */
    http_sweeper_phase(&sweeper, conn, HTTP_PHASE_IDLE, 0, 1000);
    assert_int_equal(http_sweeper_run(&sweeper, 2000), 0); /* it did not dawdle */
    assert_int_equal(recv(pair[1], &byte, 1, MSG_DONTWAIT), 0);
    http_sweeper_end(&sweeper, conn);
    http_sweeper_fini(&sweeper);
    close(pair[0]);
    close(pair[1]);
}

/* A listener that is full cuts who has been idle the longest, and nobody who is at work. */
static void makes_room_among_the_idle(void **state)
{
    enum { N = 4 };
    static const enum http_phase phases[N] = {HTTP_PHASE_ANSWER, HTTP_PHASE_IDLE, HTTP_PHASE_IDLE,
                                              HTTP_PHASE_HEADERS};
    struct http_sweeper sweeper;
    struct http_peer peer = {.remote = "test"};
    struct http_conn *conns[N];
    int pairs[N][2];
    (void)state;
    http_sweeper_init(&sweeper, &limits, 100);
    for (int i = 0; i < N; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
        http_sweeper_expect(&sweeper, pairs[i][0], &peer);
        conns[i] = http_sweeper_begin(&sweeper, pairs[i][0], 0);
        http_sweeper_phase(&sweeper, conns[i], phases[i], 0, (int64_t)i * 2000);
    }
    assert_true(http_sweeper_has_room(&sweeper, N + 1));
    assert_false(http_sweeper_has_room(&sweeper, N));
    for (int i = 0; i < N; i++) {
        char byte;
        assert_int_equal(recv(pairs[i][1], &byte, 1, MSG_DONTWAIT),
                         phases[i] == HTTP_PHASE_IDLE ? 0 : -1);
    }
    assert_int_equal(http_sweeper_run(&sweeper, 6001), 2); /* is told of it */
    for (int i = 0; i < N; i++) {
        http_sweeper_end(&sweeper, conns[i]);
        close(pairs[i][0]);
        close(pairs[i][1]);
    }
    assert_true(http_sweeper_has_room(&sweeper, N));
    http_sweeper_fini(&sweeper);
}

/* Of more idle strangers than there is memory for the longest idle goes; who has shown a
 * certificate stays. */
static void bounds_idle_strangers(void **state)
{
    enum { N = 4 };
    static const char *const nodes[N] = {"h1", "", "", ""};
    struct http_sweeper sweeper;
    struct http_conn *conns[N];
    int pairs[N][2];
    (void)state;
    http_sweeper_init(&sweeper, &limits, 2);
    for (int i = 0; i < N; i++) {
        struct http_peer peer = {.remote = "test"};
        memcpy(peer.node, nodes[i], strlen(nodes[i]) + 1);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
        http_sweeper_expect(&sweeper, pairs[i][0], &peer);
        conns[i] = http_sweeper_begin(&sweeper, pairs[i][0], 0);
        http_sweeper_phase(&sweeper, conns[i], HTTP_PHASE_IDLE, 0, 0);
        if (i == 1) { /* at work in between: now it is the youngest but one */
            http_sweeper_phase(&sweeper, conns[i], HTTP_PHASE_HEADERS, 0, 0);
        } else if (i == 2) {
            http_sweeper_phase(&sweeper, conns[1], HTTP_PHASE_IDLE, 0, 0);
        }
    }
    for (int i = 0; i < N; i++) {
        char byte;
        assert_int_equal(recv(pairs[i][1], &byte, 1, MSG_DONTWAIT), i == 2 ? 0 : -1);
        http_sweeper_end(&sweeper, conns[i]);
        close(pairs[i][0]);
        close(pairs[i][1]);
    }
    http_sweeper_fini(&sweeper);
}

int main(void)
{
    const struct http_limits none = {0};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_each_phase),     cmocka_unit_test(limits_the_whole),
        cmocka_unit_test(moves_the_window_on),   cmocka_unit_test(stops_the_clock_while_held),
        cmocka_unit_test(ends_who_has_ended),    cmocka_unit_test(makes_room_among_the_idle),
        cmocka_unit_test(bounds_idle_strangers),
    };
    limits = http_limits_complete(&none);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
