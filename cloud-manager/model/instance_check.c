/* instance_check.c - state and what is heard -> checks -> EC2's words. */
#include "cloud-manager/model/instance_check.h"

#include "base/check.h"

#include <stddef.h>

static struct cloud_checks both(enum cloud_check check)
{
    return (struct cloud_checks){check, check};
}

struct cloud_checks cloud_checks_of(enum cloud_instance_state state, bool is_heard,
                                    enum cloud_reach reach)
{
    if (state != CLOUD_INSTANCE_RUNNING)
        return both(CLOUD_CHECK_NOT_APPLICABLE);
    if (!is_heard)
        return both(CLOUD_CHECK_INSUFFICIENT);
    switch (reach) {
    case CLOUD_REACH_UNKNOWN:
        return both(CLOUD_CHECK_INITIALIZING);
    case CLOUD_REACH_OK:
        return both(CLOUD_CHECK_OK);
    case CLOUD_REACH_FAILED:
        return (struct cloud_checks){.system = CLOUD_CHECK_OK, .instance = CLOUD_CHECK_IMPAIRED};
    }
    IMPOSSIBLE("a reach that is none");
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
    case CLOUD_CHECK_OK:
        return "ok";
    case CLOUD_CHECK_IMPAIRED:
        return "impaired";
    }
    IMPOSSIBLE("a check that is none");
}

const char *cloud_check_reachability(enum cloud_check check)
{
    switch (check) {
    case CLOUD_CHECK_NOT_APPLICABLE:
        return NULL;
    case CLOUD_CHECK_INITIALIZING:
    case CLOUD_CHECK_INSUFFICIENT:
        return cloud_check_status(check);
    case CLOUD_CHECK_OK:
        return "passed";
    case CLOUD_CHECK_IMPAIRED:
        return "failed";
    }
    IMPOSSIBLE("a check that is none");
}
