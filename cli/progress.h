/* progress.h - one line on stderr that says how far things are. Only where stderr is a terminal;
 * elsewhere nothing is written, so that logs stay readable. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cli_progress {
    bool is_shown;   /* stderr is a terminal */
    bool is_open;    /* a line stands there that has no end */
    int64_t from_ms; /* when it began, monotonic */
    int64_t last_ms; /* when it was written last */
};

struct cli_progress cli_progress_begin(int64_t now_ms);
/* "i-0123: pending  3s" */
void cli_progress_say(struct cli_progress *p, int64_t now_ms, const char *what);
/* A bar with rate and time left; at most ten times a second, but the end is always shown. */
void cli_progress_bytes(struct cli_progress *p, int64_t now_ms, const char *what, uint64_t done,
                        uint64_t total);
/* Takes the line away. */
void cli_progress_end(struct cli_progress *p);
/* "12.5 MiB" */
void cli_progress_size(char out[16], uint64_t bytes);
