/* parent.h - the parent's end of every link: wishes go down, facts come up (PROTOCOL 1-4).
 *
 * Owned by a core (cloud-manager, cluster-manager). Its rows live in the core's store, so a
 * wish commits together with what it was made from. Nothing here does I/O; answers leave as
 * effects from sync_parent_seal, encoded after the turn's last event.
 *
 *   sync_parent_init -> sync_parent_start (EVENT_START) -> sync_parent_request / _want / _tick
 *   -> sync_parent_seal (once a turn, last)
 *
 * Wishes are keyed (child, kind, id, pepoch). A want whose id still has a tombstone `moved` on
 * another child (or an older pepoch on the same) is withheld until that one's gone fact (R10).
 * A tombstone is dropped, and what it blocked appears, when its gone fact is committed. */
#pragma once

#include "base/event.h"
#include "base/list.h"
#include "base/map.h"
#include "base/report.h"
#include "base/rng.h"
#include "base/store.h"
#include "proto/sync/timing.h"
#include "proto/wire/messages.h"

#include <stdbool.h>
#include <stdint.h>

/* SQL of its tables: part of the owner's first migration. */
extern const char sync_parent_schema[];

/* What the core hears. Called inside the turn; all pointers are borrowed. */
struct sync_parent_hooks {
    void *core;
    /* A fact was recorded. `fact->gone` != "": that wish's object is no more, its tombstone was
     * dropped. A fact under an older generation or pepoch than wished is passed on too: the
     * core compares. Facts of one sync come in the order of their numbers. */
    void (*on_fact)(void *core, const char *node, const struct wire_item *fact,
                    const struct event *ev);
    /* Ephemeral: what the child says of its room and health, with every sync. */
    void (*on_capacity)(void *core, const char *node, const char *capacity_json, const char *health,
                        const struct event *ev);
    void (*on_tell)(void *core, const char *node, const struct wire_note *note,
                    const struct event *ev);
    /* All children returned what they hold after a restore (R14): the core merges the rows of the
     * table `returned` (node, kind, id, pepoch, generation, gone, body) with its own, by want and
     * end as always. NULL: this parent cannot merge, and stays in RECOVERY. */
    void (*on_recovered)(void *core, const struct event *ev);
};

enum sync_child_state { SYNC_CHILD_UNKNOWN, SYNC_CHILD_UP, SYNC_CHILD_SUSPECT, SYNC_CHILD_DOWN };

struct sync_parent {
    struct store *store;
    struct rng rng;
    struct sync_parent_hooks hooks;
    struct sync_timing timing;
    struct map children;     /* node -> struct sync_link, RAM only */
    struct list held;        /* links whose idle sync is held, oldest first: as they fall due */
    struct list dirty;       /* links that this turn has something for */
    struct list curious;     /* of the held ones those that follow what changed, oldest first */
    int64_t round_mono_ms;   /* before that none of the curious is answered */
    size_t unheard;          /* links that were not heard in this run */
    int64_t started_mono_ms; /* of this run: R5 */
    int64_t turn_rev;        /* rev of the open turn, 0 until a wish is written in it */
    int64_t turn_n;          /* turns sealed in this run */
};

void sync_parent_init(struct sync_parent *p, struct store *store, const struct rng *rng,
                      const struct sync_parent_hooks *hooks, const struct sync_timing *timing);
void sync_parent_fini(struct sync_parent *p);
/* At EVENT_START: appends this start to the table of starts, loads the children. */
void sync_parent_start(struct sync_parent *p, const struct event *ev);
/* The transaction was lost: forget what RAM holds of it. */
void sync_parent_reload(struct sync_parent *p);

/* Makes a child known (by joining) or lets it in again, perhaps with a new store; `kind`:
 * "cluster", "dos", "host". */
void sync_parent_add(struct sync_parent *p, const char *node, const char *kind, const char *serial);
/* A new certificate of a child that stays what it is. */
void sync_parent_renew(struct sync_parent *p, const char *node, const char *serial);
/* Its certificates are refused from now on. */
void sync_parent_remove(struct sync_parent *p, const char *node);

/* POST /v1/sync. The answer comes by seal, at once or held. ERR_PEER_* for a foreign, removed or
 * expired certificate or a node that speaks for another (I17). */
enum err_code sync_parent_request(struct sync_parent *p, const struct event *ev, struct err *err);

