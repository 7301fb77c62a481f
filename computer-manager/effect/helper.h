/* helper.h - a helper process of the manager: computer-hypervisor, computer-network.
 *
 * Started with its end of a socket pair at descriptor 3, watched, given jobs, and started again
 * whenever it ends. A job that passes its deadline means that the helper hangs: it is killed,
 * and every job that it had been given is answered ERR_TIMEOUT, because nobody knows what has
 * become of them. Jobs that were not sent yet wait for the next process.
 *
 * Without privilege a helper cannot be our child: then it is a service of its own, started by who
 * listens at socket_path for each connection (see tether.h). It is let go of instead of killed, and
 * the next one is asked for when it has ended.
 *
 * Belongs to the loop's thread; no callback is called inside a call from outside. */
#pragma once

#include "base/event.h"
#include "computer-manager/effect/channel.h"

#include <stdint.h>
#include <sys/types.h>

struct uv_loop_s;
struct host_helper;

enum { HOST_HELPER_JOBS_MAX = 4096 };

struct host_helper_config {
    const char *name;                       /* for the log; borrowed */
    const char *const *argv;                /* ended by NULL; borrowed; NULL with socket_path */
    const char *socket_path;                /* NULL = a child by argv; borrowed */
    int64_t respawn_min_ms, respawn_max_ms; /* back-off: doubles from min while it keeps ending */
    void *self;
    /* Exactly once for each job: the helper's answer; ERR_TIMEOUT (outcome unknown: deadline, or
     * the process ended); ERR_UNAVAILABLE (it was never sent). Borrowed for the call. */
    void (*done)(void *self, const struct job_done *done);
    /* What it said unasked (job_id 0). Whoever keeps m->fd sets it to -1, else it is closed. */
    void (*said)(void *self, struct channel_message *m);
    /* A process was started, or will be by our connection: whatever an earlier one held open is
     * gone. May be NULL. */
    void (*started)(void *self);
};

/* Starts the first process soon. */
struct host_helper *host_helper_new(struct uv_loop_s *uv, const struct host_helper_config *config);
/* Copies the job. */
void host_helper_submit(struct host_helper *h, const struct effect_job *job);
/* Jobs not answered yet. */
size_t host_helper_len(const struct host_helper *h);
/* Of the child that runs now; 0 = none. For tests. */
pid_t host_helper_pid(const struct host_helper *h);
/* Kills the process and drops its jobs without an answer; memory goes when the loop has run. */
void host_helper_close(struct host_helper *h);
