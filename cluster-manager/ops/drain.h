/* drain.h - hosts that take no new instances, because an admin wishes so. */
#pragma once

#include "cluster-manager/cluster.h"

/* A wish of kind "drain", named by its host; its end lets new instances in again. Takes no instance
 * away from anywhere. */
void cluster_drain(struct cluster_core *c, const struct wire_item *wish, const struct event *ev);
