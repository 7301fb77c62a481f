/* The server over plain HTTP: a request becomes an event and its answer goes out after COMMIT;
 * what must not reach the core does not. */
#include "tests/unit/http_rig.h"

#include "base/check.h"
#include "proto/http/acceptor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
/* cmocka last: it wants the four above */
#include <cmocka.h>

enum { BODY_MAX = 1000 };

struct script {
    uint16_t tcp_port;
    const char *text;
    char *answer;
};

static void talk(void *arg)
{
    struct script *s = arg;
    s->answer = rig_talk(s->tcp_port, s->text);
}

static uint16_t listen_plain(struct rig *rig)
{
    const struct http_listen listen = {
        .address = "127.0.0.1",
        .body_max_bytes = BODY_MAX,
        .limits = {
            .header_ms = 100, .body_window_ms = 100, .body_window_bytes = 10, .sweep_ms = 20}};
    struct err err = {0};
    size_t at = 99;
    INV(http_server_listen(rig->server, &listen, &at, &err) == ERR_OK && at == 0);
    return http_server_tcp_port(rig->server, at);
}

/* Sends `text`; gives the answer and how many rows the core wrote. */
static char *ask(const char *text, int64_t *rows, unsigned *ticks)
{
    struct rig rig;
    rig_init(&rig, NULL);
    struct script s = {.tcp_port = listen_plain(&rig), .text = text};
    rig_run_beside(&rig, talk, &s);
    *rows = rig_rows(&rig);
    *ticks = rig.ticks;
    rig_fini(&rig);
    return s.answer;
}

static void expect(const char *text, const char *status, const char *inside, int64_t want_rows)
{
    int64_t rows;
    unsigned ticks;
    char *answer = ask(text, &rows, &ticks);
    if (strncmp(answer, status, strlen(status)) != 0 || strstr(answer, inside) == NULL)
        print_error("asked: %s\ngot: %s\n", text, answer);
    assert_int_equal(strncmp(answer, status, strlen(status)), 0);
    assert_non_null(strstr(answer, inside));
    assert_int_equal(rows, want_rows);
    free(answer);
}

#define TO_POST           \
    "POST / HTTP/1.1\r\n" \
    "Host: a\r\n"
#define END "Host: a\r\nConnection: close\r\n\r\n"

static void answers(void **state)
{
    (void)state;
    expect("GET /a?b=%2F HTTP/1.1\r\n" END, "HTTP/1.1 200", "GET /a?b=%2F  ", 1);
    expect("GET /a HTTP/1.1\r\n" END, "HTTP/1.1 200", "x-request-id: ", 1);
    expect("GET /a HTTP/1.1\r\n" END, "HTTP/1.1 200", "x-amzn-requestid: ", 1);
    expect("POST /a HTTP/1.1\r\nContent-Length: 3\r\n" END "xyz", "HTTP/1.1 200", "POST /a  xyz",
           1);
    expect("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END "3\r\nxyz\r\n0\r\n\r\n",
           "HTTP/1.1 200", "POST /a  xyz", 1);
    expect("HEAD /a HTTP/1.1\r\n" END, "HTTP/1.1 200", "\r\n\r\n", 1);
}

static void keeps_a_connection(void **state)
{
    (void)state;
    expect("GET /one HTTP/1.1\r\nHost: a\r\n\r\nGET /two HTTP/1.1\r\n" END, "HTTP/1.1 200",
           "GET /two", 2);
}

static void answers_a_failure_without_its_row(void **state)
{
    (void)state;
    expect("GET /fail HTTP/1.1\r\n" END, "HTTP/1.1 403", "no", 0);
}

static void answers_a_held_request_later(void **state)
{
    int64_t rows;
    unsigned ticks;
    (void)state;
    char *answer = ask("GET /held HTTP/1.1\r\n" END, &rows, &ticks);
    assert_non_null(strstr(answer, "late"));
    assert_int_equal(ticks, 1);
    free(answer);
}

