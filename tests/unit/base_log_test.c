/* Log: a line stays a line whatever a tenant sends, and carries the request it belongs to. */
#include "tests/unit/unit.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char captured[4096];
static int saved_stderr = -1, pipe_in = -1;

static void capture(void)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    saved_stderr = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    pipe_in = ends[0];
}

/* What was logged since; stderr is as it was. */
static const char *captured_text(void)
{
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    ssize_t n = read(pipe_in, captured, sizeof captured - 1);
    close(pipe_in);
    captured[n > 0 ? n : 0] = '\0';
    return captured;
}

static size_t count(const char *text, char c)
{
    size_t n = 0;
    for (; *text != '\0'; text++)
        n += *text == c;
    return n;
}

static void plain_values_stand_bare(void **state)
{
    (void)state;
    capture();
    log_info("instance.placed", "id", "i-0123", "host", "h1", NULL);
    const char *line = captured_text();
    assert_non_null(strstr(line, "Z info unit instance.placed id=i-0123 host=h1\n"));
}

static void a_tenant_cannot_forge_a_line(void **state)
{
    (void)state;
    capture();
    log_warn("ec2.refused", "name", "x\n2026-01-01 info forged=yes", "cr", "a\rb", NULL);
    const char *line = captured_text();
    assert_int_equal(count(line, '\n'), 1);
    assert_null(strchr(line, '\r'));
    assert_non_null(strstr(line, "name=\"x\\x0a2026-01-01 info forged=yes\""));
    assert_non_null(strstr(line, "cr=\"a\\x0db\""));
}

static void quotes_and_backslashes_are_escaped(void **state)
{
    (void)state;
    capture();
    log_info("e", "a", "say \"hi\"", "b", "c:\\d", "c", "k=v", "d", "", "e", "\x7f\x1b[2J", NULL);
    const char *line = captured_text();
    assert_non_null(strstr(line, "a=\"say \\\"hi\\\"\""));
    assert_non_null(strstr(line, "b=\"c:\\\\d\""));
    assert_non_null(strstr(line, "c=\"k=v\""));
    assert_non_null(strstr(line, "d=\"\""));
    assert_non_null(strstr(line, "e=\"\\x7f\\x1b[2J\""));
}

static void a_missing_value_is_a_dash(void **state)
{
    (void)state;
    capture();
    log_info("e", "a", NULL, NULL);
    assert_non_null(strstr(captured_text(), " e a=-\n"));
}

static void lines_carry_the_request_until_the_next(void **state)
{
    (void)state;
    capture();
    log_request("3f-1 x");
    log_info("one", NULL);
    log_request(NULL);
    log_info("two", NULL);
    const char *line = captured_text();
    assert_non_null(strstr(line, "one request=\"3f-1 x\"\n"));
    assert_non_null(strstr(line, "two\n"));
}

static void lesser_levels_are_left_out(void **state)
{
    (void)state;
    capture();
    log_debug("hidden", NULL);
    log_error("shown", NULL);
    const char *line = captured_text();
    assert_null(strstr(line, "hidden"));
    assert_non_null(strstr(line, " error unit shown\n"));
}

static int set_up(void **state)
{
    (void)state;
    log_init("unit", LOG_INFO);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_values_stand_bare),
        cmocka_unit_test(a_tenant_cannot_forge_a_line),
        cmocka_unit_test(quotes_and_backslashes_are_escaped),
        cmocka_unit_test(a_missing_value_is_a_dash),
        cmocka_unit_test(lines_carry_the_request_until_the_next),
        cmocka_unit_test(lesser_levels_are_left_out),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
