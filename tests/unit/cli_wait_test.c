/* cli_wait_test.c - times of --timeout, and sizes of a progress line. */
#include "tests/unit/cli_rig.h"

#include "cli/progress.h"
#include "cli/wait.h"

static void times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {{"0", 0}, {"90", 90000}, {"90s", 90000}, {"10m", 600000}, {"2h", 7200000}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = -1;
        assert_true(cli_wait_parse_time(rows[i].text, &ms));
        assert_int_equal(ms, rows[i].ms);
    }
    static const char *const bad[] = {"", "s", "-1", "1d", "5 m", "1.5m", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t ms;
        assert_false(cli_wait_parse_time(bad[i], &ms));
    }
}

static void sizes(void **state)
{
    (void)state;
    static const struct {
        uint64_t bytes;
        const char *text;
    } rows[] = {
        {0, "0 B"},
        {1023, "1023 B"},
        {1024, "1.0 KiB"},
        {1536, "1.5 KiB"},
        {1 << 20, "1.0 MiB"},
        {(uint64_t)5 << 30, "5.0 GiB"},
        {1048575, "1023.9 KiB"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[16];
        cli_progress_size(out, rows[i].bytes);
        assert_string_equal(out, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(times), cmocka_unit_test(sizes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
