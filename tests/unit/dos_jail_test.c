/* dos_jail_test.c - a converter that was taken over gets nothing (must 7): no network, no file but
 * its two, no child, no privilege, and limits on memory, CPU, time, size and descriptors. Run as
 * root and, where we are root, once more as somebody else. */
#include "base/check.h"
#include "base/str.h"
#include "dos/effect/jail/jail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { USER = 1234 };

static char folder[64];
static char hostile[128];
static bool is_somebody;   /* run as USER, not as root */
static uid_t owner = USER; /* of the files then */

/* As dos leaves them: the folder is ours alone, the files are for the jail's user, whoever that is.
 */
static int make_file(const char *name, const char *text, mode_t mode)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    assert_true(!is_somebody || fchown(fd, owner, owner) == 0);
    return fd;
}

_Noreturn static void become_jail(const char *what, int channel)
{
    char root[128];
    snprintf(root, sizeof root, "%s/root", folder);
    if (is_somebody && (setgid(USER) != 0 || setuid(USER) != 0))
        _exit(99);
    dup2(channel, JAIL_CHANNEL_FD);
    execl("./tercet-image-jail", "tercet-image-jail", root, hostile, what, NULL);
    _exit(98);
}

static void give_order(int channel, const struct jail_order *order)
{
    const int fds[JAIL_FDS] = {make_file("in", "input", 0444), make_file("out", "", 0666),
                               STDERR_FILENO};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof fds)];
    } control = {0};
    struct jail_order copy = *order;
    struct iovec part = {&copy, sizeof copy};
    struct msghdr msg = {.msg_iov = &part,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fds);
    memcpy(CMSG_DATA(head), fds, sizeof fds);
    assert_int_equal(sendmsg(channel, &msg, MSG_NOSIGNAL), sizeof copy);
    close(fds[0]);
    close(fds[1]);
}

/* As whom the other end asks is whoever makes the pair. */
static pid_t begin(const char *what, const struct jail_order *order, int *channel)
{
    int ends[2];
    assert_true(!is_somebody || seteuid(USER) == 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    assert_true(!is_somebody || seteuid(0) == 0);
    pid_t pid = fork();
    if (pid == 0)
        become_jail(what, ends[1]);
    close(ends[1]);
    *channel = ends[0];
    give_order(*channel, order);
    return pid;
}

static void end(pid_t pid, int channel)
{
    int status = 0;
    close(channel);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* What the jail answers. */
static int jail(const char *what, const struct jail_order *order)
{
    int channel;
    int32_t answer = -1;
    pid_t pid = begin(what, order, &channel);
    assert_int_equal(recv(channel, &answer, sizeof answer, 0), sizeof answer);
    end(pid, channel);
    return answer;
}

static const struct jail_order usual = {1048576, 1073741824, 20, 20};

/* Where anybody may enter and whose parents hold nothing else: the tree may lie in /root. */
static void copy_hostile(void)
{
    snprintf(hostile, sizeof hostile, "%s/hostile", folder);
    int from = open("tests/unit/dos_hostile", O_RDONLY | O_CLOEXEC);
    int to = open(hostile, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0755);
    assert_true(from >= 0 && to >= 0 && fchmod(to, 0755) == 0);
    ssize_t n;
    while ((n = sendfile(to, from, NULL, 1 << 20)) > 0)
        continue;
    assert_int_equal(n, 0);
    close(from);
    close(to);
}

static int set_up(void **state)
{
    char root[128];
    (void)state;
    str_copy(folder, sizeof folder, "/tmp/tct-dos-jail-XXXXXX");
    assert_non_null(mkdtemp(folder));
    chmod(folder, 0755);
    snprintf(root, sizeof root, "%s/root", folder);
    mkdir(root, 0755);
    copy_hostile();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = {"in", "out", "hostile"};
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/root", folder);
    assert_int_equal(rmdir(path), 0); /* nothing was left in it */
    assert_int_equal(rmdir(folder), 0);
    return 0;
}

static void refusals(void)
{
    static const char *const tries[] = {"work",       "network", "files",      "processes",
                                        "privileges", "memory",  "descriptors"};
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        int status = jail(tries[i], &usual);
        if (status != 0)
            fail_msg("%s%s: exit status %d", tries[i], is_somebody ? " (as somebody)" : "", status);
    }
}

static void everything_is_refused(void **state)
{
    (void)state;
    refusals();
}

/* The same by way of a user namespace, which is how dos runs under its own user. */
static void also_without_root(void **state)
{
    (void)state;
    if (geteuid() != 0)
        return; /* it was so already */
    is_somebody = true;
    refusals();
    is_somebody = false;
}

static void limits_end_it(void **state)
{
    (void)state;
    struct jail_order second = usual, clock = usual;
    second.cpu_s = 1;
    clock.wall_s = 1;
    assert_int_equal(jail("cpu", &second), JAIL_EXIT_SIGNAL);
    assert_int_equal(jail("time", &clock), JAIL_EXIT_TIME);
    assert_int_equal(jail("size", &usual), 0);
    struct stat st;
    char path[128];
    snprintf(path, sizeof path, "%s/out", folder);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 1048576);
}

/* No jail, no run: a program that is not there, a root that is not there. */
static void a_jail_that_cannot_be_built(void **state)
{
    (void)state;
    char kept[sizeof hostile];
    str_copy(kept, sizeof kept, hostile);
    str_copy(hostile, sizeof hostile, "/nonexistent/qemu-img");
    assert_int_equal(jail("work", &usual), JAIL_EXIT_SETUP);
    str_copy(hostile, sizeof hostile, kept);
}

/* Files of others are not for whoever asks. */
static void another_users_files_are_refused(void **state)
{
    (void)state;
    if (geteuid() != 0)
        return; /* it takes root to have any */
    is_somebody = true;
    owner = USER + 1;
    assert_int_equal(jail("work", &usual), JAIL_EXIT_SETUP);
    owner = USER;
    assert_int_equal(jail("work", &usual), 0);
    is_somebody = false;
}

static void without_limits_nothing_runs(void **state)
{
    (void)state;
    struct jail_order order = usual;
    order.memory_bytes = 0;
    assert_int_equal(jail("work", &order), JAIL_EXIT_SETUP);
}

/* Else a dos that was killed would leave converters behind. */
static void it_dies_with_who_asked(void **state)
{
    (void)state;
    int channel;
    struct jail_order order = usual;
    order.wall_s = 3600;
    pid_t pid = begin("time", &order, &channel);
    end(pid, channel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(also_without_root, set_up, tear_down),
        cmocka_unit_test_setup_teardown(limits_end_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_jail_that_cannot_be_built, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_users_files_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_limits_nothing_runs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_dies_with_who_asked, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
