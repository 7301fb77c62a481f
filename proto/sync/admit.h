/* admit.h - the parent's side of joining: tokens, signatures, renewals (PROTOCOL 10).
 *
 * Owned by a parent's core. Signing needs the CA's key and is a job of the shell: admit hands
 * out a spec and takes the signed text back. Tables live in the core's store.
 *
 *   POST /v1/join  (token) --> ADMIT_JOB --> sync_parent_add, 200 wire_joined
 *   POST /v1/renew (certificate, perhaps expired, same key) --> ADMIT_JOB --> 200 */
#pragma once

#include "base/event.h"
#include "base/rng.h"
#include "base/store.h"
#include "proto/sync/parent.h"

#include <stdint.h>

extern const char admit_schema[];

/* What the shell is to sign: the CSR's key for this node. Result: PEM of the leaf and, above it,
 * every intermediate. */
struct admit_sign {
    char node[64];
    char kind[16];
    char csr[8192];
    unsigned char seed[32]; /* randomness of the core, for the serial */
    int64_t wall_ms;
};

enum { ADMIT_PENDING_MAX = 32, ADMIT_TOKEN_LIFE_MS = 15 * 60 * 1000 };

struct admit_pending {
    uint64_t job_id; /* 0 = free */
    uint64_t request_id;
    char node[64], kind[16];
    char token_hash[65], csr_hash[65];
};

/* What a child is told beside its certificate; borrowed. */
struct admit_facts {
    const char *ca_pem, *parent, *region, *zone;
};

struct admit {
    struct store *store;
    struct rng rng;
    struct sync_parent *parent;
    int job_kind;
    struct admit_facts facts;
    struct admit_pending pending[ADMIT_PENDING_MAX];
};

void admit_init(struct admit *a, struct store *store, const struct rng *rng,
                struct sync_parent *parent, int job_kind, const struct admit_facts *facts);
/* Lets one node of that kind in, once, until wall_ms + life. `hash` is token_hash() of the text.
 * Also for another process on the same store (the admin's command). */
void admit_token_add(struct store *store, const char *hash, const char *node, const char *kind,
                     int64_t expires_wall_ms);
/* Each emits a job numbered `job_id`; the answer to the request comes with admit_signed. */
enum err_code admit_join(struct admit *a, const struct event *ev, uint64_t job_id,
                         struct effects *out, struct err *err);
enum err_code admit_renew(struct admit *a, const struct event *ev, uint64_t job_id,
                          struct effects *out, struct err *err);
/* The transaction was lost: forgets what waits; a node that asked asks again. */
void admit_reload(struct admit *a);
/* The job's result; false when it is not one of ours. */
bool admit_signed(struct admit *a, const struct event *ev, struct effects *out);
