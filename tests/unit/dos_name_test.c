/* dos_name_test.c - names of buckets as S3 has them; keys are well-formed UTF-8 or refused. */
#include "base/check.h"
#include "dos/model/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void buckets(void **state)
{
    (void)state;
    static const char *const good[] = {
        "abc", "a-b", "my.bucket-1", "0ab",
        "a23456789012345678901234567890123456789012345678901234567890123"};
    static const char *const bad[] = {
        "",      "ab",          "Abc",
        "a_b",   "-ab",         "ab-",
        ".ab",   "a..b",        "a.-b",
        "a-.b",  "192.168.5.4", "a/b",
        "abc\n", "\xc3\xa4-x",  "a234567890123456789012345678901234567890123456789012345678901234"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(dos_name_is_bucket(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(dos_name_is_bucket(bad[i]));
}

static bool is_utf8(const char *text)
{
    return dos_name_is_utf8(text, strlen(text));
}

static void keys(void **state)
{
    (void)state;
    assert_true(is_utf8("a/../b//c d\x01"));
    assert_true(is_utf8("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf"));
    assert_false(is_utf8("\xc0\xaf"));         /* overlong */
    assert_false(is_utf8("\xe0\x80\xaf"));     /* overlong */
    assert_false(is_utf8("\xed\xa0\x80"));     /* surrogate */
    assert_false(is_utf8("\xf4\x90\x80\x80")); /* above U+10FFFF */
    assert_false(is_utf8("\xff"));
    assert_false(is_utf8("a\xc3"));
    assert_false(is_utf8("\x80"));
    assert_false(dos_name_is_utf8("a\0b", 3));
}

static void hex(void **state)
{
    (void)state;
    assert_true(dos_name_is_hex("0af9", 4));
    assert_false(dos_name_is_hex("0AF9", 4));
    assert_false(dos_name_is_hex("0af", 4));
    assert_false(dos_name_is_hex("0af9/", 4));
    assert_false(dos_name_is_hex("..af", 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets),
        cmocka_unit_test(keys),
        cmocka_unit_test(hex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
