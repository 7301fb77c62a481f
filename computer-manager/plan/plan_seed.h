/* plan_seed.h - the next action for an image that is to be here before anybody starts from it. Pure
 * and total. */
#pragma once

#include <stdbool.h>

struct host_seed_view {
    bool fits;      /* beside what else is kept, within the bounds of the cache */
    bool is_here;   /* whole */
    bool is_coming; /* somebody fetches it, perhaps for a guest */
    bool may_fetch; /* nothing is being fetched for a seed, or removed, and no try is waited for */
    bool has_room;  /* the disk is not full */
};

enum host_seed_action {
    HOST_SEED_WAIT, /* it is on its way, or will be */
    HOST_SEED_FETCH,
    HOST_SEED_KEEP,   /* it is here, and stays */
    HOST_SEED_REFUSE, /* it is not kept, and not fetched */
};

enum host_seed_action host_plan_seed(const struct host_seed_view *v);
