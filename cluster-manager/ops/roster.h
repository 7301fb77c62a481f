/* roster.h - the hosts as placing sees them, in the order of their names: in RAM, and brought up to
 * date by what changed since the last look, so that a choice reads no row of the others. */
#pragma once

#include "cluster-manager/cluster.h"

void cluster_roster_init(struct cluster_roster *r);
void cluster_roster_fini(struct cluster_roster *r);
/* A host was heard. */
void cluster_roster_note(struct cluster_core *c, struct cluster_host *h);
/* Counts `need` on a host until the next look, which goes by the rows again. */
void cluster_roster_take(struct cluster_core *c, size_t at, struct room need);
/* Rows that it read were rolled back, perhaps: the next look reads all. */
void cluster_roster_doubt(struct cluster_core *c);
/* The hosts as they are now; borrowed, and as good as until the next event. */
struct cluster_roster *cluster_roster_look(struct cluster_core *c);
/* Reads what the step at hand has changed. Once a step. */
void cluster_roster_settle(struct cluster_core *c);
/* The place of that host in the list, or -1. */
long cluster_roster_find(const struct cluster_roster *r, const char *node);
