/* lord.h - a parent of the simulator's own: the least core that uses proto/sync from above.
 *
 * It keeps things: made for a token, moved, ended, each with one of few addresses, which is
 * freed when the last tombstone is. It lets proto/sync and the simulator be tested apart from
 * the product's managers. Requests of subscribers (text): "make TOKEN", "end ID", "move ID",
 * "join NAME SERIAL": by the certificate of a new installation. "list"; answers: "ID ADDRESS", "",
 * "", lines "ID TOKEN STATE". And banners, one for each child: "raise NUMBER CHILD", "lower NUMBER
 * CHILD"; answer: the NUMBER of the newest order. */
#pragma once

#include "base/rng.h"
#include "base/store.h"
#include "base/turn.h"
#include "proto/sync/timing.h"

extern const struct store_schema lord_schema;

struct lord_core;

struct lord_core *lord_core_new(struct store *store, const struct rng *rng,
                                const struct sync_timing *timing);
void lord_core_free(struct lord_core *l);
struct core lord_core_as_core(struct lord_core *l);
/* Before its first start: a child is known, by its first certificate. */
void lord_found(struct store *store, const char *child, const char *serial, int64_t since_ms);
bool lord_core_calls_down(const struct lord_core *l, const char *child, int64_t mono_ms);