/* Each part comes in its own time, and nothing is held when the last has been said. */
static void answers_part_by_part(void **state)
{
    int64_t rows;
    unsigned ticks;
    (void)state;
    char *answer = ask("GET /stream HTTP/1.1\r\n" END, &rows, &ticks);
    const char *one = strstr(answer, "4\r\none,\r\n"), *two = strstr(answer, "4\r\ntwo,\r\n");
    const char *three = strstr(answer, "5\r\nthree\r\n0\r\n");
    assert_non_null(strstr(answer, "Transfer-Encoding: chunked"));
    assert_true(one != NULL && two > one && three > two);
    assert_int_equal(ticks, 2);
    free(answer);
    answer = ask("GET /stream HTTP/1.0\r\n" END, &rows, &ticks);
    assert_non_null(strstr(answer, "\r\n\r\none,two,three"));
    free(answer);
}

/* Reads nothing until the server holds nobody else any more. */
static void wait_for_cut(void *arg)
{
    struct script *s = arg;
    const char text[] = "GET /flood HTTP/1.1\r\nHost: a\r\n\r\n";
    int fd = rig_connect(s->tcp_port);
    char begun;
    assert_int_equal(send(fd, text, sizeof text - 1, 0), sizeof text - 1);
    assert_int_equal(recv(fd, &begun, 1, MSG_PEEK), 1);
    while (s->answer == NULL || strstr(s->answer, "held 1.") == NULL) {
        free(s->answer);
        s->answer = rig_talk(s->tcp_port, s->text);
    }
    close(fd);
}

/* What waits for one that does not read is bounded, and others are served. */
static void cuts_who_does_not_read(void **state)
{
    struct rig rig;
    (void)state;
    rig_init(&rig, NULL);
    struct script s = {.tcp_port = listen_plain(&rig), .text = "GET /count HTTP/1.1\r\n" END};
    rig_run_beside(&rig, wait_for_cut, &s);
    assert_true(rig.more > 1 && rig.more < 1000);
    rig_fini(&rig);
    free(s.answer);
}

/* An answer that is open when the daemon ends, ends with it. */
static void ends_what_is_open(void **state)
{
    struct rig rig;
    (void)state;
    rig_init(&rig, NULL);
    uint16_t tcp_port = listen_plain(&rig);
    int fd = rig_connect(tcp_port);
    const char text[] = "GET /flood HTTP/1.0\r\nHost: a\r\n\r\n";
    assert_int_equal(send(fd, text, sizeof text - 1, 0), sizeof text - 1);
    struct script s = {.tcp_port = tcp_port, .text = "GET /a HTTP/1.1\r\n" END};
    rig_run_beside(&rig, talk, &s);
    assert_int_equal(http_server_held(rig.server), 1);
    rig_fini(&rig);
    char *answer = rig_read_all(fd);
    assert_int_equal(strncmp(answer, "HTTP/1.1 200", 12), 0);
    close(fd);
    free(answer);
    free(s.answer);
}

static void tells_a_waiting_request_of_the_end(void **state)
{
    struct rig rig;
    (void)state;
    rig_init(&rig, NULL);
    uint16_t tcp_port = listen_plain(&rig);
    int fd = rig_connect(tcp_port);
    const char text[] = "GET /never HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_int_equal(send(fd, text, sizeof text - 1, 0), sizeof text - 1);
    /* another one, whose answer shows that the first has long been taken */
    struct script s = {.tcp_port = tcp_port, .text = "GET /a HTTP/1.1\r\n" END};
    rig_run_beside(&rig, talk, &s);
    assert_int_equal(rig_rows(&rig), 2);
    assert_int_equal(http_server_held(rig.server), 1);
    rig_fini(&rig);
    char *answer = rig_read_all(fd);
    assert_int_equal(strncmp(answer, "HTTP/1.1 503", 12), 0);
    close(fd);
    free(answer);
    free(s.answer);
}

/* Must 10. */
static void refuses_a_header_with_a_line_end(void **state)
{
    int64_t rows;
    unsigned ticks;
    (void)state;
    char *answer = ask("GET /header HTTP/1.1\r\n" END, &rows, &ticks);
    assert_int_equal(strncmp(answer, "HTTP/1.1 500", 12), 0);
    assert_null(strstr(answer, "Set-Cookie"));
    free(answer);
}

