/* auth_sigv4_test.c - both ends of SigV4 agree with what was published: the test suite and S3's
 * examples. */
#include "base/check.h"
#include "base/str.h"
#include "proto/auth/sigv4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define KEY_ID     "AKIDEXAMPLE"
#define SECRET     "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define SUITE_MS   1440938160000 /* 2015-08-30T12:36:00Z */
#define S3_KEY_ID  "AKIAIOSFODNN7EXAMPLE"
#define S3_SECRET  "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define S3_DATE_MS 1369353600000 /* 2013-05-24T00:00:00Z */

enum { HEADERS_MAX = 8 };

struct vector {
    const char *name, *method, *target, *body, *signed_headers, *signature;
    struct header headers[HEADERS_MAX]; /* further ones; ended by a NULL name */
};

static const struct vector vectors[] = {
#define NO_HEADERS     \
    {                  \
        {              \
            NULL, NULL \
        }              \
    }
#define HEADERS(...) \
    {                \
        __VA_ARGS__  \
    }
#define VECTOR(name, method, target, body, signed_headers, signature, ...) \
    {name, method, target, body, signed_headers, signature, __VA_ARGS__},
#include "tests/unit/auth_sigv4_vectors.def"
#undef VECTOR
};

static size_t headers_len(const struct vector *v)
{
    size_t len = 0;
    while (len < HEADERS_MAX && v->headers[len].name != NULL)
        len++;
    return len;
}

/* The headers of `v`, those that come with every request, and Authorization. */
static size_t all_headers(struct header *all, const struct vector *v, const char *authorization)
{
    size_t len = headers_len(v);
    memcpy(all, v->headers, len * sizeof *all);
    all[len++] = (struct header){"Host", "example.amazonaws.com"};
    all[len++] = (struct header){"X-Amz-Date", "20150830T123600Z"};
    all[len++] = (struct header){"Authorization", authorization};
    return len;
}

static void authorization_of(struct buf *out, const struct vector *v)
{
    buf_printf(out,
               "AWS4-HMAC-SHA256 Credential=" KEY_ID
               "/20150830/us-east-1/service/aws4_request, SignedHeaders=%s, Signature=%s",
               v->signed_headers, v->signature);
}

static enum err_code check_vector(const struct vector *v, const char *secret,
                                  struct sigv4_keys *keys, struct err *err)
{
    CLEANUP(buf_fini) struct buf authorization = {0};
    authorization_of(&authorization, v);
    struct header all[HEADERS_MAX + 3];
    struct request r = {
        .method = v->method,
        .target = v->target,
        .headers = all,
        .headers_len = all_headers(all, v, authorization.data),
        .body = v->body,
        .body_len = strlen(v->body),
    };
    struct sigv4_auth auth;
    enum err_code code = sigv4_parse(&auth, &r, err);
    if (code != ERR_OK)
        return code;
    assert_string_equal(auth.key_id, KEY_ID);
    return sigv4_check(&(struct sigv4_check){.request = &r,
                                             .auth = &auth,
                                             .service = "service",
                                             .key_id = auth.key_id,
                                             .secret = secret,
                                             .wall_ms = SUITE_MS,
                                             .keys = keys},
                       NULL, err);
}

static void the_suite_is_accepted(void **state)
{
    (void)state;
    struct err err;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        if (check_vector(&vectors[i], SECRET, NULL, &err) != ERR_OK)
            fail_msg("%s: %s", vectors[i].name, err.text);
}

static void the_suite_is_accepted_over_the_cache_of_keys(void **state)
{
    (void)state;
    static struct sigv4_keys keys;
    struct err err;
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
            assert_int_equal(check_vector(&vectors[i], SECRET, &keys, &err), ERR_OK);
    size_t used = 0;
    static const struct sigv4_key blank;
    for (size_t i = 0; i < SIGV4_KEYS_LEN; i++)
        used += memcmp(&keys.slots[i], &blank, sizeof blank) != 0;
    assert_int_equal(used, 1);
}

/* A cached key must never vouch for another secret under the same key id. */
static void another_secret_is_refused_in_spite_of_the_cache(void **state)
{
    (void)state;
    static struct sigv4_keys keys;
    struct err err;
    assert_int_equal(check_vector(&vectors[0], SECRET, &keys, &err), ERR_OK);
    assert_int_equal(check_vector(&vectors[0], "another", &keys, &err), ERR_BAD_SIGNATURE);
    assert_int_equal(check_vector(&vectors[0], "another", NULL, &err), ERR_BAD_SIGNATURE);
}

