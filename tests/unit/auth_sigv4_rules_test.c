/* auth_sigv4_rules_test.c - who may say what when: each test breaks one rule of sigv4.h. */
#include "base/check.h"
#include "tests/unit/auth_sigv4_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* --- what is claimed --- */

static void the_fixture_is_accepted(void **state)
{
    (void)state;
    struct fixture f = {0};
    fixture_sign_ec2(&f);
    assert_int_equal(fixture_verdict(&f), ERR_OK);
    assert_string_equal(f.auth.key_id, "AKID");
    assert_string_equal(f.auth.day, "20150830");
    assert_string_equal(f.auth.region, "lab");
    assert_string_equal(f.auth.service, "ec2");
    assert_string_equal(f.auth.signed_headers, "host;x-amz-date");
}

static void no_claim_is_told_from_a_bad_one(void **state)
{
    (void)state;
    struct fixture f = {0};
    fixture_sign_ec2(&f);
    fixture_drop(&f, "Authorization");
    assert_int_equal(fixture_verdict(&f), ERR_MISSING_AUTH);
    fixture_sign_ec2(&f);
    fixture_authorize(&f, "AWS AKID:c2lnbmF0dXJl");
    assert_int_equal(fixture_verdict(&f), ERR_UNSUPPORTED);
    fixture_sign_ec2(&f);
    fixture_add(&f, "authorization", "AWS4-HMAC-SHA256");
    assert_int_equal(fixture_verdict(&f), ERR_INCOMPLETE_SIGNATURE);
}

static void presigned_urls_are_refused_by_name(void **state)
{
    (void)state;
    static const char *const targets[] = {
        "/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00", "/b/k?a=b&x-amz-signature=00",
        "/b/k?AWSAccessKeyId=AKID&Signature=x&Expires=1"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        struct request r = {.method = "GET", .target = targets[i]};
        struct sigv4_auth auth;
        struct err err;
        assert_int_equal(sigv4_parse(&auth, &r, &err), ERR_UNSUPPORTED);
        assert_non_null(strstr(err.text, "presigned"));
    }
}

#define SIG        "0000000000000000000000000000000000000000000000000000000000000000"
#define CREDENTIAL "Credential=AKID/20150830/lab/ec2/aws4_request"
#define SIGNED     "SignedHeaders=host;x-amz-date"

static enum err_code parse(const char *value, struct sigv4_auth *auth)
{
    struct header header = {"Authorization", value};
    struct request r = {.method = "GET", .target = "/", .headers = &header, .headers_len = 1};
    return sigv4_parse(auth, &r, NULL);
}

static void blanks_and_order_of_fields_are_free(void **state)
{
    (void)state;
    static const char *const good[] = {
        "AWS4-HMAC-SHA256 " CREDENTIAL "," SIGNED ",Signature=" SIG,
        "AWS4-HMAC-SHA256 " CREDENTIAL ", " SIGNED ", Signature=" SIG,
        "AWS4-HMAC-SHA256  Signature=" SIG " ,\t" SIGNED "  , " CREDENTIAL " "};
    struct sigv4_auth auth;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(parse(good[i], &auth), ERR_OK);
}

static void malformed_claims_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "Bearer x",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA512 " CREDENTIAL "," SIGNED ",Signature=" SIG,
        "AWS4-HMAC-SHA256 " CREDENTIAL "," SIGNED,
        "AWS4-HMAC-SHA256 " CREDENTIAL "," SIGNED ",Signature=" SIG ",Signature=" SIG,
        "AWS4-HMAC-SHA256 " CREDENTIAL "," SIGNED ",Signature=" SIG ",Other=x",
        "AWS4-HMAC-SHA256 " CREDENTIAL "," SIGNED ",Signature=" SIG "00",
        "AWS4-HMAC-SHA256 " CREDENTIAL "," SIGNED ",Signature=0g",
        "AWS4-HMAC-SHA256 " CREDENTIAL "," SIGNED ",Signature=",
        "AWS4-HMAC-SHA256 Credential=/20150830/lab/ec2/aws4_request," SIGNED ",Signature=" SIG,
        "AWS4-HMAC-SHA256 Credential=A\nB/20150830/lab/ec2/aws4_request," SIGNED ",Signature=" SIG,
        "AWS4-HMAC-SHA256 Credential=AKID/2015083/lab/ec2/aws4_request," SIGNED ",Signature=" SIG,
        "AWS4-HMAC-SHA256 Credential=AKID/2015083x/lab/ec2/aws4_request," SIGNED ",Signature=" SIG,
        "AWS4-HMAC-SHA256 Credential=AKID/20150830//ec2/aws4_request," SIGNED ",Signature=" SIG,
        "AWS4-HMAC-SHA256 Credential=AKID/20150830/lab/aws4_request," SIGNED ",Signature=" SIG,
        "AWS4-HMAC-SHA256 Credential=AKID/20150830/lab/ec2/aws5_request," SIGNED ",Signature=" SIG,
        "AWS4-HMAC-SHA256 Credential=AKID/20150830/lab/ec2/aws4_request/x," SIGNED
        ",Signature=" SIG,
        "AWS4-HMAC-SHA256 " CREDENTIAL ",SignedHeaders=,Signature=" SIG,
        "AWS4-HMAC-SHA256 " CREDENTIAL ",SignedHeaders=x-amz-date;host,Signature=" SIG,
        "AWS4-HMAC-SHA256 " CREDENTIAL ",SignedHeaders=host;host,Signature=" SIG,
        "AWS4-HMAC-SHA256 " CREDENTIAL ",SignedHeaders=Host;x-amz-date,Signature=" SIG,
        "AWS4-HMAC-SHA256 " CREDENTIAL ",SignedHeaders=host;;x-amz-date,Signature=" SIG,
        "AWS4-HMAC-SHA256 " CREDENTIAL ",SignedHeaders=host;,Signature=" SIG,
        "AWS4-HMAC-SHA256 " CREDENTIAL ",SignedHeaders=;host,Signature=" SIG,
    };
    struct sigv4_auth auth;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (parse(bad[i], &auth) != ERR_INCOMPLETE_SIGNATURE)
            fail_msg("accepted: %s", bad[i]);
}

