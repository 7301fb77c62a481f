/* main.c - tercet-image-jail: builds the jail (jail.h), runs the program in it, watches the clock.
 * Started by dos's image import; must never write anywhere but to descriptor 2. */
#include "dos/effect/jail/jail.h"

#include "base/check.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool parse(struct jail *j, int argc, char **argv)
{
    int64_t number[4];
    if (argc < 7)
        return false;
    for (int i = 0; i < 4; i++)
        if (!str_parse_i64(argv[2 + i], 1, INT64_MAX, &number[i]))
            return false;
    *j = (struct jail){.root = argv[1],
                       .file_bytes = (uint64_t)number[0],
                       .memory_bytes = (uint64_t)number[1],
                       .cpu_s = (uint64_t)number[2],
                       .wall_s = (uint64_t)number[3],
                       .program = argv[6],
                       .argv = &argv[6]};
    return *j->program == '/';
}

/* In the child, which is process 1 of its namespace. */
_Noreturn static void become(const struct jail *j)
{
    /* One heap, not eight a core: the address space is bounded, and glibc reserves 64 MiB a heap.
     */
    char *const environment[] = {(char[]){"LC_ALL=C"}, (char[]){"MALLOC_ARENA_MAX=1"}, NULL};
    struct err err = {0};
    struct sock_fprog filter;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && jail_enter_root(j, &err) == ERR_OK &&
        jail_filter_make(&filter, &err) == ERR_OK && jail_limit(j, &err) == ERR_OK &&
        jail_filter_load(&filter, &err) == ERR_OK)
        syscall(SYS_execveat, JAIL_PROGRAM_FD, "", j->argv, environment, AT_EMPTY_PATH);
    if (err.code == ERR_OK)
        err_set(&err, ERR_IO, "exec %s: %s", j->program, strerror(errno));
    dprintf(STDERR_FILENO, "jail: %s\n", err.text);
    _exit(JAIL_EXIT_SETUP);
}

/* Waits for the child up to the wall clock's end, then kills it: with process 1, all of its
 * namespace dies. SIGCHLD is blocked, so none is missed. */
static int watch(pid_t child, uint64_t wall_s)
{
    struct timespec now, end;
    int status;
    bool is_late = false;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += (time_t)wall_s;
    while (waitpid(child, &status, is_late ? 0 : WNOHANG) == 0) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        struct timespec left = {.tv_sec = end.tv_sec - now.tv_sec};
        is_late = left.tv_sec <= 0;
        if (is_late)
            kill(child, SIGKILL);
        else
            sigtimedwait(&set, NULL, &left);
    }
    if (is_late)
        return JAIL_EXIT_TIME;
    return WIFEXITED(status) ? WEXITSTATUS(status) : JAIL_EXIT_SIGNAL;
}

int main(int argc, char **argv)
{
    struct jail jail;
    struct err err = {0};
    sigset_t set;
    if (!parse(&jail, argc, argv)) {
        dprintf(STDERR_FILENO, "jail: usage: ROOT FILE_BYTES MEMORY_BYTES CPU_S WALL_S PROGRAM "
                               "[ARGUMENT...]\n");
        return JAIL_EXIT_SETUP;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close_range(JAIL_OUTPUT_FD + 1, ~0U, 0);
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_SETMASK, &set, NULL);
    if (jail_isolate(&err) != ERR_OK) {
        dprintf(STDERR_FILENO, "jail: %s\n", err.text);
        return JAIL_EXIT_SETUP;
    }
    pid_t child = fork();
    if (child == 0) {
        sigprocmask(SIG_UNBLOCK, &set, NULL);
        become(&jail);
    }
    /* Without exit handlers: in a process namespace that is over, none could make a thread. */
    _exit(child > 0 ? watch(child, jail.wall_s) : JAIL_EXIT_SETUP);
}
