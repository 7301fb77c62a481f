/* auth_sigv4_body_test.c - which body, target and key a signature stands for. */
#include "base/check.h"
#include "tests/unit/auth_sigv4_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* --- bodies --- */

static void a_declared_hash_must_be_that_of_the_form(void **state)
{
    (void)state;
    struct fixture f = {0};
    char hash[DIGEST_SHA256_HEX_SIZE];
    digest_sha256_hex(hash, FIXTURE_BODY, strlen(FIXTURE_BODY));
    fixture_sign(&f, "ec2", "/", NULL, (struct header){"x-amz-content-sha256", hash});
    assert_int_equal(fixture_verdict(&f), ERR_OK);
    fixture_sign(&f, "ec2", "/", NULL,
                 (struct header){"x-amz-content-sha256", digest_sha256_of_nothing});
    assert_int_equal(fixture_verdict(&f), ERR_BAD_SCOPE);
    fixture_sign(&f, "ec2", "/", "UNSIGNED-PAYLOAD",
                 (struct header){"x-amz-content-sha256", "UNSIGNED-PAYLOAD"});
    f.check.unsigned_payload_ok = true;
    assert_int_equal(fixture_verdict(&f), ERR_BAD_SCOPE);
}

static void sign_s3(struct fixture *f, const char *payload)
{
    fixture_sign(f, "s3", "/bucket/key", payload, (struct header){"x-amz-content-sha256", payload});
}

static void s3_needs_the_payload_header(void **state)
{
    (void)state;
    struct fixture f = {0};
    fixture_sign(&f, "s3", "/bucket/key", NULL, (struct header){NULL, NULL});
    assert_int_equal(fixture_verdict(&f), ERR_BAD_REQUEST);
    sign_s3(&f, "something");
    assert_int_equal(fixture_verdict(&f), ERR_INVALID_PARAMETER);
    sign_s3(&f, "");
    assert_int_equal(fixture_verdict(&f), ERR_INVALID_PARAMETER);
}

static void unsigned_payloads_only_where_allowed(void **state)
{
    (void)state;
    struct fixture f = {0};
    struct sigv4_payload payload;
    sign_s3(&f, "UNSIGNED-PAYLOAD");
    assert_int_equal(fixture_verdict_of(&f, NULL), ERR_DENIED);
    f.check.unsigned_payload_ok = true;
    assert_int_equal(fixture_verdict_of(&f, &payload), ERR_OK);
    assert_true(payload.is_unsigned);
    assert_string_equal(payload.sha256, "");
    buf_fini(&f.authorization);
}

static void streaming_payloads_are_refused_by_name(void **state)
{
    (void)state;
    static const char *const names[] = {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
                                        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                                        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct fixture f = {0};
        sign_s3(&f, names[i]);
        f.check.unsigned_payload_ok = true;
        assert_int_equal(fixture_verdict(&f), ERR_UNSUPPORTED);
        assert_non_null(strstr(f.err.text, names[i]));
    }
}

static void an_s3_body_must_be_the_signed_one(void **state)
{
    (void)state;
    struct fixture f = {0};
    struct sigv4_payload payload;
    sign_s3(&f, digest_sha256_of_nothing);
    assert_int_equal(fixture_verdict_of(&f, NULL), ERR_CONTENT_SHA256);
    f.check.body = SIGV4_BODY_HASHED;
    f.check.body_sha256 = "0000000000000000000000000000000000000000000000000000000000000000";
    assert_int_equal(fixture_verdict_of(&f, NULL), ERR_CONTENT_SHA256);
    f.check.body_sha256 = digest_sha256_of_nothing;
    assert_int_equal(fixture_verdict_of(&f, NULL), ERR_OK);
    f.check.body = SIGV4_BODY_LATER;
    assert_int_equal(fixture_verdict_of(&f, &payload), ERR_OK);
    assert_string_equal(payload.sha256, digest_sha256_of_nothing);
    buf_fini(&f.authorization);
}

/* --- targets --- */

/* What is signed as `signed_as` is accepted when it comes as `sent_as`. */
static enum err_code send_as(const char *service, const char *signed_as, const char *sent_as)
{
    struct fixture f = {0};
    char hash[DIGEST_SHA256_HEX_SIZE];
    digest_sha256_hex(hash, FIXTURE_BODY, strlen(FIXTURE_BODY));
    fixture_sign(&f, service, signed_as, NULL, (struct header){"x-amz-content-sha256", hash});
    f.request.target = sent_as;
    return fixture_verdict(&f);
}

static void s3_paths_are_decoded_once_and_kept(void **state)
{
    (void)state;
    assert_int_equal(send_as("s3", "/b/a%20b", "/b/a%20b"), ERR_OK);
    assert_int_equal(send_as("s3", "/b/%7Ea", "/b/~a"), ERR_OK);
    assert_int_equal(send_as("s3", "/b/%c3%a4", "/b/%C3%A4"), ERR_OK);
    assert_int_equal(send_as("s3", "/b/a+b", "/b/a%2Bb"), ERR_OK);
    assert_int_equal(send_as("s3", "/b/a//b", "/b/a/b"), ERR_BAD_SIGNATURE);
    assert_int_equal(send_as("s3", "/b/a/../b", "/b/b"), ERR_BAD_SIGNATURE);
    assert_int_equal(send_as("s3", "/b/%2520", "/b/%20"), ERR_BAD_SIGNATURE);
    assert_int_equal(send_as("ec2", "/a//b", "/a/b"), ERR_OK);
    assert_int_equal(send_as("ec2", "/a/../b", "/b"), ERR_OK);
    assert_int_equal(send_as("ec2", "/a/../../../b", "/b"), ERR_OK);
    assert_int_equal(send_as("ec2", "/%7Ea", "/~a"), ERR_BAD_SIGNATURE);
}

