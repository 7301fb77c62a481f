/* plan_seed.c - the planner of seeds. */
#include "computer-manager/plan/plan_seed.h"

enum host_seed_action host_plan_seed(const struct host_seed_view *v)
{
    if (!v->fits)
        return HOST_SEED_REFUSE;
    if (v->is_here)
        return HOST_SEED_KEEP;
    return !v->is_coming && v->may_fetch && v->has_room ? HOST_SEED_FETCH : HOST_SEED_WAIT;
}
