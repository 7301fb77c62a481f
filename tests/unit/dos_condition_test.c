/* dos_condition_test.c - a conditional GET says 304 and 412 where RFC 9110 says so, and dates go
 * there and back. */
#include "base/check.h"
#include "dos/model/condition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define ETAG "0123456789abcdef0123456789abcdef"

static const int64_t modified_ms = 1795166015123; /* Fri, 20 Nov 2026 09:13:35 GMT */

static enum err_code judge(const char *name, const char *value)
{
    const struct header header = {name, value};
    const struct request r = {.headers = &header, .headers_len = 1};
    return dos_condition(&r, ETAG, modified_ms);
}

static void dates_go_there_and_back(void **state)
{
    (void)state;
    char text[DOS_HTTP_DATE_SIZE];
    dos_http_date(text, modified_ms);
    assert_string_equal(text, "Fri, 20 Nov 2026 09:13:35 GMT");
    for (int64_t s = 0; s < (int64_t)300 * 365 * 86400; s += 86400 * 17 + 12347) {
        dos_http_date(text, s * 1000);
        assert_int_equal(dos_http_date_parse(text), s);
    }
    assert_int_equal(dos_http_date_parse("Sat, 29 Feb 2020 00:00:00 GMT"), 1582934400);
    assert_int_equal(dos_http_date_parse("2020-02-29"), -1);
    assert_int_equal(dos_http_date_parse("Sat, 29 Feb 2020 00:00:00 GMT and more"), -1);
}

static void etags_are_compared_whole(void **state)
{
    (void)state;
    assert_int_equal(judge("if-match", "\"" ETAG "\""), ERR_OK);
    assert_int_equal(judge("If-Match", "*"), ERR_OK);
    assert_int_equal(judge("if-match", "\"x\", \"" ETAG "\""), ERR_OK);
    assert_int_equal(judge("if-match", "\"" ETAG "-2\""), ERR_PRECONDITION);
    assert_int_equal(judge("if-match", "\"a" ETAG "\""), ERR_PRECONDITION);
    assert_int_equal(judge("if-none-match", "\"" ETAG "\""), ERR_NOT_MODIFIED);
    assert_int_equal(judge("if-none-match", "W/\"" ETAG "\""), ERR_NOT_MODIFIED);
    assert_int_equal(judge("if-none-match", "\"other\""), ERR_OK);
}

static void dates_are_conditions(void **state)
{
    (void)state;
    assert_int_equal(judge("if-modified-since", "Fri, 20 Nov 2026 09:13:35 GMT"), ERR_NOT_MODIFIED);
    assert_int_equal(judge("if-modified-since", "Fri, 20 Nov 2026 09:13:34 GMT"), ERR_OK);
    assert_int_equal(judge("if-unmodified-since", "Fri, 20 Nov 2026 09:13:34 GMT"),
                     ERR_PRECONDITION);
    assert_int_equal(judge("if-unmodified-since", "Fri, 20 Nov 2026 09:13:35 GMT"), ERR_OK);
    assert_int_equal(judge("if-modified-since", "yesterday"), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_go_there_and_back),
        cmocka_unit_test(etags_are_compared_whole),
        cmocka_unit_test(dates_are_conditions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
