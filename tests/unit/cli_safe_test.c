/* cli_safe_test.c - nothing of others reaches a terminal that it would obey; what they wrote can
 * still be read. */
#include "tests/unit/cli_rig.h"

#include "base/buf.h"
#include "base/check.h"
#include "cli/age.h"
#include "cli/safe.h"
#include "cli/wrap.h"

#include <string.h>

static void text_is(const char *text, const char *want)
{
    CLEANUP(buf_fini) struct buf out = {0};
    cli_safe_text(&out, text);
    assert_string_equal(buf_str(&out), want);
}

static void commands_of_a_terminal_are_shown(void **state)
{
    (void)state;
    text_is("web", "web");
    text_is("\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80");
    text_is("\x1b]0;you\a", "\\x1b]0;you\\x07");
    text_is("a\nb\rc\td\x7f", "a\\x0ab\\x0dc\\x09d\\x7f");
    text_is("\xc2\x9b"
            "31m",
            "\\u009b31m");
    text_is("x\xe2\x80\xaey\xe2\x81\xa6z\xe2\x80\xa8", "x\\u202ey\\u2066z\\u2028");
}

static void what_is_no_text_is_shown(void **state)
{
    (void)state;
    text_is("\x9b"
            "31m",
            "\\x9b31m");
    text_is("\xc3", "\\xc3");
    text_is("\xc0\x9b", "\\xc0\\x9b");          /* too long for what it means */
    text_is("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* half of a pair */
    text_is("\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80");
}

static void a_document_stays_one(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf out = {0};
    const char *json = "{\n  \"a\": \"\\u001b\xc2\x9b\x7f\xc3\xbc\"\n}\n";
    cli_safe_json(&out, json, strlen(json));
    assert_string_equal(buf_str(&out), "{\n  \"a\": \"\\u001b\\u009b\\u007f\xc3\xbc\"\n}\n");
}

/* However it is cut to pieces. */
static void stream_is(const char *text, const char *want)
{
    size_t len = strlen(text);
    for (size_t piece = 1; piece <= len; piece++) {
        CLEANUP(buf_fini) struct buf out = {0};
        struct cli_plain plain = {0};
        for (size_t at = 0; at < len; at += piece)
            cli_plain_take(&plain, &out, text + at, len - at < piece ? len - at : piece);
        assert_string_equal(buf_str(&out), want);
    }
}

static void a_console_keeps_its_text(void **state)
{
    (void)state;
    stream_is("one\r\ntwo\n", "one\ntwo\n");
    stream_is("\x1b[2J\x1b[1;31mred\x1b[0m", "red");
    stream_is("\x1b]0;title\a.\x1b]52;c;cm0gLXJm\x1b\\.", "..");
    stream_is("\x1bP1$r0m\x1b\\a\x1b(Bb\x1b"
              "Mc\x1b=d",
              "abcd");
    stream_is("\xc2\x9b"
              "31mx\xc2\x9d"
              "0;t\ay\xc2\xa7z\xc3\xbc",
              "xy\xc2\xa7z\xc3\xbc");
    /* Two halves with a sequence between them make no character: here CSI, there a mark of
     * direction. What is no UTF-8 goes, since a terminal of single bytes would obey it. */
    stream_is("\xc2\x1b[m\x9b"
              "31m",
              "31m");
    stream_is("\xe2\x80\x1b(B\xae|\xe2\x80\xae|\x9b"
              "2J|\xe2\x82(",
              "||2J|(");
    stream_is("\xf0\x9f\x98\x80\xf0\x9f\x98\x80\x80\x80", "\xf0\x9f\x98\x80\xf0\x9f\x98\x80");
    stream_is("\x1b[12\nlost\x1b]0;open\nfound\b\v\f\x7f", "\nlost\nfound");
}

static void long_texts_go_on_below(void **state)
{
    (void)state;
    static const struct {
        size_t indent, width;
        const char *want;
    } rows[] = {{2, 0, "one two three  four five six seven"},
                {2, 30, "one two three  four five six\n  seven"},
                {2, 27, "one two three  four five\n  six seven"},
                {2, 10, "one two three  four five six seven"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CLEANUP(buf_fini) struct buf out = {0};
        cli_wrap(&out, "one two three  four five six seven", rows[i].indent, rows[i].width);
        assert_string_equal(buf_str(&out), rows[i].want);
    }
}

static void ages(void **state)
{
    (void)state;
    char age[CLI_AGE_SIZE];
    int64_t at;
    static const struct {
        int64_t s;
        const char *want;
    } rows[] = {{-5, "0s"},      {0, "0s"},      {119, "119s"},
                {120, "2m"},     {7199, "119m"}, {7200, "2h"},
                {172799, "47h"}, {172800, "2d"}, {INT64_MAX / 1000, "106751991167d"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cli_age(age, rows[i].s * 1000);
        assert_string_equal(age, rows[i].want);
    }
    assert_true(cli_age_parse("1970-01-02T00:00:01.500Z", &at));
    assert_int_equal(at, 86401000);
    assert_true(cli_age_parse("1970-01-01T00:00:00Z", &at));
    assert_false(cli_age_parse("yesterday", &at));
    assert_false(cli_age_parse("1970-01-01T00:00:00 by me", &at));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_of_a_terminal_are_shown),
        cmocka_unit_test(what_is_no_text_is_shown),
        cmocka_unit_test(a_document_stays_one),
        cmocka_unit_test(a_console_keeps_its_text),
        cmocka_unit_test(long_texts_go_on_below),
        cmocka_unit_test(ages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
