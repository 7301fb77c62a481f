/* loop_watch.h - a thread that notices when the loop stands still: logs it, then aborts.
 *
 * Only loop.c calls it. It counts its own wakings without a beat of the loop, not the clock: a
 * process that was stopped as a whole (SIGSTOP, a suspended machine) has not lagged. */
#pragma once

#include <stdint.h>

struct uv_loop_s;
struct loop_watch;

struct loop_watch *loop_watch_start(struct uv_loop_s *uv, int64_t warn_ms, int64_t abort_ms);
/* Ends the thread; its memory goes when the loop has run once more. */
void loop_watch_stop(struct loop_watch *watch);
