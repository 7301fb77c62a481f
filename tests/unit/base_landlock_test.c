/* base_landlock_test.c - a daemon that keeps to its files can open no other, and one on a kernel
 * without Landlock runs all the same. Each try is a process of its own: nothing takes the rules
 * back. */
#include "base/daemon.h"
#include "base/str.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];

static const char *at(const char *name)
{
    static char paths[8][128];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void make(const char *name, const char *text, mode_t mode)
{
    int fd = open(at(name), O_CREAT | O_WRONLY | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

/* As an operator lays certificates out: names that are links to what is renewed. */
static int set_up(void **state)
{
    (void)state;
    str_copy(folder, sizeof folder, "/var/tmp/tct-landlock-XXXXXX");
    assert_non_null(mkdtemp(folder));
    static const char *const folders[] = {"own", "own/tmp", "own/objects", "other", "live", "kept"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        assert_int_equal(mkdir(at(folders[i]), 0755), 0);
    make("other/secret", "secret", 0644);
    make("kept/cert1.pem", "1", 0644);
    make("kept/cert2.pem", "2", 0644);
    make("own/program", "#!/bin/sh\n", 0755);
    assert_int_equal(symlink("../kept/cert1.pem", at("live/cert.pem")), 0);
    return 0;
}

static int tear_down(void **state)
{
    char command[128];
    (void)state;
    static const char *const names[] = {
        "own/objects/b",  "own/tmp/a",     "own/program", "other/secret", "kept/cert1.pem",
        "kept/cert2.pem", "live/cert.pem", "own/tmp",     "own/objects",  "own",
        "other",          "live",          "kept"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        remove(at(names[i]));
    str_copy(command, sizeof command, folder);
    assert_int_equal(rmdir(command), 0);
    return 0;
}

/* What a daemon with this table does in a child: 0, or the number of what went otherwise. */
static int run(int (*body)(void))
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        const struct landlock_path own[] = {{at("own"), LANDLOCK_WRITE},
                                            {at("live/cert.pem"), LANDLOCK_BESIDE},
                                            {"", LANDLOCK_BESIDE},
                                            {at("not_there"), LANDLOCK_WRITE}};
        _exit(daemon_keep_to(own, sizeof own / sizeof *own) ? body() : 99);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static bool opens(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool is_denied(const char *path, int flags)
{
    return !opens(path, flags) && errno == EACCES;
}

static bool has_landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 2;
}

/* Its folder as it needs it: whole, over folders within it, and never as a place of programs. */
static int use_own(void)
{
    char *const argv[] = {(char[]){"program"}, NULL};
    if (!opens(at("own/tmp/a"), O_CREAT | O_RDWR) || truncate(at("own/tmp/a"), 5) != 0)
        return 1;
    if (rename(at("own/tmp/a"), at("own/objects/b")) != 0)
        return 2;
    if (execve(at("own/program"), argv, argv) == 0 || errno != EACCES)
        return 3;
    return mkdir(at("own/tmp/c"), 0700) == 0 && rmdir(at("own/tmp/c")) == 0 ? 0 : 4;
}

/* Run as root, which may everything else on this machine. */
static int use_others(void)
{
    if (!is_denied(at("other/secret"), O_RDONLY) || !is_denied(at("new"), O_CREAT | O_WRONLY))
        return 1;
    if (!is_denied("/etc/hosts", O_WRONLY) || !is_denied("/root", O_RDONLY | O_DIRECTORY) ||
        !is_denied("/var/lib", O_RDONLY | O_DIRECTORY) || !is_denied("/tmp", O_RDONLY))
        return 2;
    if (unlink(at("other/secret")) == 0 || rename(at("own/program"), at("other/x")) == 0 ||
        symlink("/", at("link")) == 0 || mkdir(at("new"), 0700) == 0)
        return 3;
    return is_denied("/proc/self/comm", O_WRONLY) ? 0 : 4;
}

static int use_common(void)
{
    if (!opens("/etc/hosts", O_RDONLY) || !opens("/proc/self/statm", O_RDONLY) ||
        !opens("/dev/null", O_RDWR) || !opens("/usr/bin", O_RDONLY | O_DIRECTORY))
        return 1;
    if (!opens(at("live/cert.pem"), O_RDONLY) || !opens(at("kept/cert2.pem"), O_RDONLY) ||
        !is_denied(at("kept/cert2.pem"), O_WRONLY))
        return 2;
    char *const argv[] = {(char[]){"true"}, NULL};
    execve("/usr/bin/true", argv, argv + 1);
    return 3;
}

static void it_keeps_to_its_files(void **state)
{
    (void)state;
    if (!has_landlock())
        skip();
    assert_int_equal(run(use_own), 0);
    assert_int_equal(run(use_others), 0);
    assert_int_equal(run(use_common), 0);
}

static int use_anything(void)
{
    return opens(at("other/secret"), O_RDONLY) && opens(at("new"), O_CREAT | O_WRONLY) &&
                   unlink(at("new")) == 0
               ? 0
               : 1;
}

static int error_of_kernel; /* of a kernel that has no Landlock, or not switched on */

static bool pretend(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool is_done = filter != NULL &&
                   seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)error_of_kernel),
                                    SCMP_SYS(landlock_create_ruleset), 0) == 0 &&
                   seccomp_load(filter) == 0;
    seccomp_release(filter);
    return is_done;
}

/* Children inherit the filter: `run` forks once more. */
static int run_without(void)
{
    return pretend() ? run(use_anything) : 98;
}

static void without_landlock_it_runs(void **state)
{
    (void)state;
    static const int errors[] = {ENOSYS, EOPNOTSUPP};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        int status = 0;
        error_of_kernel = errors[i];
        pid_t pid = fork();
        if (pid == 0)
            _exit(run_without());
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_keeps_to_its_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_landlock_it_runs, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
