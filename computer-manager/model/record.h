/* record.h - one placement of an instance on this host: what is wished, what was ordered, what
 * the hypervisor last listed. The planner reads it, the core changes it. Pure.
 *
 *   wished running:  base -> root -> groups -> port -> start -> RUNNING
 *   wished stopped:  shutdown -> (deadline) destroy -> OFF
 *   wished gone:     erase -> listed absent -> unport -> disk erased -> the gone fact
 */
#pragma once

#include "base/due.h"
#include "base/list.h"
#include "computer-manager/model/job.h"
#include "proto/wire/states.h"

#include <stdbool.h>
#include <stdint.h>

enum host_want { HOST_WANT_STOPPED, HOST_WANT_RUNNING, HOST_WANT_GONE };

/* The domain as the newest listing that counts for it says. */
enum host_dom {
    HOST_DOM_UNLISTED, /* no listing begun after the last order to the hypervisor */
    HOST_DOM_ABSENT,
    HOST_DOM_OFF,
    HOST_DOM_RUNNING,
    HOST_DOM_PAUSED,
    HOST_DOM_STOPPING,
};

struct host_record {
    char id[HOST_ID_SIZE];
    int64_t pepoch, generation;
    enum host_want want;
    int64_t reboot_n;  /* wished */
    int64_t wished_ms; /* now_ms when this generation came */
    /* orders, committed before they are given */
    bool has_root; /* a root disk was ordered and not erased since */
    bool is_root_made;
    bool has_port; /* a port was ordered and not removed since */
    char port[HOST_ID_SIZE];
    int64_t vni;
    char tap[16];
    /* The public address that may be in place, 0 = none: written before it is ordered, and taken
     * back only when a port without it was applied. */
    uint32_t public_address;
    uint64_t port_sum; /* of the port and rules that were applied; 0 = unknown, apply again */
    int64_t reboot_done;
    int64_t stop_ms; /* now_ms when the guest was asked to stop; 0 = it was not */
    /* outcomes */
    int64_t profile; /* its hardware, from the order of its first start on; 0 = none yet */
    bool ever_ran;
    int64_t ran_generation;    /* the newest generation under which it ran; -1 = none */
    enum off_why why;          /* of its last end, */
    int64_t why_generation;    /* seen under this generation; -1 = none */
    int64_t crashes, crash_ms; /* ends of the hypervisor process since crash_ms */
    bool is_refused;           /* it will not run here; text says why */
    char text[256];
    enum guest_status status; /* while it runs */
    int64_t run_ms;           /* now_ms when this run began */
    bool is_console_told;     /* what its last run wrote was read and told */
    /* of this run only */
    enum host_dom dom;
    bool is_asked; /* to stop, and the hypervisor's service took it; who does not know asks again */
    uint64_t job_id; /* outstanding; 0 = none */
    int job_kind;
    int64_t attempt, next_ms; /* back-off in now_ms */
    bool is_queued;           /* ready to start, it waits for its turn: */
    int64_t queued_ms;        /* since this now_ms, */
    int64_t waited_ms;        /* beside so long before, under this generation */
    int64_t answered_ms;      /* now_ms of its newest answer; -1 = none */
    bool is_disk_error;       /* of PAUSED: an error of its disk holds it */
    int64_t resume_ms;        /* now_ms from which on it may be resumed; 0 = at once */
    uint64_t order_seq;       /* of the last order, or its end */
    uint64_t ordered_port_sum;
    uint32_t ordered_public;       /* public address of the last order of a port */
    char manifest[HOST_HASH_SIZE]; /* of its image */
    uint32_t address;
    enum instance_step step; /* on its way to running: what is being done for it */
    int64_t step_percent;
    int64_t step_ms; /* now_ms when that was told */
    /* records.c: */
    struct host_wish *wish;   /* owned; NULL = not read yet, or none that could be */
    struct host_record *twin; /* another placement of the instance; NULL = no more */
    struct list mark;         /* of those that are to be planned */
    struct due due;           /* when to plan it by time alone */
};

/* The public address to order next where `wished` is wished (0 = none). One is taken away before
 * another one is put in place, so that one number says all that may be. */
uint32_t host_record_next_public(const struct host_record *r, uint32_t wished);
/* False only when a listing begun after the last order to the hypervisor has none (R7). */
bool host_record_may_have_domain(const struct host_record *r);
/* How far a fetch is, in tens of a percent: so often is a step that goes on told anew. */
int64_t host_record_tens(int64_t done_bytes, int64_t total_bytes);
/* Ended by itself under the generation that it was started for. */
bool host_record_ended_alone(const struct host_record *r);