/* What follows a refused request is never executed: the connection is closed. */
static void refuses_at_the_gate(void **state)
{
    static const char *const refused[] = {
        TO_POST "Content-Length: 3\r\nContent-Length: 5\r\n\r\nxyz",
        TO_POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        TO_POST "Content-Length : 3\r\n\r\nxyz",
        TO_POST "Transfer-Encoding: identity\r\n\r\nxyz",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nx: a\rb\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        CLEANUP(buf_fini) struct buf text = {0};
        buf_printf(&text, "%sGET /second HTTP/1.1\r\n" END, refused[i]);
        expect(buf_str(&text), "HTTP/1.1 400", "", 0);
    }
}

/* The library itself closes without a word here. */
static void refuses_a_blank_in_the_target(void **state)
{
    (void)state;
    expect("GET /a b HTTP/1.1\r\nHost: a\r\n\r\nGET /second HTTP/1.1\r\n" END, "", "", 0);
}

/* The answer comes although not a byte of the body does. */
static void refuses_a_large_body_before_it_comes(void **state)
{
    (void)state;
    expect("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", "HTTP/1.1 413", "too large",
           0);
    expect("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n",
           "HTTP/1.1 413", "too large", 0);
}

static void lets_a_body_in_after_continue(void **state)
{
    (void)state;
    expect("PUT /a HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n" END "xy",
           "HTTP/1.1 100", "PUT /a  xy", 1);
}

static void refuses_a_large_chunked_body(void **state)
{
    CLEANUP(buf_fini) struct buf text = {0};
    (void)state;
    buf_text(&text, "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END);
    for (int i = 0; i < 11; i++)
        buf_printf(&text, "64\r\n%0100d\r\n", 0);
    buf_text(&text, "0\r\n\r\n");
    expect(buf_str(&text), "HTTP/1.1 413", "too large", 0);
}

/* Must 19: the limits are scaled to 100 ms; rig_talk gives up only after 3 s. */
static void sweeps_the_slow(void **state)
{
    static const char *const slow[] = {
        "",
        "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\nabc",
    };
    (void)state;
    for (size_t i = 0; i < sizeof slow / sizeof *slow; i++) {
        const struct clock clock = clock_system();
        int64_t rows, began_ms = clock.read(clock.self).mono_ms;
        unsigned ticks;
        char *answer = ask(slow[i], &rows, &ticks);
        assert_string_equal(answer, "");
        assert_int_equal(rows, 0);
        assert_in_range(clock.read(clock.self).mono_ms - began_ms, 80, 2500);
        free(answer);
    }
}

/* ARCHITECTURE 8. */
static void listens_plain_on_loopback_only(void **state)
{
    struct rig rig;
    struct err err = {0};
    size_t at;
    (void)state;
    rig_init(&rig, NULL);
    const char *const others[] = {"0.0.0.0", "::", "192.0.2.1", "128.0.0.1", "localhost", ""};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const struct http_listen listen = {.address = others[i]};
        assert_int_equal(http_server_listen(rig.server, &listen, &at, &err), ERR_CONFIG);
    }
    assert_true(http_address_is_loopback("127.9.9.9"));
    assert_true(http_address_is_loopback("::1"));
    rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(keeps_a_connection),
        cmocka_unit_test(answers_a_failure_without_its_row),
        cmocka_unit_test(answers_a_held_request_later),
        cmocka_unit_test(answers_part_by_part),
        cmocka_unit_test(cuts_who_does_not_read),
        cmocka_unit_test(ends_what_is_open),
        cmocka_unit_test(tells_a_waiting_request_of_the_end),
        cmocka_unit_test(refuses_a_header_with_a_line_end),
        cmocka_unit_test(refuses_at_the_gate),
        cmocka_unit_test(refuses_a_blank_in_the_target),
        cmocka_unit_test(refuses_a_large_body_before_it_comes),
        cmocka_unit_test(lets_a_body_in_after_continue),
        cmocka_unit_test(refuses_a_large_chunked_body),
        cmocka_unit_test(sweeps_the_slow),
        cmocka_unit_test(listens_plain_on_loopback_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
