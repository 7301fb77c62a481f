/* turn.h - one turn of a daemon: events in, one transaction, effects out.
 *
 *   BEGIN
 *     for each event: SAVEPOINT; step; RELEASE      (a failed event is rolled back alone)
 *     seal                                          (messages between tiers: encoded last)
 *   COMMIT                                          (one fsync for all of them)
 *   the caller performs the effects
 *
 * The same code runs in the daemons and in the simulator; only who calls it differs. */
#pragma once

#include "base/event.h"
#include "base/report.h"
#include "base/store.h"

/* A step core, as the turn sees it. No function does I/O, reads a clock or draws randomness
 * but through what the core was made with. */
struct core {
    void *self;
    /* One event. An error rolls the event back; its effects are dropped. */
    enum err_code (*step)(void *self, const struct event *ev, struct effects *out, struct err *err);
    /* Says an error to whoever asked; called after the rollback. Reads nothing, writes nothing. */
    void (*fail)(void *self, const struct event *ev, const struct err *err, struct effects *out);
    /* Encodes messages of both directions; the last word before COMMIT. */
    void (*seal)(void *self, const struct event *at, struct effects *out);
    /* The transaction was lost: rebuild what RAM holds from the store. */
    void (*reload)(void *self);
    /* When it next wants EVENT_TICK, in mono_ms; INT64_MAX = never. */
    int64_t (*wake_at)(const void *self);
    /* What it has to say of itself, read between turns; NULL = nothing. Writes nothing. */
    void (*report)(const void *self, const struct instant *now, struct report *r);
};

struct turn {
    struct core core;
    struct store *store;
    int64_t now_base_ms;  /* the largest now_ms committed when this run began */
    int64_t mono_base_ms; /* mono clock when this run began */
    /* Set by the loop, which wants to know what commits take; NULL = nobody does. */
    int64_t (*watch_us)(void);
    struct histogram commits; /* of what changed the store */
    bool is_refused;          /* the log says that turns are lost */
    int64_t told_ms;          /* when it said so last, by the mono clock */
    uint64_t untold;          /* lost since then */
};

enum turn_outcome {
    TURN_COMMITTED, /* effects are to be performed */
    TURN_LOST, /* rolled back as a whole (disk full, busy): effects are 503s, and what reads said */
    TURN_UNKNOWN, /* COMMIT met an I/O error: no effects, the process ends and the next finds out */
};

/* Reads the committed time of `store`; `at` is the clocks' reading now. */
void turn_init(struct turn *t, const struct core *core, struct store *store,
               const struct instant *at);
/* The daemon's time at `at`: the largest ever committed plus what passed since this start. */
int64_t turn_now_ms(const struct turn *t, const struct instant *at);
/* Runs events[0..len) as one turn; fills in their now_ms. */
enum turn_outcome turn_run(struct turn *t, struct event *events, size_t len, struct effects *out);
