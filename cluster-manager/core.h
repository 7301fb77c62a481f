/* core.h - the cluster-manager as a step core: one availability zone.
 *
 * A child of the cloud-manager and the parent of its hosts. It chooses the host of each
 * instance, passes wishes down and facts up, and knows nothing of accounts' policies. */
#pragma once

#include "base/rng.h"
#include "base/store.h"
#include "base/turn.h"
#include "cluster-manager/model/place.h"
#include "proto/sync/timing.h"

#include <stdint.h>

extern const struct store_schema cluster_schema;

struct cluster_config {
    const char *node; /* own name: the common name of its certificate */
    struct sync_timing timing;
    unsigned char link_key[32]; /* opens what the cloud sealed for this link */
    const char *ca_pem;         /* root of the tiers, for hosts that join; "" in the simulator */
    const char *region, *zone;
    enum place_strategy strategy;
    int64_t vcpu_overcommit_pct; /* 400 = four vCPUs a core */
    int64_t disk_overcommit_pct; /* 100 = none */
};

enum cluster_job_kind {
    CLUSTER_JOB_SIGN = 1, /* spec: struct admit_sign; result: PEM, signed by the intermediate CA */
};

struct cluster_core;

struct cluster_core *cluster_core_new(struct store *store, const struct rng *rng,
                                      const struct cluster_config *config);
void cluster_core_free(struct cluster_core *c);
struct core cluster_core_as_core(struct cluster_core *c);
/* For the simulator's checkers: does it call that host dead? */
bool cluster_core_calls_down(const struct cluster_core *c, const char *host, int64_t mono_ms);
/* For the simulator's checkers: between turns, are the hosts that placing sees in RAM what their
 * rows and words say? `why` names the first that is not. */
bool cluster_core_is_counted(struct cluster_core *c, char *why, size_t size);