static void queries_are_read_in_one_way(void **state)
{
    (void)state;
    assert_int_equal(send_as("s3", "/b?uploads", "/b?uploads="), ERR_OK);
    assert_int_equal(send_as("s3", "/b?a=1&b=2", "/b?b=2&a=1"), ERR_OK);
    assert_int_equal(send_as("s3", "/b?a=x+y", "/b?a=x%20y"), ERR_OK);
    assert_int_equal(send_as("s3", "/b?a=x+y", "/b?a=x%2By"), ERR_BAD_SIGNATURE);
    assert_int_equal(send_as("s3", "/b?a=b/c", "/b?a=b%2fc"), ERR_OK);
    assert_int_equal(send_as("s3", "/b?a=b=c", "/b?a=b%3dc"), ERR_OK);
    assert_int_equal(send_as("s3", "/b?a=1&&b=2&", "/b?a=1&b=2"), ERR_OK);
    assert_int_equal(send_as("s3", "/b?", "/b"), ERR_OK);
    assert_int_equal(send_as("s3", "/b?a=1", "/b?A=1"), ERR_BAD_SIGNATURE);
    assert_int_equal(send_as("s3", "/b?a=1", "/b?a=1&a=1"), ERR_BAD_SIGNATURE);
    assert_int_equal(send_as("s3", "/b?a%00=1", "/b?a=1"), ERR_BAD_SIGNATURE);
}

static void bad_targets_are_refused(void **state)
{
    (void)state;
    assert_int_equal(send_as("s3", "/b", "/b/%"), ERR_BAD_REQUEST);
    assert_int_equal(send_as("s3", "/b", "/b/%4"), ERR_BAD_REQUEST);
    assert_int_equal(send_as("s3", "/b", "/b/%zz"), ERR_BAD_REQUEST);
    assert_int_equal(send_as("s3", "/b", "/b?a=%g0"), ERR_BAD_REQUEST);
    assert_int_equal(send_as("s3", "/b", "/b?%=1"), ERR_BAD_REQUEST);
    assert_int_equal(send_as("s3", "/b", "/b?a=%4&b=1"), ERR_BAD_REQUEST);
    assert_int_equal(send_as("s3", "/b", "http://x/b"), ERR_BAD_REQUEST);
    assert_int_equal(send_as("ec2", "/", "*"), ERR_BAD_REQUEST);
    assert_int_equal(send_as("ec2", "/", ""), ERR_BAD_REQUEST);
    CLEANUP(buf_fini) struct buf many = {0};
    buf_text(&many, "/?");
    for (int i = 0; i <= SIGV4_QUERY_MAX; i++)
        buf_text(&many, "a&");
    assert_int_equal(send_as("ec2", "/", many.data), ERR_BAD_REQUEST);
}

/* --- keys --- */

/* Filling the cache far over its size changes no verdict. */
static void a_full_cache_of_keys_changes_nothing(void **state)
{
    (void)state;
    static struct sigv4_keys keys;
    struct fixture f = {0};
    fixture_sign_ec2(&f);
    f.check.keys = &keys;
    for (int i = 0; i < 4 * SIGV4_KEYS_LEN; i++) {
        char secret[24];
        snprintf(secret, sizeof secret, "secret%d", i);
        f.check.secret = secret;
        assert_int_equal(fixture_verdict_of(&f, NULL), ERR_BAD_SIGNATURE);
        f.check.secret = FIXTURE_SECRET;
        assert_int_equal(fixture_verdict_of(&f, NULL), ERR_OK);
    }
    buf_fini(&f.authorization);
}

/* The way of unknown keys: a dummy secret under no key id. */
static void a_dummy_secret_gets_a_plain_no(void **state)
{
    (void)state;
    static struct sigv4_keys keys;
    struct fixture f = {0};
    fixture_sign_ec2(&f);
    f.check.keys = &keys;
    f.check.key_id = "";
    f.check.secret = "0123456789012345678901234567890123456789";
    assert_int_equal(fixture_verdict(&f), ERR_BAD_SIGNATURE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_declared_hash_must_be_that_of_the_form),
        cmocka_unit_test(s3_needs_the_payload_header),
        cmocka_unit_test(unsigned_payloads_only_where_allowed),
        cmocka_unit_test(streaming_payloads_are_refused_by_name),
        cmocka_unit_test(an_s3_body_must_be_the_signed_one),
        cmocka_unit_test(s3_paths_are_decoded_once_and_kept),
        cmocka_unit_test(queries_are_read_in_one_way),
        cmocka_unit_test(bad_targets_are_refused),
        cmocka_unit_test(a_full_cache_of_keys_changes_nothing),
        cmocka_unit_test(a_dummy_secret_gets_a_plain_no),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
