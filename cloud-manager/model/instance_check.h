/* instance_check.h - the status checks of an instance, in EC2's words. Pure.
 *
 * A check passes only on a fact that says so; what nobody has said is "initializing", and what
 * nobody can say now is "insufficient-data". */
#pragma once

#include "cloud-manager/model/instance_state.h"

enum cloud_check {
    CLOUD_CHECK_NOT_APPLICABLE, /* it does not run */
    CLOUD_CHECK_INITIALIZING,   /* it runs; nobody said yet whether it can be reached */
    CLOUD_CHECK_INSUFFICIENT,   /* it ran when its cluster was last heard */
    CLOUD_CHECK_OK,
    CLOUD_CHECK_IMPAIRED,
};

/* What its host last said of a guest that runs. */
enum cloud_reach { CLOUD_REACH_UNKNOWN, CLOUD_REACH_OK, CLOUD_REACH_FAILED };

/* EC2's two: of what carries it, and of the guest itself. */
struct cloud_checks {
    enum cloud_check system, instance;
};

/* `is_heard`: its cluster was heard lately. A guest that answered was carried there; of one that
 * did not, its host has said so, and does its part. */
struct cloud_checks cloud_checks_of(enum cloud_instance_state state, bool is_heard,
                                    enum cloud_reach reach);
/* "initializing" */
const char *cloud_check_status(enum cloud_check check);
/* Of the detail "reachability"; NULL = there is none. */
const char *cloud_check_reachability(enum cloud_check check);
