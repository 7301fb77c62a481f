/* Log: a line stays a line whatever a tenant sends, and carries the request it belongs to. */
#include "tests/unit/unit.h"

#include "base/journal.h"
#include "base/log.h"
#include "base/notify.h"

#include <stdlib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
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

/* ---- the journal, and systemd
 * -------------------------------------------------------------------- */

static char socket_path[64];

static int bind_socket(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    snprintf(socket_path, sizeof socket_path, "/tmp/tercet-log-test.%d", (int)getpid());
    snprintf(at.sun_path, sizeof at.sun_path, "%s", socket_path);
    unlink(socket_path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

/* As systemd says it of a service's stderr. */
static void say_stream(int off)
{
    struct stat st;
    char text[64];
    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    snprintf(text, sizeof text, "%ju:%ju", (uintmax_t)st.st_dev,
             (uintmax_t)st.st_ino + (unsigned)off);
    setenv("JOURNAL_STREAM", text, 1);
}

static const char *received(int fd)
{
    ssize_t n = recv(fd, captured, sizeof captured - 1, 0);
    captured[n > 0 ? n : 0] = '\0';
    return captured;
}

static void the_journal_gets_fields(void **state)
{
    (void)state;
    int fd = bind_socket();
    say_stream(0);
    log_journal(socket_path);
    log_request("3f-1");
    log_warn("instance.placed", "id", "i-0123", "host-name", "a b", NULL);
    log_request(NULL);
    assert_string_equal(received(fd),
                        "MESSAGE=instance.placed request=3f-1 id=i-0123 host-name=\"a b\"\n"
                        "PRIORITY=4\nSYSLOG_IDENTIFIER=unit\nTERCET_EVENT=instance.placed\n"
                        "TERCET_REQUEST=3f-1\nTERCET_ID=i-0123\nTERCET_HOST_NAME=a b\n");
    close(fd);
    unlink(socket_path);
}

/* Else a tenant's line feed would be a field of the tenant's making. */
static void a_tenant_cannot_forge_a_field(void **state)
{
    (void)state;
    static const char wanted[] = "TERCET_NAME\n\x0d\0\0\0\0\0\0\0x\nPRIORITY=0\n\n";
    int fd = bind_socket();
    say_stream(0);
    log_journal(socket_path);
    log_info("e", "name", "x\nPRIORITY=0\n", NULL);
    ssize_t n = recv(fd, captured, sizeof captured, 0);
    assert_true(n > 0);
    assert_non_null(memmem(captured, (size_t)n, wanted, sizeof wanted - 1));
    close(fd);
    unlink(socket_path);
}

static void without_a_journal_lines_are_written(void **state)
{
    (void)state;
    int fd = bind_socket();
    capture();
    say_stream(1); /* somebody else's stream: a shell within a service started us */
    log_journal(socket_path);
    log_info("one", NULL);
    say_stream(0);
    log_journal(socket_path);
    close(fd); /* journald is gone */
    log_info("two", NULL);
    const char *lines = captured_text();
    assert_non_null(strstr(lines, " info unit one\n"));
    assert_non_null(strstr(lines, " info unit two\n"));
    unlink(socket_path);
    unsetenv("JOURNAL_STREAM");
    log_journal(JOURNAL_SOCKET);
}

static void systemd_hears_that_it_is_ready(void **state)
{
    (void)state;
    int fd = bind_socket();
    unsetenv("NOTIFY_SOCKET");
    assert_true(notify_ready());
    assert_string_equal(received(fd), "");
    setenv("NOTIFY_SOCKET", socket_path, 1);
    assert_true(notify_ready());
    assert_string_equal(received(fd), "READY=1");
    close(fd);
    unlink(socket_path);
    assert_false(notify_ready());
    unsetenv("NOTIFY_SOCKET");
}

/* Only this process is asked, and only where its unit has a WatchdogSec. */
static void systemd_asks_whether_it_is_alive(void **state)
{
    char pid[16];
    (void)state;
    unsetenv("WATCHDOG_USEC");
    assert_int_equal(notify_watchdog_ms(), 0);
    setenv("WATCHDOG_USEC", "45000000", 1);
    assert_int_equal(notify_watchdog_ms(), 45000);
    setenv("WATCHDOG_PID", "1", 1);
    assert_int_equal(notify_watchdog_ms(), 0);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    assert_int_equal(notify_watchdog_ms(), 45000);
    setenv("WATCHDOG_USEC", "soon", 1);
    assert_int_equal(notify_watchdog_ms(), 0);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    int fd = bind_socket();
    setenv("NOTIFY_SOCKET", socket_path, 1);
    assert_true(notify_alive());
    assert_string_equal(received(fd), "WATCHDOG=1");
    close(fd);
    unlink(socket_path);
    unsetenv("NOTIFY_SOCKET");
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
        cmocka_unit_test(the_journal_gets_fields),
        cmocka_unit_test(a_tenant_cannot_forge_a_field),
        cmocka_unit_test(without_a_journal_lines_are_written),
        cmocka_unit_test(systemd_hears_that_it_is_ready),
        cmocka_unit_test(systemd_asks_whether_it_is_alive),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
