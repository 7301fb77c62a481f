/* The strict shape of requests: each stream is fed whole and byte by byte, and must come to the
 * same word at the same byte. */
#include "proto/http/framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
/* cmocka last: it wants the four above */
#include <cmocka.h>

struct row {
    const char *what;
    const char *text;
    size_t len, good; /* good == len: well formed */
};

#define FINE(what, text)                             \
    {                                                \
        what, text, sizeof text - 1, sizeof text - 1 \
    }
#define BAD(what, before, text)                                      \
    {                                                                \
        what, before text, sizeof before text - 1, sizeof before - 1 \
    }
#define GET     "GET / HTTP/1.1\r\n"
#define CHUNKED "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"

static const struct row rows[] = {
    FINE("one", GET "Host: a\r\n\r\n"),
    FINE("no headers", GET "\r\n"),
    FINE("two", GET "Host: a\r\n\r\n" GET "Host:b\r\n\r\n"),
    FINE("old", "GET /a?b=c%20 HTTP/1.0\r\n\r\n"),
    FINE("length", "POST / HTTP/1.1\r\nContent-Length:  5 \t\r\n\r\n\0\r\n\n\r" GET "\r\n"),
    FINE("no length", "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n" GET "\r\n"),
    FINE("chunks", CHUNKED "3\r\na\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n" GET "\r\n"),
    FINE("trailers", CHUNKED "0\r\nx-amz-a: b\r\nContent-Length: 9\r\n\r\n" GET "\r\n"),
    FINE("empty value", GET "a:\r\n\r\n"),
    FINE("long value", GET "a: 0123456789012345678901234567890123456789\r\n\r\n"),
    FINE("bytes above ascii", GET "a: \xc3\xa4\r\n\r\n"),

    BAD("empty line first", "", "\r\nGET / HTTP/1.1\r\n\r\n"),
    BAD("binary", "", "\x16\x03\x01"),
    BAD("no target", "GET ", " HTTP/1.1\r\n"),
    BAD("doubled blank", "GET ", " / HTTP/1.1\r\n"),
    BAD("blank in the target", "GET /a b", " HTTP/1.1\r\n"),
    BAD("tab in the line", "GET", "\t/ HTTP/1.1\r\n"),
    BAD("byte above ascii in the target", "GET /", "\xc3\xa4 HTTP/1.1\r\n"),
    BAD("bare LF after the line", "GET / HTTP/1.1", "\nHost: a\r\n\r\n"),
    BAD("other version", "GET / HTTP/1.2", "\r\n"),
    BAD("trailing blank", "GET / HTTP/1.1", " \r\n"),
    BAD("bare CR after the line", "GET / HTTP/1.1\r", "X"),
    BAD("folded header", GET "a: b\r\n", " c\r\n\r\n"),
    BAD("folded by a tab", GET "a: b\r\n", "\tc\r\n\r\n"),
    BAD("blank before the colon", GET "Content-Length", " : 3\r\n\r\n"),
    BAD("no colon", GET "abc", "\r\n\r\n"),
    BAD("no name", GET, ": b\r\n\r\n"),
    BAD("bare LF after a header", GET "a: b", "\n\r\n"),
    BAD("bare LF ends the head", GET "a: b\r\n", "\n"),
    BAD("CR in a value", GET "a: b\r", "c\r\n"),
    BAD("NUL in a value", GET "a: b", "\0c\r\n"),
    BAD("two lengths", "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3", "\r\n"),
    BAD("length and coding", "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked",
        "\r\n"),
    BAD("coding and length", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\ncontent-length: 3",
        "\r\n"),
    BAD("two codings",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "\r\n"),
    BAD("other coding", "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked", "\r\n"),
    BAD("long coding", "POST / HTTP/1.1\r\nTransfer-Encoding: chunkedchunkedchunkedchunked",
        "\r\n"),
    BAD("length with a sign", "POST / HTTP/1.1\r\nContent-Length: +3", "\r\n"),
    BAD("huge length", "POST / HTTP/1.1\r\nContent-Length: 9999999999999999999", "\r\n"),
    BAD("empty length", "POST / HTTP/1.1\r\nContent-Length:", "\r\n"),
    BAD("chunk of no size", CHUNKED, "\r\n"),
    BAD("chunk in 0x", CHUNKED "0", "x3\r\n"),
    BAD("chunk with a blank", CHUNKED "3", " \r\n"),
    BAD("chunk with an extension", CHUNKED "3", ";a=b\r\n"),
    BAD("chunk too large", CHUNKED "fffffffffffffff", "f\r\n"),
    BAD("chunk size ends with LF", CHUNKED "3", "\nabc"),
    BAD("chunk ends with LF", CHUNKED "3\r\nabc", "\n0\r\n\r\n"),
    BAD("chunk longer than it said", CHUNKED "3\r\nabc", "d\r\n"),
    BAD("folded trailer", CHUNKED "0\r\n", " a: b\r\n"),
};

static void reads_each_stream_in_one_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        struct framing whole = {0}, bytes = {0};
        size_t good, total = 0;
        const char *reason = framing_feed(&whole, r->text, r->len, &good);
        if (good != r->good || (reason == NULL) != (r->good == r->len))
            print_error("row: %s: good %zu of %zu (%s)\n", r->what, good, r->len,
                        reason != NULL ? reason : "fine");
        assert_int_equal(good, r->good);
        assert_int_equal(reason == NULL, r->good == r->len);
        for (size_t at = 0; at < r->len; at++) {
            size_t one;
            framing_feed(&bytes, r->text + at, 1, &one);
            total += one;
        }
        assert_int_equal(total, r->good);
        assert_ptr_equal(bytes.reason, whole.reason);
        assert_int_equal(bytes.state, whole.state);
    }
}

static void stays_bad(void **state)
{
    struct framing f = {0};
    size_t good;
    (void)state;
    assert_non_null(framing_feed(&f, "\n", 1, &good));
    assert_non_null(framing_feed(&f, GET "\r\n", sizeof GET + 1, &good));
    assert_int_equal(good, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_stream_in_one_way),
        cmocka_unit_test(stays_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
