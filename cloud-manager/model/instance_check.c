/* instance_check.c - state and what is heard -> checks -> EC2's words. */
#include "cloud-manager/model/instance_check.h"

#include "base/check.h"

#include <stddef.h>

enum cloud_check cloud_check_instance(enum cloud_instance_state state, bool is_heard)
{
    if (state != CLOUD_INSTANCE_RUNNING)
        return CLOUD_CHECK_NOT_APPLICABLE;
    return is_heard ? CLOUD_CHECK_INITIALIZING : CLOUD_CHECK_INSUFFICIENT;
}

const char *cloud_check_status(enum cloud_check check)
{
    switch (check) {
    case CLOUD_CHECK_NOT_APPLICABLE:
        return "not-applicable";
    case CLOUD_CHECK_INITIALIZING:
        return "initializing";
    case CLOUD_CHECK_INSUFFICIENT:
        return "insufficient-data";
    }
    IMPOSSIBLE("a check that is none");
}

const char *cloud_check_reachability(enum cloud_check check)
{
    return check == CLOUD_CHECK_NOT_APPLICABLE ? NULL : cloud_check_status(check);
}
