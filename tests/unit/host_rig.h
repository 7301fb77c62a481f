/* host_rig.h - a computer-manager's core in a test: wishes come by hand, jobs wait until the test
 * answers them. Virtual time; the store is real SQL in memory; the link to the parent is silent. */
#pragma once

#include "base/turn.h"
#include "computer-manager/host.h"
#include "proto/wire/messages.h"

enum { RIG_JOBS = 64 };

#define RIG_ID    "i-0123456789abcdef0"
#define RIG_GROUP "sg-0123456789abcdef0"

struct rig_job {
    uint64_t id;
    int kind;
    void *spec; /* owned */
};

struct host_rig {
    struct store *store;
    struct rng_seeded seed;
    struct rng rng;
    struct host_config config;
    struct host_core *core;
    struct core real; /* of the core; the turn holds a wrapper */
    struct turn turn;
    struct instant at;
    struct wire_item wish;         /* to be taken with the next event; kind NULL = none */
    struct rig_job jobs[RIG_JOBS]; /* given out and not answered */
    size_t jobs_len;
    struct arena arena; /* what the test was given to read */
};

/* Started, in a boot of the machine whose wishes are fresh. */
void host_rig_init(struct host_rig *r);
void host_rig_fini(struct host_rig *r);
/* The process dies and comes back over the same store; jobs under way are lost. */
void host_rig_restart(struct host_rig *r);
/* As a store that was lost: nothing is known but what is wished. */
void host_rig_forget(struct host_rig *r);
void host_rig_pass(struct host_rig *r, int64_t ms); /* and ticks */

/* A good instance and its port, on the network 10. */
struct wire_instance host_rig_instance(void);
void host_rig_wish(struct host_rig *r, int64_t generation, const struct wire_instance *body);
/* That one address of that page of RIG_GROUP is a member's, "172.31.4.0" and 7; or, with -1, that
 * the page ends. On the network 10. */
void host_rig_wish_member(struct host_rig *r, const char *base, int at);
void host_rig_end(struct host_rig *r, int64_t generation);
/* Of any other kind; `gone` "" and a body, or an end. */
void host_rig_wish_other(struct host_rig *r, const char *kind, const char *id, const char *gone,
                         const char *body);

/* The oldest job of that kind, or NULL. */
struct rig_job *host_rig_job(struct host_rig *r, int kind);
/* Answers the oldest of that kind, which must be there. `text` "" = fine. */
void host_rig_done(struct host_rig *r, int kind, enum err_code code, const char *text,
                   const void *result, size_t size);
void host_rig_ok(struct host_rig *r, int kind);
/* Something is said that nobody ordered. */
void host_rig_hear(struct host_rig *r, int kind, const void *result, size_t size);
/* Answers every listing of domains that waits: one domain in that state; -1 = none at all. */
void host_rig_list(struct host_rig *r, int state, int64_t profile);
/* Answers what a start asks for, until it runs: base, root, port, start. */
void host_rig_run(struct host_rig *r);

/* The fact that stands for the instance; texts until the next call. */
struct wire_instance_seen host_rig_seen(struct host_rig *r);
