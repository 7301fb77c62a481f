/* cloud_rig.h - a cloud-manager's core in a test: hand-signed requests in, answers out, children
 * and jobs played by the test. Virtual time; the store is real SQL in memory. */
#pragma once

#include "base/turn.h"
#include "cloud-manager/core.h"
#include "proto/sync/admit.h"
#include "proto/wire/messages.h"

#include <stdbool.h>

enum { RIG_REPLIES = 64, RIG_JOBS = 16, RIG_FACTS = 256 };

struct rig_reply {
    uint64_t request_id;
    int status;    /* 0 = not answered yet */
    char *body;    /* owned; of one that goes on, all so far */
    bool has_more; /* it goes on */
    char etag[40]; /* of the header; "" without one */
};

struct rig_job {
    uint64_t id;
    int kind;
    struct admit_sign sign; /* of CLOUD_JOB_SIGN */
};

struct rig {
    struct store *store;
    struct rng_seeded seed;
    struct rng rng;
    struct cloud_config config;
    struct cloud_root root;
    struct cloud_core *core;
    struct turn turn;
    struct instant at;
    uint64_t next_request;
    struct rig_reply replies[RIG_REPLIES]; /* the newest; by request id modulo the size */
    struct rig_job jobs[RIG_JOBS];         /* waiting */
    size_t jobs_len;
    struct arena arena; /* what the test was given to read */
};

/* A cloud with its root account, started. */
void rig_init(struct rig *r);
void rig_fini(struct rig *r);
/* The process dies and comes back over the same store. */
void rig_restart(struct rig *r);
/* The store as it was when `dump` was made, opened as the restore tool leaves it. */
void rig_restore(struct rig *r, const void *dump, size_t len);
void rig_advance(struct rig *r, int64_t ms); /* and ticks */

/* A signed POST of `form`; gives the request's number. The clock goes on a second each time, so
 * that no two requests have one signature. */
uint64_t rig_send(struct rig *r, const char *service, const char *form);
/* The same second again: the identical request when `form` is. */
uint64_t rig_resend(struct rig *r, const char *service, const char *form);
/* A signed request to REST, a second later; `more` is a further header or NULL. */
uint64_t rig_rest(struct rig *r, const char *method, const char *target, const char *body,
                  const struct header *more);
uint64_t rig_raw(struct rig *r, const struct request *request);
int rig_status(const struct rig *r, uint64_t request);
const char *rig_body(const struct rig *r, uint64_t request);
/* Sends to ec2 and wants 200: the body, until the next few requests. */
const char *rig_ok(struct rig *r, const char *form);
/* Of one instance: an action that succeeds; its state as its owner is told. */
void rig_ask(struct rig *r, const char *action, const char *instance);
const char *rig_state_of(struct rig *r, const char *instance);
/* Sends to ec2 and wants this error code. */
void rig_fails(struct rig *r, const char *form, int status, const char *code);
/* Another account, made as the admin's command makes it. */
enum err_code rig_account(struct rig *r, const char *name, struct cloud_root *out);
/* The text of the first (or, from `after`, next) <name>...</name>; NULL when there is none. */
const char *rig_text(struct rig *r, const char *body, const char *name);
size_t rig_count(const char *body, const char *text);

/* Ends the oldest waiting job with `result`. */
void rig_job_done(struct rig *r, enum err_code code, const void *result, size_t size);

/* A child that plays by the protocol as far as these tests need. */
struct rig_child {
    char node[64];
    char boot[40], serial[41];
    int64_t boot_n;
    char store_id[40], start_id[40];
    char link_key[65], zone[32];
    int64_t seq, applied, fact, acked;
    uint64_t sum; /* over the facts said */
    struct {
        char kind[32], id[64];
        int64_t generation, number;
    } said[RIG_FACTS];
    size_t said_len;
    const char *capacity;             /* said with every sync */
    struct wire_item held[RIG_FACTS]; /* every wish and tombstone recorded; in the rig's arena */
    size_t held_len;
    struct wire_sync_reply last; /* in the rig's arena */
};

/* Joins by token; `kind` is "cluster" or "dos". */
void rig_join(struct rig *r, struct rig_child *c, const char *kind, const char *node);
/* Says a fact and takes the answer into c->last; applies all wishes. `body` may be NULL: gone. */
void rig_say(struct rig *r, struct rig_child *c, const char *kind, const char *id,
             int64_t generation, const char *body);
/* Takes what there is to take, says nothing. */
void rig_pull(struct rig *r, struct rig_child *c);
void rig_capacity(struct rig *r, struct rig_child *c, const char *capacity_json);
/* After a restore: meets the new start, then returns all it holds. */
void rig_return(struct rig *r, struct rig_child *c);
/* Ephemeral: a note to the cloud. */
void rig_tell(struct rig *r, struct rig_child *c, const char *kind, const char *id,
              const char *body);
/* The newest wish of that id in c->last, or NULL. */
const struct wire_item *rig_wish(const struct rig_child *c, const char *kind, const char *id);

/* The newest that it ever recorded of that id, or NULL. */
const struct wire_item *rig_known(const struct rig_child *c, const char *kind, const char *id);

/* Who the cluster knows to be in the group, as "172.31.0.4 172.31.0.5" in the rig's arena: by all
 * pages that it ever recorded and that have not ended. */
const char *rig_members(struct rig *r, const struct rig_child *c, const char *group);

/* A cluster "laba" with much room, a dos, and an available image; its id is in the rig's arena. */
struct rig_world {
    struct rig_child cluster, dos;
    const char *image;
};
void rig_world(struct rig *r, struct rig_world *w);
/* The cluster is heard, then runs one instance with `more` parameters ("" or "&X=Y"); its id in the
 * rig's arena. */
const char *rig_run(struct rig *r, struct rig_world *w, const char *more);

/* Set-up and tear-down of a test of cmocka's: a rig, and a world in it unless it is bare. */
extern struct rig rig;
extern struct rig_world world;
int rig_set_up(void **state);
int rig_set_up_bare(void **state);
int rig_tear_down(void **state);
#define RIG_TEST(name)      cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)
#define RIG_TEST_BARE(name) cmocka_unit_test_setup_teardown(name, rig_set_up_bare, rig_tear_down)
