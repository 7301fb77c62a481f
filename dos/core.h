/* core.h - the index of dos as a step core: who owns which bucket, where the bytes of each object
 * are, which files nobody needs any more, which images are to be imported.
 *
 * Links no libuv, libcurl or libmicrohttpd. Events: ops (op.h), finished jobs (jobs.h), ticks.
 * Effects: answers, and the jobs of jobs.h. */
#pragma once

#include "base/rng.h"
#include "base/turn.h"
#include "dos/op.h"
#include "proto/sync/timing.h"

struct dos_core;

/* A zero means the value in brackets. */
struct dos_limits {
    int64_t buckets_max;     /* of one account (1000) */
    int64_t image_bytes_max; /* virtual size of an image (64 GiB) */
    int64_t garbage_ms;      /* how long a file stays after its last row is gone (5 min) */
    int64_t scan_ms;         /* one folder is looked through for orphans this often (60 s) */
};

struct dos_config {
    const char *node; /* our name in syncs; "" = without a cloud: only what the store holds */
    const char *url;  /* where hosts fetch chunks: "https://host:8783" */
    struct sync_timing timing;
    struct dos_limits limits;
};

/* `store` was opened with dos_schema(); `rng` makes the ids of uploads. Both outlive the core;
 * `config` is copied, its texts are borrowed. */
struct dos_core *dos_core_new(struct store *store, const struct rng *rng,
                              const struct dos_config *config);
void dos_core_free(struct dos_core *core);
/* For turn_init; `self` is the core. */
struct core dos_core_steps(struct dos_core *core);
