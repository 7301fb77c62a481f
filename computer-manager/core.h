/* core.h - the computer-manager as a step core: one host.
 *
 * A child of its cluster-manager. It plans the next action for each instance it was wished
 * and hands it out as a job (model/job.h) to computer-hypervisor, computer-network or a worker.
 * The hypervisor's listing is the truth about what runs; its own rows are memory of orders. */
#pragma once

#include "base/rng.h"
#include "base/store.h"
#include "base/turn.h"
#include "proto/sync/timing.h"

#include <stdint.h>

extern const struct store_schema host_schema;

struct host_config {
    const char *node;
    struct sync_timing timing;
    int64_t job_ms;                          /* deadline of hypervisor and network jobs: 30 s */
    int64_t stop_ms;                         /* an ACPI stop becomes a destroy after this: 90 s */
    int64_t list_ms;                         /* the hypervisor is listed at least this often: 2 s */
    int64_t net_list_ms;                     /* the network is listed this often: 3 s */
    int64_t reserve_mib;                     /* memory kept for the machine: 2 GiB or 5 % */
    int64_t mtu;                             /* of guests */
    int64_t cache_bytes, cache_free_percent; /* bounds of the images' bases (model/cache.h) */
    const char *share_url; /* where other hosts fetch bases of images from here; "" = nowhere */
    const char *tunnel;    /* address where this host's tunnels end; "" = it has none */
    int64_t profile;       /* hardware of an instance that starts for the first time */
};

struct host_core;

struct host_core *host_core_new(struct store *store, const struct rng *rng,
                                const struct host_config *config);
void host_core_free(struct host_core *c);
struct core host_core_as_core(struct host_core *c);
/* For the simulator's checkers: does it believe to hold a lease at this CLOCK_BOOTTIME? */
bool host_core_has_lease(const struct host_core *c, int64_t boot_ms);
/* For the simulator's checkers: between turns, would the plan of any record do something that the
 * last step did not? `why` names it. */
bool host_core_is_planned(struct host_core *c, char *why, size_t size);

/* What the guests' metadata service tells of the instance with that address on that network;
 * NULL where there is none. Borrowed until the next turn. */
struct metadata_instance;
const struct metadata_instance *host_core_metadata(struct host_core *c, int64_t vni,
                                                   uint32_t address);
