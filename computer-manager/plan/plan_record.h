/* plan_record.h - the next action for one placement. Pure and total: any record, any view. */
#pragma once

#include "computer-manager/model/record.h"

enum host_action {
    HOST_ACT_NONE,  /* settled, or waiting for what is outstanding */
    HOST_ACT_BASE,  /* fetch the image */
    HOST_ACT_ROOT,  /* make the root disk */
    HOST_ACT_PORT,  /* network, filters, tap; also when the rules have changed */
    HOST_ACT_QUEUE, /* all is ready: wait for a turn to start */
    HOST_ACT_START,
    HOST_ACT_SHUTDOWN,
    HOST_ACT_DESTROY,
    HOST_ACT_REBOOT,
    HOST_ACT_RESUME,
    HOST_ACT_ERASE,   /* destroy and undefine */
    HOST_ACT_CONSOLE, /* read what it wrote last, while that is there */
    HOST_ACT_UNPORT,
    HOST_ACT_UNDISK,
    HOST_ACT_GONE,   /* say that nothing of it is left */
    HOST_ACT_REFUSE, /* its time to start has run out */
    HOST_ACT_COUNT,
};

struct host_view {
    int64_t now_ms;
    bool may_start;          /* R16: wishes are fresh since this boot of the machine */
    bool has_base;           /* its image is here */
    bool has_room;           /* the disk is not full */
    bool has_turn;           /* it may be started now, beside others that are being started */
    bool is_alone;           /* no other placement of this instance has a domain here (R8) */
    uint64_t port_sum;       /* of the port and rules as wished now */
    uint32_t public_address; /* as wished now; 0 = none */
    int64_t stop_ms;         /* how long a guest may take to stop */
    int64_t start_ms;        /* how long a first start may take */
};

enum host_action host_plan(const struct host_record *r, const struct host_view *v);
/* What is being done, or would be next, on its way to running; STEP_NONE where it is not on its
 * way. Says the same before a job, while it is out and while it is waited for again. */
enum instance_step host_plan_step(const struct host_record *r, const struct host_view *v);
/* When action or step may be another by time alone; INT64_MAX = never. */
int64_t host_plan_due_ms(const struct host_record *r, const struct host_view *v);
/* For tests and people: "start". */
const char *host_action_name(enum host_action action);
