/* auth_token_test.c - a join token says what was put in, and only one text says it. */
#include "base/check.h"
#include "base/str.h"
#include "proto/auth/base64.h"
#include "proto/auth/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define CA "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static struct rng_seeded seed = {7};

static enum err_code make(struct buf *text, const char *parent, const char *ca, const char *node)
{
    struct rng rng = rng_seeded(&seed);
    struct err err;
    return token_make(text, parent, ca, node, &rng, &err);
}

static void it_says_what_was_put_in(void **state)
{
    (void)state;
    static const char *const parents[] = {"cloud.example:8781", "192.0.2.1:1",
                                          "[2001:db8::1]:65535", "[fe80::1%eth0]:8781"};
    for (size_t i = 0; i < sizeof parents / sizeof parents[0]; i++) {
        CLEANUP(buf_fini) struct buf text = {0};
        struct token token;
        struct err err;
        assert_int_equal(make(&text, parents[i], CA, "zone-a.host_3"), ERR_OK);
        assert_true(text.len < TOKEN_TEXT_MAX);
        assert_int_equal(token_parse(&token, text.data, &err), ERR_OK);
        assert_string_equal(token.parent, parents[i]);
        assert_string_equal(token.ca_sha256, CA);
        assert_string_equal(token.node, "zone-a.host_3");
    }
}

static void secrets_differ_and_are_whole(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf a = {0};
    CLEANUP(buf_fini) struct buf b = {0};
    struct token ta, tb;
    assert_int_equal(make(&a, "h:1", CA, "n"), ERR_OK);
    assert_int_equal(make(&b, "h:1", CA, "n"), ERR_OK);
    assert_int_equal(token_parse(&ta, a.data, NULL), ERR_OK);
    assert_int_equal(token_parse(&tb, b.data, NULL), ERR_OK);
    assert_memory_not_equal(ta.secret, tb.secret, sizeof ta.secret);
    static const unsigned char zeros[8];
    assert_memory_not_equal(ta.secret + TOKEN_SECRET_SIZE - sizeof zeros, zeros, sizeof zeros);
}

static void the_stored_hash_knows_the_token(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf a = {0};
    CLEANUP(buf_fini) struct buf b = {0};
    char hash[DIGEST_SHA256_HEX_SIZE];
    assert_int_equal(make(&a, "h:1", CA, "n"), ERR_OK);
    assert_int_equal(make(&b, "h:1", CA, "n"), ERR_OK);
    token_hash(hash, a.data);
    assert_true(token_matches(a.data, hash));
    assert_false(token_matches(b.data, hash));
    assert_false(token_matches(a.data, ""));
    assert_null(strstr(a.data, hash));
}

static void bad_parts_are_refused(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf text = {0};
    static const char *const parents[] = {"",        "h",          "h:",     ":1",    "h:0",
                                          "h:65536", "h:01",       "h h:1",  "h\n:1", "[]:1",
                                          "a:b:1",   "http://h:1", "[::1:1", "h:+1"};
    for (size_t i = 0; i < sizeof parents / sizeof parents[0]; i++)
        assert_int_equal(make(&text, parents[i], CA, "n"), ERR_INVALID_PARAMETER);
    static const char *const nodes[] = {
        "", "a b", "a/b", "a\n",
        "01234567890123456789012345678901234567890123456789012345678901234"};
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++)
        assert_int_equal(make(&text, "h:1", CA, nodes[i]), ERR_INVALID_PARAMETER);
    assert_int_equal(make(&text, "h:1", "abcd", "n"), ERR_INVALID_PARAMETER);
    assert_int_equal(text.len, 0);
}

static void assert_no_token(const char *text)
{
    struct token token;
    struct err err;
    assert_int_equal(token_parse(&token, text, &err), ERR_TOKEN_INVALID);
    static const struct token blank;
    assert_memory_equal(&token, &blank, sizeof blank);
}

static void hostile_texts_are_refused(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf text = {0};
    assert_int_equal(make(&text, "h:1", CA, "node"), ERR_OK);
    for (size_t len = 0; len < text.len; len++) {
        CLEANUP(buf_fini) struct buf cut = {0};
        buf_append(&cut, text.data, len);
        assert_no_token(buf_str(&cut));
    }
    buf_text(&text, "AA");
    assert_no_token(text.data);
    assert_no_token("tj2.AAAA");
    char big[2 * TOKEN_TEXT_MAX];
    memset(big, 'A', sizeof big);
    memcpy(big, "tj1.", 4);
    big[sizeof big - 1] = '\0';
    assert_no_token(big);
    big[TOKEN_TEXT_MAX - 2] = '\0';
    assert_no_token(big);
}

/* Parts that make() would refuse are refused when they come in as well. */
static void parts_are_checked_when_parsed(void **state)
{
    (void)state;
    static const char *const raws[][2] = {
        {"\003h:1", "\001/"}, {"\003h 1", "\001n"}, {"\004h:1\n", "\001n"}};
    for (size_t i = 0; i < sizeof raws / sizeof raws[0]; i++) {
        CLEANUP(buf_fini) struct buf raw = {0};
        CLEANUP(buf_fini) struct buf text = {0};
        static const char middle[64] = {1};
        buf_text(&raw, raws[i][0]);
        buf_append(&raw, middle, sizeof middle);
        buf_text(&raw, raws[i][1]);
        buf_text(&text, "tj1.");
        base64_url_encode(&text, raw.data, raw.len);
        assert_no_token(text.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_what_was_put_in),
        cmocka_unit_test(secrets_differ_and_are_whole),
        cmocka_unit_test(the_stored_hash_knows_the_token),
        cmocka_unit_test(bad_parts_are_refused),
        cmocka_unit_test(hostile_texts_are_refused),
        cmocka_unit_test(parts_are_checked_when_parsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
