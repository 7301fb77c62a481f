/* grant.h - the wish for a host: the cloud's, with leave to read the image's chunks. */
#pragma once

#include "cluster-manager/cluster.h"

/* The body recorded from the cloud with a grant for `host`, and with another size where one is
 * given (else NULL); in `arena`. */
const char *cluster_grant_body(struct cluster_core *c, const char *id, const char *host,
                               const struct wire_instance *size, struct arena *arena,
                               const struct event *ev);
