/* The rows of RELIABILITY, "The HTTP gate", one by one: each is a request that two parsers could
 * read differently, or one that must pass. */
#include "proto/http/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
/* cmocka last: it wants the four above */
#include <cmocka.h>

struct row {
    const char *what;
    const char *method, *target, *version;
    struct gate_header headers[4];
    size_t headers_len;
    int status;
    int64_t length;
};

#define H(name, value)                                 \
    {                                                  \
        name, sizeof name - 1, value, sizeof value - 1 \
    }
#define HOST H("Host", "a")
#define GET  "GET", "/", "HTTP/1.1"

static const struct row rows[] = {
    {"plain", GET, {HOST}, 1, 0, 0},
    {"old version", "GET", "/", "HTTP/1.0", {HOST}, 1, 0, 0},
    {"length", "POST", "/", "HTTP/1.1", {HOST, H("content-length", "12")}, 2, 0, 12},
    {"chunked", "PUT", "/b/k", "HTTP/1.1", {HOST, H("Transfer-Encoding", "Chunked")}, 2, 0, -1},
    {"escapes stay", "GET", "/a%2fb%00?x=%20", "HTTP/1.1", {HOST}, 1, 0, 0},
    {"metadata above ascii", GET, {HOST, H("x-amz-meta-n", "\xc3\xa4\tb")}, 2, 0, 0},
    {"continue", "PUT", "/", "HTTP/1.1", {HOST, H("Expect", "100-continue")}, 2, 0, 0},

    {"no host", GET, {H("Accept", "x")}, 1, 400, 0},
    {"empty host", GET, {H("Host", "")}, 1, 400, 0},
    {"a path in the host", GET, {H("Host", "a/b")}, 1, 400, 0},
    {"a user in the host", GET, {H("Host", "u@a")}, 1, 400, 0},
    {"two hosts in one", GET, {H("Host", "a,b")}, 1, 400, 0},
    {"NUL in the host", GET, {H("Host", "a\0b")}, 1, 400, 0},
    {"a port", GET, {H("Host", "a-b_c.d:8773")}, 1, 0, 0},
    {"an address", GET, {H("Host", "[2001:db8::1]:8773")}, 1, 0, 0},
    {"two hosts", GET, {HOST, H("host", "a")}, 2, 400, 0},
    {"two equal lengths",
     "POST",
     "/",
     "HTTP/1.1",
     {HOST, H("Content-Length", "3"), H("Content-Length", "3")},
     3,
     400,
     0},
    {"length and coding",
     "POST",
     "/",
     "HTTP/1.1",
     {HOST, H("Content-Length", "3"), H("Transfer-Encoding", "chunked")},
     3,
     400,
     0},
    {"two codings",
     "POST",
     "/",
     "HTTP/1.1",
     {HOST, H("Transfer-Encoding", "chunked"), H("Transfer-Encoding", "chunked")},
     3,
     400,
     0},
    {"identity", "POST", "/", "HTTP/1.1", {HOST, H("Transfer-Encoding", "identity")}, 2, 400, 0},
    {"gzip, chunked",
     "POST",
     "/",
     "HTTP/1.1",
     {HOST, H("Transfer-Encoding", "gzip, chunked")},
     2,
     400,
     0},
    {"coding with a tail",
     "POST",
     "/",
     "HTTP/1.1",
     {HOST, H("Transfer-Encoding", "chunked\0x")},
     2,
     400,
     0},
    {"coding in 1.0",
     "POST",
     "/",
     "HTTP/1.0",
     {HOST, H("Transfer-Encoding", "chunked")},
     2,
     400,
     0},
    {"two signatures", GET, {HOST, H("Authorization", "a"), H("authorization", "b")}, 3, 400, 0},
    {"two dates", GET, {HOST, H("X-Amz-Date", "a"), H("x-amz-date", "a")}, 3, 400, 0},
    {"blank in a name", "POST", "/", "HTTP/1.1", {HOST, H("Content-Length ", "3")}, 2, 400, 0},
    {"tab in a name", GET, {HOST, H("a\tb", "3")}, 2, 400, 0},
    {"NUL in a name", GET, {HOST, H("a\0b", "3")}, 2, 400, 0},
    {"empty name", GET, {HOST, H("", "3")}, 2, 400, 0},
    {"colon in a name", GET, {HOST, H("a:b", "3")}, 2, 400, 0},
    {"CR in a value", GET, {HOST, H("a", "b\rc")}, 2, 400, 0},
    {"LF in a value", GET, {HOST, H("a", "b\nc: d")}, 2, 400, 0},
    {"NUL in a value", GET, {HOST, H("a", "b\0c")}, 2, 400, 0},
    {"DEL in a value", GET, {HOST, H("a", "b\x7f")}, 2, 400, 0},
    {"length with a sign", "POST", "/", "HTTP/1.1", {HOST, H("Content-Length", "+3")}, 2, 400, 0},
    {"length in hex", "POST", "/", "HTTP/1.1", {HOST, H("Content-Length", "0x3")}, 2, 400, 0},
    {"two numbers", "POST", "/", "HTTP/1.1", {HOST, H("Content-Length", "1 2")}, 2, 400, 0},
    {"empty length", "POST", "/", "HTTP/1.1", {HOST, H("Content-Length", "")}, 2, 400, 0},
    {"huge length",
     "POST",
     "/",
     "HTTP/1.1",
     {HOST, H("Content-Length", "99999999999999999999")},
     2,
     400,
     0},
    {"other expectation", "PUT", "/", "HTTP/1.1", {HOST, H("Expect", "a cat")}, 2, 417, 0},
    {"blank in the target", "GET", "/a b", "HTTP/1.1", {HOST}, 1, 400, 0},
    {"byte above ascii in the target", "GET", "/\xc3\xa4", "HTTP/1.1", {HOST}, 1, 400, 0},
    {"fragment", "GET", "/a#b", "HTTP/1.1", {HOST}, 1, 400, 0},
    {"absolute form", "GET", "http://a/", "HTTP/1.1", {HOST}, 1, 400, 0},
    {"star", "OPTIONS", "*", "HTTP/1.1", {HOST}, 1, 400, 0},
    {"no target", "GET", "", "HTTP/1.1", {HOST}, 1, 400, 0},
    {"tunnel", "CONNECT", "/", "HTTP/1.1", {HOST}, 1, 501, 0},
    {"trace", "TRACE", "/", "HTTP/1.1", {HOST}, 1, 501, 0},
    {"odd method", "get", "/", "HTTP/1.1", {HOST}, 1, 501, 0},
    {"HTTP/2", "GET", "/", "HTTP/2.0", {HOST}, 1, 505, 0},
    {"no version", "GET", "/", "", {HOST}, 1, 505, 0},
};

