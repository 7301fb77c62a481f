/* loop.h - the shell of a daemon: one thread, one libuv loop, one turn per iteration.
 *
 *   ready I/O and timers -> loop_post -> inbox -> turn_run (one COMMIT) -> effects performed
 *
 * Called by each daemon's main() and by whatever brings events (proto/http, base/job, effect/).
 * All that becomes ready in one iteration shares one transaction. An event posted while a turn
 * runs or while effects are performed belongs to the next turn, so no completion is ever
 * delivered inside the call that started it. No transaction is open while the loop sleeps.
 *
 * Everything here belongs to the loop's thread; only loop_defer may be called from others. */
#pragma once

#include "base/clock.h"
#include "base/event.h"
#include "base/report.h"
#include "base/turn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uv_loop_s;
struct loop;

/* What makes effects real. Called after COMMIT, in order of emission; each copies what it keeps.
 * A member may be NULL when the core never asks for it. */
struct loop_performer {
    void *self;
    void (*reply)(void *self, const struct effect_reply *reply);
    void (*call)(void *self, const struct effect_call *call);
    void (*job)(void *self, const struct effect_job *job);
    void (*more)(void *self, const struct effect_more *more);
};

/* A zero means the value in brackets. */
struct loop_options {
    struct clock clock;   /* (the machine's) */
    size_t requests_max;  /* requests waiting for a turn (4096) */
    size_t bytes_max;     /* bodies waiting for a turn (64 MiB) */
    int64_t lag_warn_ms;  /* a loop that stands this long is logged (5 s) */
    int64_t lag_abort_ms; /* and this long, aborted (30 s) */
};

/* `options` may be NULL. Ignores SIGPIPE and raises the limit of open files to its maximum. */
struct loop *loop_new(const struct loop_options *options);
/* For those who bring handles of their own; borrowed. */
struct uv_loop_s *loop_uv(struct loop *loop);
struct instant loop_now(const struct loop *loop);

/* Runs the core of `turn` until SIGTERM, SIGINT or loop_stop: EVENT_START first, EVENT_TICK
 * whenever core.wake_at has come. A turn that has begun is finished and its effects performed.
 * `turn` and what the performer names outlive the call. */
void loop_run(struct loop *loop, struct turn *turn, const struct loop_performer *performer);
void loop_stop(struct loop *loop);
/* Called on SIGHUP (certificates read again). */
void loop_on_hup(struct loop *loop, void (*hup)(void *self), void *self);
/* Whoever brought handles closes them first, the loop is then run until they are gone. */
void loop_free(struct loop *loop);

/* Puts a copy of `ev` into the inbox; the clocks are read here and `at` is set. A request that
 * finds the inbox full is answered by core.fail with ERR_UNAVAILABLE, at once and outside any
 * transaction: the performer's reply() must stand being called from here. After loop_run has
 * returned nothing is taken any more. */
void loop_post(struct loop *loop, const struct event *ev);

/* What it counted since it began to run. */
struct loop_stats {
    uint64_t turns, turns_lost, events;
    uint64_t refused; /* requests that found the inbox full */
    size_t waiting;   /* events in the inbox now */
    bool is_lost;     /* the last turn was */
    struct histogram turn, lag;
    int64_t started_wall_ms;
};
struct loop_stats loop_stats(const struct loop *loop);
/* The turn that it runs; NULL before loop_run and after it. */
const struct turn *loop_turn(const struct loop *loop);
/* loop_report.c: all of that, what the process takes, and what the core says. */
void loop_report(const struct loop *loop, const char *daemon, struct report *r);

/* From any thread: fn(arg) runs soon, once, on the loop's thread. */
void loop_defer(struct loop *loop, void (*fn)(void *arg), void *arg);
