/* grant.h - the wish for a host: the cloud's, with leave to read the image's chunks. */
#pragma once

#include "cluster-manager/cluster.h"

/* The body recorded from the cloud with a grant for `host`; in `arena`. */
const char *cluster_grant_body(struct cluster_core *c, const char *id, const char *host,
                               struct arena *arena, const struct event *ev);
