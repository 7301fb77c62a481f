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
};

/* `is_heard`: its cluster was heard lately. */
enum cloud_check cloud_check_instance(enum cloud_instance_state state, bool is_heard);
/* "initializing" */
const char *cloud_check_status(enum cloud_check check);
/* Of the detail "reachability"; NULL = there is none. */
const char *cloud_check_reachability(enum cloud_check check);
