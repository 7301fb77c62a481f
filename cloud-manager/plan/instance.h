/* plan/instance.h - the next step for an instance: want and what was sent and seen -> one action.
 *
 * Pure and total. core's settling carries the action out; whatever is left over is planned again.
 */
#pragma once

#include "cloud-manager/model/want.h"

#include <stdbool.h>

/* What its cluster has been told of it. */
enum cloud_sent { CLOUD_SENT_NEVER, CLOUD_SENT_OLD, CLOUD_SENT_CURRENT };

enum cloud_instance_action {
    CLOUD_INSTANCE_WAIT, /* nothing to do but to hear of it */
    CLOUD_INSTANCE_WISH, /* tell the cluster the current generation */
    CLOUD_INSTANCE_END,  /* put a tombstone */
    CLOUD_INSTANCE_FREE, /* the cluster said it is gone: give back address, volume, quota */
};

enum cloud_instance_action cloud_plan_instance(enum cloud_want want, enum cloud_sent sent,
                                               bool is_gone);
