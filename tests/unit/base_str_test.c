/* Text: total functions, checked at their edges; wildcards as EC2's filters have them. */
#include "tests/unit/unit.h"

#include "base/rng.h"
#include "base/str.h"

#include <string.h>

static void a_copy_that_does_not_fit_says_so_and_is_ended(void **state)
{
    (void)state;
    char to[4];
    assert_true(str_copy(to, sizeof to, "abc"));
    assert_string_equal(to, "abc");
    assert_false(str_copy(to, sizeof to, "abcd"));
    assert_string_equal(to, "abc");
    assert_false(str_copy(to, 1, "a"));
    assert_string_equal(to, "");
    assert_true(str_copy(to, 1, ""));
}

static void numbers_are_whole_in_range_and_bare(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "-",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        "0x10",
                                        "1e3",
                                        "1.0",
                                        "--1",
                                        "101",
                                        "-101",
                                        "abc",
                                        "9223372036854775808",
                                        "\t12",
                                        "12\n",
                                        "１"};
    int64_t value = 42;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(str_parse_i64(wrong[i], -100, 100, &value));
    assert_int_equal(value, 42);
    assert_true(str_parse_i64("-100", -100, 100, &value) && value == -100);
    assert_true(str_parse_i64("0", -100, 100, &value) && value == 0);
    assert_true(str_parse_i64("9223372036854775807", 0, INT64_MAX, &value) && value == INT64_MAX);
    assert_true(str_parse_i64("-9223372036854775808", INT64_MIN, 0, &value) && value == INT64_MIN);
}

static void hex_goes_round(void **state)
{
    (void)state;
    unsigned char bytes[256], back[256];
    char hex[513];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    str_hex(hex, bytes, sizeof bytes);
    assert_int_equal(strlen(hex), 512);
    assert_true(str_unhex(back, sizeof back, hex));
    assert_memory_equal(bytes, back, sizeof bytes);
    assert_true(str_unhex(back, 2, "AbCd"));
    assert_int_equal(back[0], 0xab);
}

static void unhex_wants_exactly_that_many_digits(void **state)
{
    (void)state;
    unsigned char out[2];
    static const char *const wrong[] = {"", "0", "001", "00112", "001122", "00g1", "0 11", "-011"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(str_unhex(out, sizeof out, wrong[i]));
}

/* EC2 guide, "Filtering": '*' any run, '?' one character, '\' quotes. */
static void wildcards(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool does;
    } cases[] = {
        {"", "", true},          {"", "a", false},          {"*", "", true},
        {"*", "anything", true}, {"?", "", false},          {"?", "a", true},
        {"?", "ab", false},      {"a*c", "abbbc", true},    {"a*c", "ac", true},
        {"a*c", "abcd", false},  {"*b*", "abc", true},      {"*b*", "acd", false},
        {"a?c", "abc", true},    {"a?c", "ac", false},      {"\\*", "*", true},
        {"\\*", "a", false},     {"\\?x", "?x", true},      {"\\?x", "ax", false},
        {"a\\*b", "a*b", true},  {"a\\*b", "axb", false},   {"*\\*", "abc*", true},
        {"*\\*", "abc", false},  {"\\\\", "\\", true},      {"\\\\*", "\\abc", true},
        {"**a**", "xax", true},  {"abc", "abc", true},      {"abc", "ABC", false},
        {"*aab", "aaaab", true}, {"a*b?d", "a..bxd", true}, {"*.*", "nodot", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (str_matches(cases[i].pattern, cases[i].text) != cases[i].does)
            fail_msg("'%s' against '%s'", cases[i].pattern, cases[i].text);
}

/* The obvious definition, exponential and right. */
static bool slow_matches(const char *p, const char *t)
{
    if (*p == '\0')
        return *t == '\0';
    if (*p == '*')
        return slow_matches(p + 1, t) || (*t != '\0' && slow_matches(p, t + 1));
    if (*t == '\0')
        return false;
    if (*p == '?')
        return slow_matches(p + 1, t + 1);
    if (*p == '\\')
        return p[1] == *t && slow_matches(p + 2, t + 1);
    return *p == *t && slow_matches(p + 1, t + 1);
}

static void wildcards_agree_with_their_definition(void **state)
{
    (void)state;
    static const char alphabet[] = {'a', 'b', '*', '?'};
    struct rng_seeded seed = {.state = 11};
    struct rng rng = rng_seeded(&seed);
    for (int round = 0; round < 20000; round++) {
        char pattern[8] = "", text[8] = "";
        for (uint64_t i = 0, n = rng_below(&rng, 7); i < n; i++)
            pattern[i] = alphabet[rng_below(&rng, 4)];
        for (uint64_t i = 0, n = rng_below(&rng, 7); i < n; i++)
            text[i] = alphabet[rng_below(&rng, 2)];
        if (str_matches(pattern, text) != slow_matches(pattern, text))
            fail_msg("'%s' against '%s'", pattern, text);
    }
}

/* A tenant's pattern never takes exponential time: this would not end. */
static void a_hostile_pattern_ends(void **state)
{
    (void)state;
    char pattern[401] = "", text[1001] = "";
    for (size_t i = 0; i < 400; i++)
        pattern[i] = i % 2 == 0 ? '*' : 'a';
    memset(text, 'a', 1000);
    pattern[399] = 'b';
    assert_false(str_matches(pattern, text));
}

static void distances(void **state)
{
    (void)state;
    char long_text[80];
    assert_int_equal(str_distance("", ""), 0);
    assert_int_equal(str_distance("kitten", "sitting"), 3);
    assert_int_equal(str_distance("tcp-port", "tcp_port"), 1);
    assert_int_equal(str_distance("", "abc"), 3);
    assert_int_equal(str_distance("abc", ""), 3);
    assert_int_equal(str_distance("ab", "ba"), 2);
    memset(long_text, 'x', 79);
    long_text[79] = '\0';
    assert_int_equal(str_distance(long_text, "x"), 1000);
    assert_int_equal(str_distance("x", long_text), 1000);
    long_text[63] = '\0';
    assert_int_equal(str_distance(long_text, long_text), 0);
}

static void prefixes(void **state)
{
    (void)state;
    assert_true(str_has_prefix("i-0123", "i-"));
    assert_true(str_has_prefix("abc", ""));
    assert_false(str_has_prefix("i", "i-"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_that_does_not_fit_says_so_and_is_ended),
        cmocka_unit_test(numbers_are_whole_in_range_and_bare),
        cmocka_unit_test(hex_goes_round),
        cmocka_unit_test(unhex_wants_exactly_that_many_digits),
        cmocka_unit_test(wildcards),
        cmocka_unit_test(wildcards_agree_with_their_definition),
        cmocka_unit_test(a_hostile_pattern_ends),
        cmocka_unit_test(distances),
        cmocka_unit_test(prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
