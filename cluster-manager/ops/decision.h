/* decision.h - why an instance is where it is, kept for the admin who asks. */
#pragma once

#include "cluster-manager/cluster.h"
#include "cluster-manager/model/place.h"

/* What is said of a choice among `hosts`, which stand in the order of their names; texts in
 * `arena`. `choice` is one of them or -1. */
struct wire_placement cluster_decision(const struct cluster_core *c, const struct place_host *hosts,
                                       size_t len, long choice, struct room need,
                                       const struct place_counts *counts, struct arena *arena,
                                       const struct event *ev);
/* The newest decision is the one that is told. */
void cluster_decision_save(struct cluster_core *c, const char *instance,
                           const struct wire_placement *decision);
/* Tells the cloud, in answer to its question; nothing when none was taken. */
void cluster_decision_tell(struct cluster_core *c, const char *instance, struct arena *arena);
