/* GetPasswordData: the newest whole block of a console, and nothing that a guest could smuggle. */
#include "tests/unit/unit.h"

#include "cloud-manager/model/password.h"

#include <stdio.h>
#include <string.h>

static char found[CLOUD_PASSWORD_SIZE];

static const char *in(const char *console)
{
    bool is_there = cloud_password_find(found, console, strlen(console));
    assert_int_equal(is_there, found[0] != '\0');
    return found;
}

static void the_newest_whole_block_counts(void **state)
{
    (void)state;
    assert_string_equal(in(""), "");
    assert_string_equal(in("booting\nlogin:"), "");
    assert_string_equal(in("a<Password>\r\nQUJD\r\nREVG\r\n</Password>b"), "QUJDREVG");
    assert_string_equal(in("<Password>QQ==</Password> <Password>Qg==</Password>"), "Qg==");
    assert_string_equal(in("<Password>QQ==</Password> <Password>Qg="), "QQ==");
    assert_string_equal(in("Qg==</Password> <Password>QQ==</Password>"), "QQ==");
}

static void what_is_no_base64_is_none(void **state)
{
    (void)state;
    assert_string_equal(in("<Password></Password>"), "");
    assert_string_equal(in("<Password> \n</Password>"), "");
    assert_string_equal(in("<Password>Q<x/>Q</Password>"), "");
    assert_string_equal(in("<Password>&lt;</Password>"), "");
    /* An opening one within is no base64; the block that it opens is one. */
    assert_string_equal(in("<Password>QQ<Password>Qg==</Password>"), "Qg==");
}

static void its_length_is_bounded(void **state)
{
    (void)state;
    char console[CLOUD_PASSWORD_SIZE + 64], digits[CLOUD_PASSWORD_SIZE + 1];
    memset(digits, 'A', sizeof digits);
    digits[CLOUD_PASSWORD_SIZE - 1] = '\0';
    snprintf(console, sizeof console, "<Password>%s</Password>", digits);
    assert_int_equal(strlen(in(console)), CLOUD_PASSWORD_SIZE - 1);
    digits[CLOUD_PASSWORD_SIZE - 1] = 'A';
    digits[CLOUD_PASSWORD_SIZE] = '\0';
    snprintf(console, sizeof console, "<Password>%s</Password>", digits);
    assert_string_equal(in(console), "");
}

static void a_console_may_hold_anything(void **state)
{
    (void)state;
    static const char console[] = "\0\xff<Password>\0</Password>\0<Password>QQ==</Password>\0";
    assert_true(cloud_password_find(found, console, sizeof console));
    assert_string_equal(found, "QQ==");
    assert_false(cloud_password_find(found, console, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_whole_block_counts),
        cmocka_unit_test(what_is_no_base64_is_none),
        cmocka_unit_test(its_length_is_bounded),
        cmocka_unit_test(a_console_may_hold_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
