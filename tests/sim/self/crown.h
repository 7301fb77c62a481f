/* crown.h - a stand-in for the cloud-manager: instances for clusters, and nothing else.
 *
 * It lets cluster-manager and computer-manager be tested under faults without the public API.
 * Requests of subscribers (text), each with a token T that makes it idempotent: "run T",
 * "stop T ID", "start T ID", "reboot T ID", "terminate T ID"; "list" answers lines
 * "ID TOKEN STATE" with EC2's states. 200 done (for run: the id), 400 never, 503 later. */
#pragma once

#include "base/rng.h"
#include "base/store.h"
#include "base/turn.h"
#include "proto/sync/timing.h"

extern const struct store_schema crown_schema;

enum { CROWN_IMAGE_BYTES = 1 << 20 };

struct crown_core;

struct crown_core *crown_core_new(struct store *store, const struct rng *rng,
                                  const struct sync_timing *timing);
void crown_core_free(struct crown_core *c);
struct core crown_core_as_core(struct crown_core *c);
