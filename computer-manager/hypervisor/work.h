/* work.h - the jobs at hand and the threads that do them.
 *
 * Jobs of one instance are done in the order in which they came, one at a time; jobs of
 * different instances, and those without one (listings, consoles), at once. One thread takes
 * only the latter, so that a listing never waits behind four slow destroys. */
#pragma once

#include "base/list.h"
#include "computer-manager/effect/channel.h"
#include "computer-manager/hypervisor/reboot.h"

#include <stdbool.h>

enum { HOST_WORK_THREADS = 5, HOST_WORK_MAX = 2048, HOST_WORK_BODY_MAX = 512 };

struct host_work {
    struct list link;
    struct channel_head head;
    char order[HOST_ID_SIZE]; /* the instance, or "": needs no order */
    bool is_reset;            /* not a job of the manager's: `run` is due to be reset */
    struct host_guest_run run;
    _Alignas(16) unsigned char body[HOST_WORK_BODY_MAX]; /* head.size bytes; the rest is 0 */
};

struct host_work_queue;

/* `run` is called on the threads; it must not keep the work. */
struct host_work_queue *host_work_new(void (*run)(void *self, const struct host_work *work),
                                      void *self);
/* Copies; false: HOST_WORK_MAX are waiting. */
bool host_work_put(struct host_work_queue *q, const struct host_work *work);
/* Waits for what runs, drops what waits. For tests: the process itself just ends. */
void host_work_free(struct host_work_queue *q);
