/* op.h - what an operation is given: who asks, what it may touch, what time it is.
 *
 * Made by core for each request. Every operation that a subscriber can reach begins with
 * cloud_authorize(); nothing is read or written for them before it. */
#pragma once

#include "base/arena.h"
#include "base/rng.h"
#include "base/store.h"
#include "cloud-manager/core.h"

#include <stdbool.h>
#include <stdint.h>

struct cloud_rooms;

enum cloud_action_id {
#define EC2(id, name, handler, effect, secrecy) CLOUD_DO_##id,
#define STS(id, name, handler, effect, secrecy) CLOUD_DO_##id,
#define REST(id, name, effect, secrecy)         CLOUD_DO_##id,
#include "cloud-manager/ops/actions.def"
#undef EC2
#undef STS
#undef REST
    CLOUD_ACTIONS
};

struct cloud_op {
    struct store *store;
    const struct rng *rng;
    uint64_t *ids_made; /* by this process: what numbers the next id */
    const struct cloud_config *config;
    struct cloud_rooms *rooms; /* what clusters last said of their room; RAM */
    struct arena *arena;       /* of the turn */
    const char *account;       /* who asks; "" = nobody */
    const char *key_id;        /* by which access key */
    bool is_dry_run;
    bool is_recovering; /* after a restore: nothing may change (PROTOCOL R14) */
    int64_t now_ms;     /* the daemon's own time */
    int64_t wall_ms, mono_ms;
};

/* The one choke point: may this caller do that? Denies by default. With a dry run the answer is
 * always an error: ERR_DRY_RUN where it would be allowed. ERR_DENIED, ERR_UNAVAILABLE. */
enum err_code cloud_authorize(const struct cloud_op *op, enum cloud_action_id action,
                              struct err *err);

/* Ended instances are shown from this time of the daemon on. */
int64_t cloud_visible_since(const struct cloud_op *op);
/* "lab" + "a": the zone's name, in the op's arena. */
const char *cloud_zone_name(const struct cloud_op *op, const char *letter);
/* "lab-az1": its id, the same for all accounts. */
const char *cloud_zone_id(const struct cloud_op *op, const char *letter);
/* "i-0123...": a new id in the op's arena. */
const char *cloud_id(const struct cloud_op *op, const char *prefix);