static bool has_name(const char *signed_headers, const char *name)
{
    char text[SIGV4_SIGNED_SIZE + 2], wanted[80];
    snprintf(text, sizeof text, ";%s;", signed_headers);
    snprintf(wanted, sizeof wanted, ";%s;", name);
    for (char *p = wanted; *p != '\0'; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return strstr(text, wanted) != NULL;
}

static void sign_vector(const struct vector *v)
{
    struct header headers[HEADERS_MAX];
    size_t len = 0;
    for (size_t i = 0; i < headers_len(v); i++)
        if (has_name(v->signed_headers, v->headers[i].name))
            headers[len++] = v->headers[i];
    char body_sha256[DIGEST_SHA256_HEX_SIZE], date[SIGV4_DATE_SIZE];
    digest_sha256_hex(body_sha256, v->body, strlen(v->body));
    CLEANUP(buf_fini) struct buf wanted = {0};
    CLEANUP(buf_fini) struct buf got = {0};
    struct err err;
    authorization_of(&wanted, v);
    assert_int_equal(sigv4_sign(&(struct sigv4_sign){.method = v->method,
                                                     .target = v->target,
                                                     .host = "example.amazonaws.com",
                                                     .headers = headers,
                                                     .headers_len = len,
                                                     .payload = body_sha256,
                                                     .key_id = KEY_ID,
                                                     .secret = SECRET,
                                                     .region = "us-east-1",
                                                     .service = "service",
                                                     .wall_ms = SUITE_MS},
                                date, &got, &err),
                     ERR_OK);
    assert_string_equal(date, "20150830T123600Z");
    if (!str_eq(got.data, wanted.data))
        fail_msg("%s: %s", v->name, got.data);
}

static void clients_sign_as_the_suite_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        sign_vector(&vectors[i]);
}

/* The examples of "Signature Calculations for the Authorization Header" (Amazon S3 API reference).
 */
static const struct vector s3_examples[] = {
    {"GET object",
     "GET",
     "/test.txt",
     "",
     "host;range;x-amz-content-sha256;x-amz-date",
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
     {{"Range", "bytes=0-9"}}},
    {"PUT object",
     "PUT",
     "/test$file.text",
     "Welcome to Amazon S3.",
     "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
     {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}}},
    {"GET bucket lifecycle",
     "GET",
     "/?lifecycle",
     "",
     "host;x-amz-content-sha256;x-amz-date",
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
     {{NULL, NULL}}},
    {"GET bucket",
     "GET",
     "/?max-keys=2&prefix=J",
     "",
     "host;x-amz-content-sha256;x-amz-date",
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
     {{NULL, NULL}}},
};

/* minio-go writes no blank after the commas; both are accepted. */
static void check_s3(const struct vector *v, const char *comma, enum sigv4_body body)
{
    char body_sha256[DIGEST_SHA256_HEX_SIZE];
    digest_sha256_hex(body_sha256, v->body, strlen(v->body));
    CLEANUP(buf_fini) struct buf authorization = {0};
    buf_printf(&authorization,
               "AWS4-HMAC-SHA256 Credential=" S3_KEY_ID "/20130524/us-east-1/s3/aws4_request%s"
               "SignedHeaders=%s%sSignature=%s",
               comma, v->signed_headers, comma, v->signature);
    struct header all[HEADERS_MAX + 4];
    size_t len = headers_len(v);
    memcpy(all, v->headers, len * sizeof *all);
    all[len++] = (struct header){"Host", "examplebucket.s3.amazonaws.com"};
    all[len++] = (struct header){"x-amz-date", "20130524T000000Z"};
    all[len++] = (struct header){"x-amz-content-sha256", body_sha256};
    all[len++] = (struct header){"Authorization", authorization.data};
    struct request r = {.method = v->method,
                        .target = v->target,
                        .headers = all,
                        .headers_len = len,
                        .body = v->body,
                        .body_len = strlen(v->body)};
    struct sigv4_auth auth;
    struct sigv4_payload payload;
    struct err err = {0};
    assert_int_equal(sigv4_parse(&auth, &r, &err), ERR_OK);
    enum err_code code = sigv4_check(&(struct sigv4_check){.request = &r,
                                                           .auth = &auth,
                                                           .service = "s3",
                                                           .key_id = auth.key_id,
                                                           .secret = S3_SECRET,
                                                           .body = body,
                                                           .body_sha256 = body_sha256,
                                                           .wall_ms = S3_DATE_MS},
                                     &payload, &err);
    if (code != ERR_OK)
        fail_msg("%s: %s", v->name, err.text);
    assert_string_equal(payload.sha256, body_sha256);
    assert_false(payload.is_unsigned);
}

static void s3_examples_are_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof s3_examples / sizeof s3_examples[0]; i++) {
        check_s3(&s3_examples[i], ", ", SIGV4_BODY_HERE);
        check_s3(&s3_examples[i], ",", SIGV4_BODY_LATER);
        check_s3(&s3_examples[i], " ,  ", SIGV4_BODY_HASHED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_suite_is_accepted),
        cmocka_unit_test(the_suite_is_accepted_over_the_cache_of_keys),
        cmocka_unit_test(another_secret_is_refused_in_spite_of_the_cache),
        cmocka_unit_test(clients_sign_as_the_suite_does),
        cmocka_unit_test(s3_examples_are_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