static void claims_are_bounded(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf id = {0};
    CLEANUP(buf_fini) struct buf names = {0};
    struct sigv4_auth auth;
    buf_text(&id, "AWS4-HMAC-SHA256 Credential=");
    for (size_t i = 0; i < SIGV4_KEY_ID_SIZE; i++)
        buf_char(&id, 'A');
    buf_text(&id, "/20150830/lab/ec2/aws4_request," SIGNED ",Signature=" SIG);
    assert_int_equal(parse(id.data, &auth), ERR_INCOMPLETE_SIGNATURE);
    buf_text(&names, "AWS4-HMAC-SHA256 " CREDENTIAL ",SignedHeaders=");
    for (int i = 0; i <= SIGV4_SIGNED_MAX; i++)
        buf_printf(&names, "%sh%03d", i > 0 ? ";" : "", i);
    buf_text(&names, ",Signature=" SIG);
    assert_int_equal(parse(names.data, &auth), ERR_INCOMPLETE_SIGNATURE);
}

/* --- exactly what was signed --- */

static void any_change_breaks_the_signature(void **state)
{
    (void)state;
    struct fixture f = {0};
    fixture_sign_ec2(&f);
    f.request.method = "PUT";
    assert_int_equal(fixture_verdict(&f), ERR_BAD_SIGNATURE);
    fixture_sign_ec2(&f);
    f.request.target = "/?Action=TerminateInstances";
    assert_int_equal(fixture_verdict(&f), ERR_BAD_SIGNATURE);
    fixture_sign_ec2(&f);
    f.request.body = "Action=TerminateInstances&InstanceId.1=i-00";
    f.request.body_len = strlen(f.request.body);
    assert_int_equal(fixture_verdict(&f), ERR_BAD_SIGNATURE);
    fixture_sign_ec2(&f);
    fixture_drop(&f, "Host");
    fixture_add(&f, "Host", "other.example");
    assert_int_equal(fixture_verdict(&f), ERR_BAD_SIGNATURE);
    fixture_sign_ec2(&f);
    f.check.secret = "other";
    assert_int_equal(fixture_verdict(&f), ERR_BAD_SIGNATURE);
}

/* MinIO CVE-2026-97731: an x-amz-* header that was added on the way must not count. */
static void each_amz_header_must_be_signed(void **state)
{
    (void)state;
    struct fixture f = {0};
    fixture_sign_ec2(&f);
    fixture_add(&f, "X-Amz-Copy-Source", "other/object");
    assert_int_equal(fixture_verdict(&f), ERR_INCOMPLETE_SIGNATURE);
    fixture_sign(&f, "ec2", "/", NULL, (struct header){"X-Amz-Copy-Source", "other/object"});
    assert_int_equal(fixture_verdict(&f), ERR_OK);
    fixture_sign_ec2(&f);
    fixture_add(&f, "User-Agent", "not signed by anybody");
    assert_int_equal(fixture_verdict(&f), ERR_OK);
}

static void host_and_date_must_be_there_and_signed(void **state)
{
    (void)state;
    struct fixture f = {0};
    static const char *const names[] = {"Host", "X-Amz-Date"};
    for (int i = 0; i < 2; i++) {
        fixture_sign_ec2(&f);
        fixture_drop(&f, names[i]);
        assert_int_equal(fixture_verdict(&f), ERR_INCOMPLETE_SIGNATURE);
    }
    static const char *const lists[] = {"host", "x-amz-date"};
    for (int i = 0; i < 2; i++) {
        char value[300];
        fixture_sign_ec2(&f);
        snprintf(value, sizeof value, "AWS4-HMAC-SHA256 %s,SignedHeaders=%s,Signature=%s",
                 CREDENTIAL, lists[i], SIG);
        fixture_authorize(&f, value);
        assert_int_equal(fixture_verdict(&f), ERR_INCOMPLETE_SIGNATURE);
    }
}

