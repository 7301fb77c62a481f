/* vassal.h - a child of the simulator's own: the least core that uses proto/sync from below.
 *
 * It runs the things that it was wished as domains of the machine's model, by the rules that a
 * host has to follow (PROTOCOL R7, R8, R16, "gone"), and nothing else. */
#pragma once

#include "base/rng.h"
#include "base/store.h"
#include "base/turn.h"
#include "proto/sync/timing.h"

#include <stdbool.h>

extern const struct store_schema vassal_schema;

struct vassal_core;

struct vassal_core *vassal_core_new(struct store *store, const struct rng *rng, const char *node,
                                    const struct sync_timing *timing);
void vassal_core_free(struct vassal_core *v);
struct core vassal_core_as_core(struct vassal_core *v);
bool vassal_core_has_lease(const struct vassal_core *v, int64_t boot_ms);
