/* child.h - runs one program to its end: an argument vector, never a shell, and a deadline.
 *
 * Called from worker threads (it blocks) for the probe guest. The child gets /dev/null as input, no
 * descriptor of ours but those named here, and no environment but PATH and LC_ALL; it dies with the
 * deadline. Never for programs that stay: see helper.h. */
#pragma once

#include "base/err.h"

#include <stdint.h>

enum { HOST_CHILD_SAID_SIZE = 200 };

struct host_child {
    const char *const *argv; /* ended by NULL; argv[0] is looked up */
    int pass_fd;             /* becomes descriptor 3; -1 = none */
    int64_t deadline_ms;
};

struct host_child_end {
    int status;                      /* exit status, or 128 + signal */
    char said[HOST_CHILD_SAID_SIZE]; /* beginning of stdout and stderr, for the error text */
};

/* ERR_OK: it ended, see `end`. ERR_TIMEOUT: it was killed at its deadline. ERR_IO: not started. */
enum err_code host_child_run(const struct host_child *child, struct host_child_end *end,
                             struct err *err);
