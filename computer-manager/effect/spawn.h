/* spawn.h - starts a process by an argument vector: posix_spawn, never a shell.
 *
 * It gets /dev/null as input, default signals, and no descriptor of ours but those named here. */
#pragma once

#include "base/err.h"

#include <sys/types.h>

struct host_spawn {
    const char *const *argv;        /* ended by NULL; argv[0] is looked up in PATH */
    const char *const *environment; /* ended by NULL; NULL = ours */
    int output;                     /* becomes stdout and stderr; -1 = our stderr for both */
    int pass_fd;                    /* becomes descriptor 3; -1 = none */
};

/* The caller reaps `pid` and closes `pidfd`, which is readable once it has ended. */
enum err_code host_spawn(const struct host_spawn *spawn, pid_t *pid, int *pidfd, struct err *err);
/* Reaps a process that has ended: its exit status, or 128 + signal; -1: it has not. */
int host_spawn_reap(pid_t pid);
