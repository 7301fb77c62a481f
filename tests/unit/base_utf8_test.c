/* base_utf8_test.c - what is a character of UTF-8, and what only looks like one. */
#include "tests/unit/unit.h"

#include "base/utf8.h"

#include <string.h>

static void characters_of_utf8(void **state)
{
    static const struct {
        const char *text;
        size_t len;
    } cases[] = {{"a", 1},
                 {"\xc3\xa9", 2},
                 {"\xe2\x82\xac", 3},
                 {"\xef\xbf\xbf", 3},
                 {"\xf0\x9f\x98\x80", 4},
                 {"\xf4\x8f\xbf\xbf", 4},
                 {"", 0},
                 {"\x80", 0},
                 {"\xc1\xbf", 0},             /* overlong */
                 {"\xe0\x9f\xbf", 0},         /* overlong */
                 {"\xf0\x8f\xbf\xbf", 0},     /* overlong */
                 {"\xed\xa0\x80", 0},         /* surrogate */
                 {"\xf4\x90\x80\x80", 0},     /* beyond */
                 {"\xff\xbf\xbf\xbf\xbf", 0}, /* nothing */
                 {"\xe2\x82", 0},
                 {"\xe2(\xac", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(utf8_len(cases[i].text, strlen(cases[i].text)), cases[i].len);
    assert_int_equal(utf8_len("\0", 1), 0);
    assert_true(utf8_is("", 0) && utf8_is("a\xc3\xa9z", 4));
    assert_false(utf8_is("a\xc3", 2) || utf8_is("a\0b", 3));
    assert_int_equal(utf8_len("\xe2\x82\xac", 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_of_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