/* Wishes `body` (JSON text) for (kind, id); replaces an older wish for the same pepoch. */
void sync_parent_want(struct sync_parent *p, const char *node, const char *kind, const char *id,
                      int64_t generation, int64_t pepoch, const char *body);
/* Turns the wish into a tombstone, "deleted" or "moved"; also where there was no wish yet. The
 * child keeps the wish's body with it, and returns both in RECOVERY. */
void sync_parent_end(struct sync_parent *p, const char *node, const char *kind, const char *id,
                     int64_t generation, int64_t pepoch, const char *gone);
/* The same, and the tombstone carries `body`: for this parent itself, after a restore. */
void sync_parent_end_with(struct sync_parent *p, const char *node, const char *kind, const char *id,
                          int64_t generation, int64_t pepoch, const char *gone, const char *body);
/* Drops a live wish that needs no tombstone because nothing is made from it (a group, a key)
 * and says so to the child as `deleted`. */
void sync_parent_drop(struct sync_parent *p, const char *node, const char *kind, const char *id);
/* The same of all whose ids begin with `id` and a slash. */
void sync_parent_drop_under(struct sync_parent *p, const char *node, const char *kind,
                            const char *id);
/* Is (kind, id) wished of the child, at pepoch 0, with that body? */
bool sync_parent_wishes(struct sync_parent *p, const char *node, const char *kind, const char *id,
                        const char *body);
/* Wishes (kind, id) of every child that follows the topic, at pepoch 0, and of each that will; the
 * same again writes nothing. One row however many follow. They hear of it in rounds, a few at a
 * time: it is no hurry, and what comes meanwhile goes along. */
void sync_parent_share(struct sync_parent *p, const char *topic, const char *kind, const char *id,
                       int64_t generation, const char *body);
/* Drops it, as sync_parent_drop does, for each of them. */
void sync_parent_unshare(struct sync_parent *p, const char *kind, const char *id);
/* From now on the child is wished what the topic holds; or no more. */
void sync_parent_follow(struct sync_parent *p, const char *node, const char *topic);
void sync_parent_unfollow(struct sync_parent *p, const char *node, const char *topic);
/* Of that kind the child is to know these and no others, at pepoch 0: wishes what is not wished so
 * yet, under this turn's revision as its generation, and drops the rest. */
struct sync_kept {
    const char *id, *body;
};
void sync_parent_keep(struct sync_parent *p, const char *node, const char *kind,
                      const struct sync_kept *list, size_t len);
/* Is there a live wish or a tombstone of that id on any child? */
bool sync_parent_holds(struct sync_parent *p, const char *kind, const char *id);
/* The revision of what this turn has wished; 0 before its first wish. */
int64_t sync_parent_rev(const struct sync_parent *p);
/* Asks the child something ephemeral with its next answer. */
void sync_parent_ask(struct sync_parent *p, const char *node, const char *kind, const char *id);

/* UP until suspect_ms without a sync; DOWN when its lease is over by R4 and R5. */
enum sync_child_state sync_parent_child_state(const struct sync_parent *p, const char *node,
                                              int64_t mono_ms);
/* Until when it stays UP if it is not heard again, mono_ms; before `mono_ms` = it is not. */
int64_t sync_parent_up_until(const struct sync_parent *p, const char *node, int64_t mono_ms);
/* Was it heard within suspect_ms, whatever became of its lease? */
bool sync_parent_is_heard(const struct sync_parent *p, const char *node, int64_t mono_ms);
/* Is there a child that was not heard in this run and may still live? */
bool sync_parent_awaits(const struct sync_parent *p, int64_t mono_ms);
/* In RECOVERY nothing is wished, freed, moved or created (R14). */
bool sync_parent_in_recovery(struct sync_parent *p);
/* For the tool that puts a backup in place: the next start opens this store in RECOVERY. */
void sync_parent_open_recovery(struct store *store);

/* Answers what is due; the last word of a turn. */
void sync_parent_seal(struct sync_parent *p, const struct event *at, struct effects *out);
/* report.c: who of the children is up, and who has not recorded all that is wished. */
void sync_parent_report(const struct sync_parent *p, const struct instant *now, struct report *r);
/* When a held answer or a child's state is due, mono_ms. */
int64_t sync_parent_wake_at(const struct sync_parent *p);
