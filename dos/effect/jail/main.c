/* main.c - tercet-image-jail: takes an order, builds the jail (jail.h), runs the program in it,
 * watches the clock and whoever ordered. Started by dos's image import, or by systemd for it. */
#include "dos/effect/jail/jail.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int complain(const struct err *err)
{
    dprintf(STDERR_FILENO, "jail: %s\n", err->text);
    return JAIL_EXIT_SETUP;
}

/* In the child, which is process 1 of its namespace. */
_Noreturn static void become(const struct jail *j)
{
    /* One heap, not eight a core: the address space is bounded, and glibc reserves 64 MiB a heap.
     */
    char *const environment[] = {(char[]){"LC_ALL=C"}, (char[]){"MALLOC_ARENA_MAX=1"}, NULL};
    struct err err = {0};
    struct sock_fprog filter;
    close(JAIL_CHANNEL_FD);
    close(JAIL_SAID_FD);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && jail_enter_root(j, &err) == ERR_OK &&
        jail_filter_make(&filter, &err) == ERR_OK && jail_limit(j, &err) == ERR_OK &&
        jail_filter_load(&filter, &err) == ERR_OK)
        syscall(SYS_execveat, JAIL_PROGRAM_FD, "", j->argv, environment, AT_EMPTY_PATH);
    if (err.code == ERR_OK)
        err_set(&err, ERR_IO, "exec %s: %s", j->program, strerror(errno));
    _exit(complain(&err));
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* True when it ended by itself, before the wall clock's end and while somebody waits for it. */
static bool await(int pidfd, uint64_t wall_s)
{
    enum { LOOK_MS = 60000 };
    struct pollfd ends[2] = {{.fd = pidfd, .events = POLLIN},
                             {.fd = JAIL_CHANNEL_FD, .events = POLLRDHUP}};
    int64_t end_ms = now_ms() + (int64_t)wall_s * 1000;
    for (int64_t left; (left = end_ms - now_ms()) > 0;) {
        if (poll(ends, 2, (int)(left < LOOK_MS ? left : LOOK_MS)) <= 0)
            continue;
        if (ends[0].revents != 0)
            return true;
        if (ends[1].revents != 0)
            return false;
    }
    return false;
}

/* With process 1, all of its namespace dies. */
static int watch(pid_t child, uint64_t wall_s)
{
    int status = 0;
    int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
    bool in_time = pidfd >= 0 && await(pidfd, wall_s);
    if (!in_time)
        kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (!in_time)
        return JAIL_EXIT_TIME;
    return WIFEXITED(status) ? WEXITSTATUS(status) : JAIL_EXIT_SIGNAL;
}

static int run(struct jail *j)
{
    struct err err = {0};
    if (jail_take_order(j, &err) != ERR_OK)
        return complain(&err);
    dup2(JAIL_SAID_FD, STDOUT_FILENO);
    dup2(JAIL_SAID_FD, STDERR_FILENO);
    if (jail_isolate(&err) != ERR_OK)
        return complain(&err);
    pid_t child = fork();
    if (child == 0)
        become(j);
    return child > 0 ? watch(child, j->order.wall_s) : JAIL_EXIT_SETUP;
}

int main(int argc, char **argv)
{
    if (argc < 3 || *argv[2] != '/') {
        dprintf(STDERR_FILENO, "jail: usage: ROOT PROGRAM [ARGUMENT...]; tercet-dos starts it\n");
        return JAIL_EXIT_SETUP;
    }
    struct jail jail = {.root = argv[1], .program = argv[2], .argv = &argv[2]};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int32_t status = run(&jail);
    send(JAIL_CHANNEL_FD, &status, sizeof status, MSG_NOSIGNAL);
    /* Without exit handlers: in a process namespace that is over, none could make a thread. */
    _exit(EXIT_SUCCESS);
}
