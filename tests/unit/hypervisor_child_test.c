/* Must 8: an argument vector, never a shell; and what is started ends at its limits. */
#include "tests/unit/hypervisor_cmocka.h"

#include "base/str.h"
#include "computer-manager/effect/child.h"
#include "computer-manager/hypervisor/probe.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum err_code run(const char *const *argv, int64_t deadline_ms, struct host_child_end *end)
{
    struct err err = {0};
    struct host_child c = {.argv = argv, .pass_fd = -1, .deadline_ms = deadline_ms};
    return host_child_run(&c, end, &err);
}

static void arguments_are_not_interpreted(void **state)
{
    (void)state;
    struct host_child_end end;
    const char *const argv[] = {"echo", "$HOME", "; false", "`id`", NULL};
    assert_int_equal(run(argv, 30000, &end), ERR_OK);
    assert_int_equal(end.status, 0);
    assert_string_equal(end.said, "$HOME ; false `id` ");
}

static void endings_are_told_apart(void **state)
{
    (void)state;
    struct host_child_end end;
    const char *const fails[] = {"false", NULL};
    const char *const hangs[] = {"sleep", "1000", NULL};
    const char *const absent[] = {"/nonexistent/program", NULL};
    assert_int_equal(run(fails, 30000, &end), ERR_OK);
    assert_int_equal(end.status, 1);
    assert_int_equal(run(hangs, 50, &end), ERR_TIMEOUT);
    assert_int_equal(run(absent, 30000, &end), ERR_IO);
}

/* What a child says is kept up to a bound, and a child that says more does not hang. */
static void a_talkative_child_ends(void **state)
{
    (void)state;
    struct host_child_end end;
    const char *const argv[] = {"seq", "200000", NULL};
    assert_int_equal(run(argv, 60000, &end), ERR_OK);
    assert_int_equal(end.status, 0);
    assert_int_equal(strlen(end.said), sizeof end.said - 1);
}

static void nothing_of_ours_is_inherited(void **state)
{
    (void)state;
    struct host_child_end end;
    int fd = open("/dev/null", O_RDONLY); /* not close-on-exec, on purpose */
    setenv("TERCET_SECRET", "x", 1);
    const char *const env[] = {"env", NULL};
    const char *const fds[] = {"ls", "/proc/self/fd", NULL};
    assert_int_equal(run(env, 30000, &end), ERR_OK);
    assert_null(strstr(end.said, "TERCET_SECRET"));
    assert_int_equal(run(fds, 30000, &end), ERR_OK);
    assert_string_equal(end.said, "0 1 2 3 "); /* 3 is ls's own */
    close(fd);
}

/* The probe's own guest is right: it gets through where everything is emulated. */
static void the_probe_guest_boots(void **state)
{
    (void)state;
    struct err err = {0};
    if (!host_probe_boots("qemu-system-x86_64", "tcg", "qemu64", 120000, &err))
        fail_msg("%s", err.text);
    assert_false(host_probe_boots("qemu-system-x86_64", "nosuch", "qemu64", 120000, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_are_not_interpreted),
        cmocka_unit_test(endings_are_told_apart),
        cmocka_unit_test(a_talkative_child_ends),
        cmocka_unit_test(nothing_of_ours_is_inherited),
        cmocka_unit_test(the_probe_guest_boots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
