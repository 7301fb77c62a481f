/* admit.h - the parent's side of joining: tokens, signatures, renewals (PROTOCOL 10).
 *
 * Owned by a parent's core. Signing needs the CA's key and is a job of the shell: admit hands
 * out a spec and takes the signed text back. Tables live in the core's store.
 *
 *   POST /v1/join  (token) --> a job --> sync_parent_add, on_admit, 200 wire_joined
 *   POST /v1/renew (certificate, perhaps expired, same key) --> a job --> 200 wire_joined
 *
 * A request that is repeated, because its answer was lost or the network doubled it, gets the
 * answer of the first: one key, one certificate, one link key. */
#pragma once

#include "base/event.h"
#include "base/rng.h"
#include "base/store.h"
#include "proto/sync/parent.h"

#include <stdint.h>

extern const char admit_schema[];

enum { ADMIT_SERIAL_SIZE = 16 };

/* What the shell is to sign: the CSR's key for this node. Result: PEM of the leaf and, above it,
 * every intermediate. */
struct admit_sign {
    char node[64];
    char kind[16];
    char csr[8192];
    unsigned char serial[ADMIT_SERIAL_SIZE]; /* of the leaf, drawn by the core */
    int64_t wall_ms;
};

/* For cert_sign, in the shell: draws that serial. */
struct rng admit_sign_rng(struct admit_sign *sign);

enum { ADMIT_PENDING_MAX = 32, ADMIT_TOKEN_LIFE_MS = 15 * 60 * 1000 };

struct admit_pending {
    uint64_t job_id; /* 0 = free */
    uint64_t request_id;
    char node[64], kind[16];
    char serial[2 * ADMIT_SERIAL_SIZE + 1];
    char token_hash[65], csr_hash[65]; /* "" of a renewal */
};

/* What the core adds to it. */
struct admit_hooks {
    void *core;
    /* It came in by a token and is a child now: rows of the core's own. An error lets nobody in.
     * NULL: there are none. */
    enum err_code (*on_admit)(void *core, const char *node, const char *kind,
                              const struct event *ev, struct err *err);
    /* What it is told beside its certificate; texts in `arena`. Appends the key (hex) that secrets
     * are sealed with on its link, if there is one; `link_key` is NULL when it renews. */
    void (*on_told)(void *core, const char *node, struct arena *arena, struct buf *link_key,
                    struct wire_joined *out);
};

struct admit {
    struct store *store;
    struct rng rng;
    struct sync_parent *parent;
    int job_kind;
    struct admit_hooks hooks;
    struct admit_pending pending[ADMIT_PENDING_MAX];
};

void admit_init(struct admit *a, struct store *store, const struct rng *rng,
                struct sync_parent *parent, int job_kind, const struct admit_hooks *hooks);
/* Lets one node of that kind in, once, until wall_ms + life. `hash` is token_hash() of the text.
 * Also for another process on the same store (the admin's command). */
void admit_token_add(struct store *store, const char *hash, const char *node, const char *kind,
                     int64_t expires_wall_ms);
/* Each emits a job numbered `job_id`, and the answer comes with admit_signed; or an answer, where
 * it was given before. ERR_TOKEN_INVALID, ERR_PEER_DENIED, ERR_PEER_UNKNOWN. */
enum err_code admit_join(struct admit *a, const struct event *ev, uint64_t job_id,
                         struct effects *out, struct err *err);
enum err_code admit_renew(struct admit *a, const struct event *ev, uint64_t job_id,
                          struct effects *out, struct err *err);
/* The transaction was lost: forgets what waits; a node that asked asks again. */
void admit_reload(struct admit *a);
/* The job's result: the node is let in and told. An error is said by the core's fail, to ... */
enum err_code admit_signed(struct admit *a, const struct event *ev, struct effects *out,
                           struct err *err);
/* ... this request, which waits no more; 0 = nobody waits for that job. */
uint64_t admit_failed(struct admit *a, uint64_t job_id);