static void judges_each_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        const struct gate_verdict v = gate_judge(
            &(struct gate_request){r->method, r->target, r->version, r->headers, r->headers_len});
        if (v.status != r->status || v.length != r->length)
            print_error("row: %s (%s)\n", r->what, v.reason);
        assert_int_equal(v.status, r->status);
        assert_int_equal(v.length, r->length);
        assert_true(v.status == 0 || strlen(v.reason) > 0);
    }
}

static void bounds_headers_and_target(void **state)
{
    static char target[GATE_TARGET_MAX + 2];
    static struct gate_header many[GATE_HEADERS_MAX + 1];
    const struct gate_header host = HOST, other = H("a", "b");
    (void)state;
    memset(target, 'a', sizeof target - 1);
    target[0] = '/';
    many[0] = host;
    for (size_t i = 1; i <= GATE_HEADERS_MAX; i++)
        many[i] = other;
    struct gate_request r = {"GET", target, "HTTP/1.1", many, 1};
    assert_int_equal(gate_judge(&r).status, 414);
    r.target = "/";
    r.headers_len = GATE_HEADERS_MAX;
    assert_int_equal(gate_judge(&r).status, 0);
    r.headers_len++;
    assert_int_equal(gate_judge(&r).status, 431);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_each_row),
        cmocka_unit_test(bounds_headers_and_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
