/* The error table: total, unique, and every row fit to be answered. */
#include "tests/unit/unit.h"

#include "base/err.h"

#include <string.h>

static void every_code_has_a_row_that_can_be_answered(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ERR_COUNT; i++) {
        const struct err_row *row = err_row((enum err_code)i);
        assert_true(row->name[0] != '\0');
        assert_true(row->http == 200 || row->http == 304 || (row->http >= 400 && row->http <= 599));
        assert_true((row->http == 200) == (i == ERR_OK));
        if (i != ERR_OK) /* somebody can say it */
            assert_true(row->ec2[0] != '\0' || row->s3[0] != '\0');
        /* what may be repeated unchanged is our fault, never the caller's */
        if (row->retry == ERR_LATER)
            assert_true(row->http >= 500);
        if (row->level == ERR_LEVEL_ERROR)
            assert_true(row->http >= 500);
    }
}

static void names_are_unique_and_parse_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ERR_COUNT; i++)
        assert_int_equal(err_parse(err_row((enum err_code)i)->name), i);
    assert_int_equal(err_parse("NO_SUCH_NAME"), ERR_INTERNAL);
    assert_int_equal(err_parse(""), ERR_INTERNAL);
}

static void setting_gives_the_code_and_bounds_the_text(void **state)
{
    (void)state;
    struct err err = {0};
    char long_text[1000];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    assert_int_equal(err_set(&err, ERR_DENIED, "no %s", "way"), ERR_DENIED);
    assert_int_equal(err.code, ERR_DENIED);
    assert_string_equal(err.text, "no way");
    err_set(&err, ERR_IO, "%s", long_text);
    assert_int_equal(strlen(err.text), ERR_TEXT_SIZE - 1);
    assert_int_equal(err_set(NULL, ERR_IO, "nobody listens"), ERR_IO);
}

static void wrapping_puts_context_before_and_keeps_the_code(void **state)
{
    (void)state;
    struct err err = {0};
    char long_text[400];
    memset(long_text, 'y', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    err_set(&err, ERR_CONFIG, "not a number");
    assert_int_equal(err_wrap(&err, "%s line %d", "file", 7), ERR_CONFIG);
    assert_string_equal(err.text, "file line 7: not a number");
    for (int i = 0; i < 5; i++)
        assert_int_equal(err_wrap(&err, "%s", long_text), ERR_CONFIG);
    assert_int_equal(strlen(err.text), ERR_TEXT_SIZE - 1);
}

/* Byte by byte, so that a change of them is seen here (EC2 API guide, "Error codes"). */
static void codes_that_clients_act_upon(void **state)
{
    (void)state;
    assert_string_equal(err_row(ERR_INSTANCE_NOT_FOUND)->ec2, "InvalidInstanceID.NotFound");
    assert_string_equal(err_row(ERR_NO_CAPACITY)->ec2, "InsufficientInstanceCapacity");
    assert_string_equal(err_row(ERR_REQUEST_LIMIT)->ec2, "RequestLimitExceeded");
    assert_string_equal(err_row(ERR_DRY_RUN)->ec2, "DryRunOperation");
    assert_int_equal(err_row(ERR_DRY_RUN)->http, 412);
    assert_string_equal(err_row(ERR_NO_SUCH_KEY)->s3, "NoSuchKey");
    assert_int_equal(err_row(ERR_NO_SUCH_KEY)->http, 404);
    assert_int_equal(err_row(ERR_STORE_FULL)->http, 503);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_a_row_that_can_be_answered),
        cmocka_unit_test(names_are_unique_and_parse_back),
        cmocka_unit_test(setting_gives_the_code_and_bounds_the_text),
        cmocka_unit_test(wrapping_puts_context_before_and_keeps_the_code),
        cmocka_unit_test(codes_that_clients_act_upon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
