/* child.h - the child's end of a link: takes wishes, says facts (PROTOCOL 1-4).
 *
 * Owned by a core (computer-manager, cluster-manager, dos). Recorded wishes and facts are rows
 * of the core's store (tables got and said). It calls its parent by effects, from seal.
 *
 * What it takes: wishes only from an answer that echoes this run's boot and a seq greater than
 * the last it had sent when it last recorded wishes. A foreign store_id is refused until the
 * node joins anew. */
#pragma once

#include "base/event.h"
#include "base/report.h"
#include "base/rng.h"
#include "base/store.h"
#include "proto/sync/timing.h"
#include "proto/wire/messages.h"

#include <stdbool.h>
#include <stdint.h>

extern const char sync_child_schema[];

struct sync_child_hooks {
    void *core;
    /* A wish or tombstone was recorded. An error becomes a fact with that error and never
     * blocks; borrowed. */
    enum err_code (*on_wish)(void *core, const struct wire_item *wish, const struct event *ev,
                             struct err *err);
    /* Kinds that nothing is made of, NULL-terminated; NULL = none. When both ends have come to
     * agree again on what is wished, what is left of these from a former life of this store has
     * ended: its tombstone was confirmed by the life that is undone. */
    const char *const *loose;
    /* The parent asks something ephemeral: answer with sync_child_tell, now or later. */
    void (*on_ask)(void *core, const struct wire_note *note, const struct event *ev);
    /* What to say of room and health with the next sync: fills the bufs (JSON, text). */
    void (*on_capacity)(void *core, struct buf *capacity_json, struct buf *health);
};

/* One outstanding call. */
struct sync_call {
    uint64_t call_id; /* 0 = none */
    int64_t seq, facts_to;
    bool carries; /* facts, or returned items, or notes */
};

struct sync_child {
    struct store *store;
    struct rng rng;
    struct sync_child_hooks hooks;
    struct sync_timing timing;
    const char *peer; /* name of the parent in effect_call */
    char node[64];
    char boot[40];               /* random id of this run */
    int64_t seq;                 /* last seq sent */
    int64_t taken_seq;           /* answers at or below it are not taken wishes from */
    struct sync_call idle, busy; /* one without facts (held there), one with */
    int64_t retry_mono_ms;       /* no call before */
    bool waiting;                /* something is to be sent then */
    int64_t seen_ack;            /* facts of this boot that the parent has committed */
    int64_t full_to;             /* last fact number of the first full of this boot */
    bool listed;                 /* this run's first listing was taken */
    bool fresh;                  /* an answer whose wishes are all recorded came in this run */
    int64_t lease_until_boot_ms; /* R3; 0 = none */
    bool returning;              /* need_all: what is held goes up */
    char held_for[40];
    int64_t held_ack;
    struct buf tells; /* encoded notes to send, comma separated */
    size_t tells_len;
};

void sync_child_init(struct sync_child *c, struct store *store, const struct rng *rng,
                     const char *node, const char *peer, const struct sync_child_hooks *hooks,
                     const struct sync_timing *timing);
void sync_child_fini(struct sync_child *c);
/* At EVENT_START: a new boot; every fact gets a new number. */
void sync_child_start(struct sync_child *c, const struct event *ev);
void sync_child_reload(struct sync_child *c);
/* This run's first listing was taken: fulls count from now on. */
void sync_child_listed(struct sync_child *c);

/* Is this the reply to one of its calls? Then it is taken here. */
bool sync_child_reply(struct sync_child *c, const struct event *ev);

/* Says a fact; the same fact again writes nothing. */
void sync_child_say(struct sync_child *c, const char *kind, const char *id, int64_t generation,
                    int64_t pepoch, const char *body);
/* Says that what the tombstone at `pepoch` ended is gone; the got row stays for tombstone_ms. */
void sync_child_gone(struct sync_child *c, const char *kind, const char *id, int64_t generation,
                     int64_t pepoch, const struct event *ev);
/* After a RECOVERY below: a wish or tombstone of the parent's that a child of ours has and this
 * store has forgotten is recorded as if it had come, so that it is returned when the parent was
 * restored too. What is newer here stands, and an end is never taken back. */
void sync_child_adopt(struct sync_child *c, const struct wire_item *wish);
void sync_child_tell(struct sync_child *c, const char *kind, const char *id, const char *body);
/* Is there room for another before the next sync? */
bool sync_child_can_tell(const struct sync_child *c);

/* R16: was an answer, all its pages recorded, taken in this run? */
bool sync_child_is_fresh(const struct sync_child *c);
/* R3. `boot_ms` is CLOCK_BOOTTIME. */
bool sync_child_has_lease(const struct sync_child *c, int64_t boot_ms);
/* The parent's revision up to which wishes are recorded here. */
int64_t sync_child_applied_rev(struct sync_child *c);

/* report.c: is the parent heard, and has it recorded all that was said? */
void sync_child_report(const struct sync_child *c, const struct instant *now, struct report *r);
void sync_child_seal(struct sync_child *c, const struct event *at, struct effects *out);
int64_t sync_child_wake_at(const struct sync_child *c);
