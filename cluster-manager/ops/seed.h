/* seed.h - images that every host of the zone is to have before anybody starts from them. */
#pragma once

#include "cluster-manager/cluster.h"

/* The cloud wishes one, or wishes it no longer. */
void cluster_seed_take(struct cluster_core *c, const struct wire_item *wish,
                       const struct event *ev);
/* Tells a host what it was not told, and takes back what is wished no longer. */
void cluster_seed_forward(struct cluster_core *c, const char *host, const struct event *ev);
/* The same for all of them. */
void cluster_seed_forward_all(struct cluster_core *c, const struct event *ev);
/* A fact of kind "seed" from a host. */
void cluster_seed_hear(struct cluster_core *c, const char *host, const struct wire_item *fact,
                       const struct event *ev);
