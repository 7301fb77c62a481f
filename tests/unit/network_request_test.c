/* network_request_test.c - the metadata service's HTTP against hostile bytes (must 12). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/rng.h"
#include "computer-manager/model/metadata_request.h"

static int parse(struct metadata_request *r, const char *text)
{
    return metadata_request_parse(r, text, strlen(text));
}

static void a_plain_get_is_whole(void **state)
{
    (void)state;
    struct metadata_request r;
    assert_int_equal(parse(&r, "GET /latest/meta-data/ HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n"),
                     METADATA_WHOLE);
    assert_int_equal(r.method, METADATA_GET);
    assert_string_equal(r.path, "/latest/meta-data/");
    assert_false(r.has_token || r.has_ttl || r.forwarded);
    assert_int_equal(parse(&r, "HEAD / HTTP/1.0\r\n\r\n"), METADATA_WHOLE);
    assert_int_equal(r.method, METADATA_HEAD);
}

/* Header names in any case, blanks around values: what clients may do. */
static void a_token_request_is_read(void **state)
{
    (void)state;
    struct metadata_request r;
    assert_int_equal(parse(&r, "PUT /latest/api/token HTTP/1.1\r\n"
                               "x-AWS-ec2-metadata-token-TTL-seconds: \t 21600 \r\n"
                               "Content-Length: 0\r\nx-forwarded-for:\r\n\r\n"),
                     METADATA_WHOLE);
    assert_int_equal(r.method, METADATA_PUT);
    assert_int_equal(r.ttl_s, 21600);
    assert_true(r.has_ttl && r.forwarded);
    assert_int_equal(parse(&r, "GET /?a=b HTTP/1.1\r\nX-aws-ec2-metadata-token: abc\r\n\r\n"),
                     METADATA_WHOLE);
    assert_string_equal(r.token, "abc");
    assert_string_equal(r.path, "/");
}

static void a_bad_lifetime_is_no_number(void **state)
{
    (void)state;
    for (const char **p = (const char *[]){"", "x", "-1", "1x", "99999999999999999999", "0x10",
                                           "1 2", "+5", NULL};
         *p != NULL; p++) {
        CLEANUP(buf_fini) struct buf text = {0};
        struct metadata_request r;
        buf_printf(&text, "PUT / HTTP/1.1\r\nX-aws-ec2-metadata-token-ttl-seconds: %s\r\n\r\n", *p);
        assert_int_equal(parse(&r, text.data), METADATA_WHOLE);
        assert_true(r.has_ttl);
        assert_int_equal(r.ttl_s, -1);
    }
}

static void an_absurd_token_is_none_of_ours(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf text = {0};
    struct metadata_request r;
    buf_text(&text, "GET / HTTP/1.1\r\nX-aws-ec2-metadata-token: ");
    for (int i = 0; i < METADATA_TOKEN_SIZE; i++)
        buf_char(&text, 'a');
    buf_text(&text, "\r\n\r\n");
    assert_int_equal(parse(&r, text.data), METADATA_WHOLE);
    assert_true(r.has_token);
    assert_string_equal(r.token, "");
}

static void what_is_not_quite_http_is_refused(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int status;
    } cases[] = {
        {"\r\n\r\n", 400},
        {"GET\r\n\r\n", 400},
        {"GET /\r\n\r\n", 400},
        {"GET  / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1 \r\n\r\n", 400},
        {"GET / HTTP/1.1 x\r\n\r\n", 400},
        {"GET / http/1.1\r\n\r\n", 400},
        {"GET / HTTP/2.0\r\n\r\n", 505},
        {"get / HTTP/1.1\r\n\r\n", 405},
        {"POST / HTTP/1.1\r\n\r\n", 405},
        {"DELETE / HTTP/1.1\r\n\r\n", 405},
        {"G(T / HTTP/1.1\r\n\r\n", 400},
        {"GET http://169.254.169.254/ HTTP/1.1\r\n\r\n", 400},
        {"GET * HTTP/1.1\r\n\r\n", 400},
        {"GET /\x01 HTTP/1.1\r\n\r\n", 400},
        {"GET /\xff HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\n\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n: a\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nA: b\x01\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nA: b\x7f\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 501},
        {"GET / HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n", 501},
        {"PUT / HTTP/1.1\r\nContent-Length: 1\r\n\r\n", 413},
        {"PUT / HTTP/1.1\r\nContent-Length: -0\r\n\r\n", 400},
        {"PUT / HTTP/1.1\r\nContent-Length: 0, 0\r\n\r\n", 400},
        {"PUT / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nX-aws-ec2-metadata-token: a\r\nX-aws-ec2-metadata-token: b\r\n\r\n",
         400},
        {"PUT / HTTP/1.1\r\nX-aws-ec2-metadata-token-ttl-seconds: 1\r\n"
         "X-aws-ec2-metadata-token-ttl-seconds: 2\r\n\r\n",
         400},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct metadata_request r;
        if (parse(&r, cases[i].text) != cases[i].status)
            fail_msg("case %zu: %s", i, cases[i].text);
    }
}

