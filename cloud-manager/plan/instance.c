/* plan/instance.c - the planner of instances. */
#include "cloud-manager/plan/instance.h"

#include "base/check.h"

enum cloud_instance_action cloud_plan_instance(enum cloud_want want, enum cloud_sent sent,
                                               bool is_gone)
{
    switch (want) {
    case CLOUD_WANT_RUNNING:
    case CLOUD_WANT_STOPPED:
        /* A gone fact of something that is wanted answers no tombstone of ours: not believed. */
        return sent == CLOUD_SENT_CURRENT ? CLOUD_INSTANCE_WAIT : CLOUD_INSTANCE_WISH;
    case CLOUD_WANT_TERMINATED:
        if (is_gone)
            return CLOUD_INSTANCE_FREE;
        return sent == CLOUD_SENT_CURRENT ? CLOUD_INSTANCE_WAIT : CLOUD_INSTANCE_END;
    }
    IMPOSSIBLE("a want that is none");
}
