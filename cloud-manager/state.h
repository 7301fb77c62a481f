/* state.h - what the core holds in RAM: caches of committed rows, and who waits for an answer.
 *
 * Private to core.c, settle.c, front.c and tier.c. Everything of it can be lost at any time. */
#pragma once

#include "base/list.h"
#include "cloud-manager/core.h"
#include "cloud-manager/ops/op.h"
#include "cloud-manager/ops/room.h"
#include "proto/auth/seal.h"
#include "proto/auth/sigv4.h"
#include "proto/sync/admit.h"
#include "proto/sync/parent.h"

/* A request that is answered later: by a job, by a child, or by its deadline. */
struct cloud_held {
    struct list link;
    enum cloud_held_kind { CLOUD_HELD_JOB, CLOUD_HELD_NOTE } kind;
    struct request request; /* a copy, owned through `arena` */
    struct arena arena;
    uint64_t job_id;   /* of a job */
    const char *note;  /* of a note: "console", "placement" */
    char instance[24]; /* of a note: whose */
    int64_t due_mono_ms;
};

struct cloud_watcher;

/* How requests of an action ended (report.c). */
struct cloud_outcomes {
    uint64_t ok, refused, failed;
};

struct cloud_core {
    struct store *store;
    struct rng rng;
    struct cloud_config config;
    struct sync_parent parent;
    struct admit admit;
    struct cloud_rooms rooms;
    struct sigv4_keys keys;
    const char *no_secret; /* sealed, for key ids that nobody has: equal work */
    struct arena arena;    /* of no_secret */
    struct list held;
    size_t held_len;
    struct list watchers; /* oldest first */
    size_t watchers_len;
    int64_t seals;         /* turns so far, of this life */
    int64_t watch_mono_ms; /* when one of them is to be told something */
    uint64_t next_job;
    uint64_t ids_made; /* so many ids were given in this life (id_new_at) */
    int64_t next_purge_mono_ms;
    int64_t keys_due_mono_ms;                   /* keys are not counted before */
    int64_t keys_told;                          /* as many as there were when dos was told last */
    int64_t pages_due_mono_ms;                  /* pages of groups are not told anew before */
    struct cloud_outcomes asked[CLOUD_ACTIONS]; /* in this life, as `unproven` */
    uint64_t unproven;
    bool pages_wait;     /* some wait for it */
    struct effects *out; /* of the event at hand: hooks of the sync emit there */
};

enum { CLOUD_HELD_MAX = 1000 };

/* The op of an event, on behalf of nobody yet. */
struct cloud_op cloud_core_op(struct cloud_core *c, const struct event *ev);

/* Keeps a request until it is answered; ERR_UNAVAILABLE when too many wait. */
enum err_code cloud_hold(struct cloud_core *c, const struct event *ev, enum cloud_held_kind kind,
                         int64_t due_mono_ms, struct cloud_held **out, struct err *err);
void cloud_held_free(struct cloud_core *c, struct cloud_held *held);
struct cloud_held *cloud_held_by_job(struct cloud_core *c, uint64_t job_id);

/* A request of a subscriber, from its start. When one that was held is taken up again (`is_again`),
 * what it waited for is in `done` (a job) or in the store (a note). */
enum err_code cloud_front_request(struct cloud_core *c, const struct event *ev,
                                  const struct request *request, const struct job_done *done,
                                  bool is_again, struct err *err);
/* Says an error in the spelling of the request. */
void cloud_front_fail(const struct request *request, const struct err *err, struct effects *out);

/* Tells watchers what has changed, after everything else of the turn; ends those whose time is over
 * (watch.c). */
void cloud_watch_seal(struct cloud_core *c, const struct event *at);
/* The turn was lost, and what they were told in it: each is ended and comes again. */
void cloud_watch_lost(struct cloud_core *c);
void cloud_watchers_fini(struct cloud_core *c);

/* Requests of children: sync, join, renew. */
enum err_code cloud_tier_request(struct cloud_core *c, const struct event *ev, struct err *err);
struct admit_hooks cloud_tier_hooks(struct cloud_core *c);

/* Plans everything that is marked, and tells children. Once a turn, before the sync's seal. */
void cloud_settle(struct cloud_core *c, const struct event *ev);
/* The same of security groups and their pages (settle_group.c). */
void cloud_settle_groups(struct cloud_core *c, struct cloud_op *op);
/* Tells children what each should know of keys, secrets and types: at the start, when one joins. */
void cloud_settle_nodes(struct cloud_core *c, const struct event *ev);