static void what_must_be_once_is_there_once(void **state)
{
    (void)state;
    struct fixture f = {0};
    static const struct header twice[] = {{"host", "cloud.example:8773"},
                                          {"x-amz-date", "20150830T123600Z"},
                                          {"X-AMZ-DATE", "20150830T123601Z"}};
    for (size_t i = 0; i < sizeof twice / sizeof twice[0]; i++) {
        fixture_sign_ec2(&f);
        fixture_add(&f, twice[i].name, twice[i].value);
        assert_int_equal(fixture_verdict(&f), ERR_INCOMPLETE_SIGNATURE);
        assert_non_null(strstr(f.err.text, "twice"));
    }
    fixture_sign(&f, "ec2", "/", NULL, (struct header){"Content-Type", "text/plain"});
    fixture_add(&f, "content-type", "text/html");
    assert_int_equal(fixture_verdict(&f), ERR_INCOMPLETE_SIGNATURE);
}

static void a_signed_header_must_be_there(void **state)
{
    (void)state;
    struct fixture f = {0};
    fixture_sign(&f, "ec2", "/", NULL, (struct header){"Content-Type", "text/plain"});
    fixture_drop(&f, "Content-Type");
    assert_int_equal(fixture_verdict(&f), ERR_INCOMPLETE_SIGNATURE);
    assert_non_null(strstr(f.err.text, "content-type"));
}

static void too_many_headers_are_refused_before_work(void **state)
{
    (void)state;
    struct fixture f = {0};
    fixture_sign_ec2(&f);
    for (int i = 0; i < 130; i++)
        fixture_add(&f, "x-filler", "x");
    assert_int_equal(fixture_verdict(&f), ERR_BAD_REQUEST);
}

/* --- when and for what --- */

static void fifteen_minutes_of_skew_and_no_more(void **state)
{
    (void)state;
    static const struct {
        int64_t off_ms;
        enum err_code code;
    } cases[] = {{SIGV4_SKEW_MS, ERR_OK},
                 {-SIGV4_SKEW_MS, ERR_OK},
                 {SIGV4_SKEW_MS + 1, ERR_EXPIRED},
                 {-SIGV4_SKEW_MS - 1, ERR_EXPIRED},
                 {INT64_C(86400000), ERR_EXPIRED}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f = {0};
        fixture_sign_ec2(&f);
        f.check.wall_ms += cases[i].off_ms;
        assert_int_equal(fixture_verdict(&f), cases[i].code);
    }
}

static void the_scope_is_of_the_day_of_the_date(void **state)
{
    (void)state;
    struct fixture f = {0};
    fixture_sign_ec2(&f);
    fixture_authorize(&f, "AWS4-HMAC-SHA256 Credential=AKID/20150829/lab/ec2/aws4_request,"
                          "SignedHeaders=host;x-amz-date,Signature=" SIG);
    assert_int_equal(fixture_verdict(&f), ERR_BAD_SCOPE);
    assert_non_null(strstr(f.err.text, "day"));
}

static void malformed_dates_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "20150830",
                                      "20150830T123600",
                                      "20150830T123600Z0",
                                      "2015-08-30T12:36:00Z",
                                      "20150230T123600Z",
                                      "20151330T123600Z",
                                      "20150830T243600Z",
                                      "20150830T126000Z",
                                      "Sun, 30 Aug 2015 12:36:00 GMT"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fixture f = {0};
        fixture_sign_ec2(&f);
        fixture_drop(&f, "X-Amz-Date");
        fixture_add(&f, "X-Amz-Date", bad[i]);
        assert_int_equal(fixture_verdict(&f), ERR_INCOMPLETE_SIGNATURE);
    }
}

static void a_signature_for_one_service_is_none_for_another(void **state)
{
    (void)state;
    struct fixture f = {0};
    fixture_sign(&f, "sts", "/", NULL, (struct header){NULL, NULL});
    f.check.service = "ec2";
    assert_int_equal(fixture_verdict(&f), ERR_BAD_SCOPE);
    assert_non_null(strstr(f.err.text, "sts"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fixture_is_accepted),
        cmocka_unit_test(no_claim_is_told_from_a_bad_one),
        cmocka_unit_test(presigned_urls_are_refused_by_name),
        cmocka_unit_test(blanks_and_order_of_fields_are_free),
        cmocka_unit_test(malformed_claims_are_refused),
        cmocka_unit_test(claims_are_bounded),
        cmocka_unit_test(any_change_breaks_the_signature),
        cmocka_unit_test(each_amz_header_must_be_signed),
        cmocka_unit_test(host_and_date_must_be_there_and_signed),
        cmocka_unit_test(what_must_be_once_is_there_once),
        cmocka_unit_test(a_signed_header_must_be_there),
        cmocka_unit_test(too_many_headers_are_refused_before_work),
        cmocka_unit_test(fifteen_minutes_of_skew_and_no_more),
        cmocka_unit_test(the_scope_is_of_the_day_of_the_date),
        cmocka_unit_test(malformed_dates_are_refused),
        cmocka_unit_test(a_signature_for_one_service_is_none_for_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
