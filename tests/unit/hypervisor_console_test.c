/* I21: a guest that writes to its serial port for ever fills a bounded file, and no byte of its
 * tail is lost. */
#include "tests/unit/hypervisor_cmocka.h"

#include "base/check.h"
#include "computer-manager/hypervisor/console.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/tct-console-XXXXXX", log_path[64], link_path[64];

/* Numbered lines of 16 bytes, as QEMU appends them. */
static void append(int fd, int from, int to)
{
    for (int i = from; i < to; i++) {
        char line[17];
        snprintf(line, sizeof line, "line %010d\n", i);
        assert_int_equal(write(fd, line, 16), 16);
    }
}

static int open_log(void)
{
    int fd = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    assert_true(fd >= 0);
    return fd;
}

static struct host_hv_console tail;

static void assert_tail_ends_with(int last)
{
    struct err err = {0};
    char line[17];
    assert_int_equal(host_console_tail(&tail, log_path, &err), ERR_OK);
    assert_int_equal(tail.len, HOST_CONSOLE_BYTES);
    for (int i = 0; i < HOST_CONSOLE_BYTES / 16; i++) {
        snprintf(line, sizeof line, "line %010d\n", last - HOST_CONSOLE_BYTES / 16 + 1 + i);
        assert_memory_equal(tail.bytes + 16 * i, line, 16);
    }
}

static void a_long_log_is_cut_under_its_writer(void **state)
{
    (void)state;
    struct err err = {0};
    struct stat st;
    int fd = open_log(), n = 0;
    for (int round = 0; round < 8; round++) {
        append(fd, n, n + 100000);
        n += 100000;
        assert_int_equal(host_console_bound(log_path, &err), ERR_OK);
        assert_int_equal(stat(log_path, &st), 0);
        assert_true(st.st_blocks * 512 <= HOST_CONSOLE_LOG_MAX);
        assert_tail_ends_with(n - 1);
    }
    append(fd, n, n + 1); /* the writer goes on where it was */
    assert_tail_ends_with(n);
    close(fd);
}

static void a_short_log_is_left_alone(void **state)
{
    (void)state;
    struct err err = {0};
    struct stat st;
    int fd = open_log();
    append(fd, 0, 100);
    close(fd);
    assert_int_equal(host_console_bound(log_path, &err), ERR_OK);
    assert_int_equal(stat(log_path, &st), 0);
    assert_int_equal(st.st_size, 1600);
    assert_int_equal(host_console_tail(&tail, log_path, &err), ERR_OK);
    assert_int_equal(tail.len, 1600);
}

static void no_log_is_an_empty_log(void **state)
{
    (void)state;
    struct err err = {0};
    unlink(log_path);
    assert_int_equal(host_console_tail(&tail, log_path, &err), ERR_OK);
    assert_int_equal(tail.len, 0);
    assert_int_equal(host_console_bound(log_path, &err), ERR_OK);
}

/* I24: a path under our directory never leads out of it. */
static void links_and_fifos_are_refused(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(symlink("/etc/passwd", link_path), 0);
    assert_int_equal(host_console_tail(&tail, link_path, &err), ERR_IO);
    assert_int_equal(host_console_bound(link_path, &err), ERR_IO);
    unlink(link_path);
    assert_int_equal(mkfifo(link_path, 0600), 0);
    assert_int_equal(host_console_tail(&tail, link_path, &err), ERR_IO);
    unlink(link_path);
}

static int set_up(void **state)
{
    (void)state;
    PRE(mkdtemp(dir) != NULL);
    snprintf(log_path, sizeof log_path, "%s/console.log", dir);
    snprintf(link_path, sizeof link_path, "%s/link", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(log_path);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_log_is_cut_under_its_writer),
        cmocka_unit_test(a_short_log_is_left_alone),
        cmocka_unit_test(no_log_is_an_empty_log),
        cmocka_unit_test(links_and_fifos_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
