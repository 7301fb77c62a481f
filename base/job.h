/* job.h - blocking work off the loop: a value goes out, a value comes back as EVENT_JOB_DONE.
 *
 * Called by a daemon's performer. A handler runs on a worker thread with nothing but its spec
 * and its own `ctx`; it never touches the core, the store or the loop. Every job ends exactly
 * once within its deadline: with the handler's answer, or with ERR_TIMEOUT (outcome unknown;
 * a later result is dropped), or with ERR_UNAVAILABLE when too many wait already. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct job_pool;

struct job_handler {
    int kind;  /* of struct effect_job */
    void *ctx; /* outlives the pool; shared by threads */
    /* Fills `result` (delivered also beside an error) and `err`. */
    enum err_code (*run)(void *ctx, const void *spec, size_t spec_size, struct buf *result,
                         struct err *err);
};

struct job_options {
    size_t running_max; /* at once; 0 = 4. libuv's own pool has 4 threads unless the environment
                           says otherwise: a hung job holds one of them */
    size_t waiting_max; /* beyond those; 0 = 1024 */
};

/* `handlers` is copied; `options` may be NULL. */
struct job_pool *job_pool_new(struct loop *loop, const struct job_handler *handlers, size_t len,
                              const struct job_options *options);
/* The performer's job(): copies. An unknown kind is our own mistake. */
void job_pool_start(struct job_pool *pool, const struct effect_job *job);
/* Jobs started and not yet ended. */
size_t job_pool_len(const struct job_pool *pool);
/* After loop_run. Waits for running handlers up to `grace_ms`. False when one still runs: pool and
 * loop stay as they are, and the process should exit. */
bool job_pool_free(struct job_pool *pool, int64_t grace_ms);