static void a_nul_is_refused_wherever_it_is(void **state)
{
    (void)state;
    static const char text[] = "GET /latest HTTP/1.1\r\nHost: a\r\n\r\n";
    for (size_t at = 0; at < sizeof text - 5; at++) {
        char copy[sizeof text];
        struct metadata_request r;
        memcpy(copy, text, sizeof text);
        copy[at] = '\0';
        assert_int_not_equal(metadata_request_parse(&r, copy, sizeof text - 1), METADATA_WHOLE);
    }
}

/* However a request is cut, it is whole only at its end; nothing before is acted upon. */
static void every_beginning_wants_more(void **state)
{
    (void)state;
    static const char text[] = "PUT /latest/api/token HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n";
    struct metadata_request r;
    for (size_t len = 0; len < sizeof text - 1; len++)
        assert_int_equal(metadata_request_parse(&r, text, len), METADATA_MORE);
    assert_int_equal(metadata_request_parse(&r, text, sizeof text - 1), METADATA_WHOLE);
}

static void the_head_is_bounded(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf text = {0};
    struct metadata_request r;
    buf_text(&text, "GET /");
    while (text.len < 2000)
        buf_char(&text, 'a');
    buf_text(&text, " HTTP/1.1\r\n\r\n");
    assert_int_equal(metadata_request_parse(&r, text.data, text.len), 414);
    text.len = 2000;
    while (text.len < METADATA_HEAD_MAX)
        buf_char(&text, 'a');
    assert_int_equal(metadata_request_parse(&r, text.data, text.len - 1), METADATA_MORE);
    assert_int_equal(metadata_request_parse(&r, text.data, text.len), 431);
}

/* Random bytes and random changes of a good request never break the bounds (ASan watches) and
 * never yield a path that is not plain. */
static void noise_is_survived(void **state)
{
    (void)state;
    static const char good[] = "GET /latest/meta-data HTTP/1.1\r\nHost: a\r\n"
                               "X-aws-ec2-metadata-token: abcd\r\nContent-Length: 0\r\n\r\n";
    struct rng_seeded seed = {7};
    struct rng rng = rng_seeded(&seed);
    for (int n = 0; n < 50000; n++) {
        char text[sizeof good];
        struct metadata_request r;
        memcpy(text, good, sizeof good);
        for (uint64_t change = rng_below(&rng, 4); change > 0; change--)
            text[rng_below(&rng, sizeof good - 1)] = (char)rng_below(&rng, 256);
        size_t len = sizeof good - 1 - (size_t)rng_below(&rng, 3);
        int got = metadata_request_parse(&r, text, len);
        assert_true(got == METADATA_MORE || got == METADATA_WHOLE || (got >= 400 && got < 600));
        if (got != METADATA_WHOLE)
            continue;
        assert_int_equal(r.path[0], '/');
        for (const char *p = r.path; *p != '\0'; p++)
            assert_true(*p > 0x20 && *p < 0x7f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_get_is_whole),
        cmocka_unit_test(a_token_request_is_read),
        cmocka_unit_test(a_bad_lifetime_is_no_number),
        cmocka_unit_test(an_absurd_token_is_none_of_ours),
        cmocka_unit_test(what_is_not_quite_http_is_refused),
        cmocka_unit_test(a_nul_is_refused_wherever_it_is),
        cmocka_unit_test(every_beginning_wants_more),
        cmocka_unit_test(the_head_is_bounded),
        cmocka_unit_test(noise_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
