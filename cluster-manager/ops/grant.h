/* grant.h - leave to read an image's chunks, and wishes for hosts that carry it. */
#pragma once

#include "cluster-manager/cluster.h"
#include "proto/auth/grant.h"

/* A host may fetch for this long after it was told to; a start takes minutes at most. */
#define CLUSTER_GRANT_LIFE_MS ((int64_t)24 * 3600 * 1000)

/* What grants are made with; false where the cloud has not told it. */
bool cluster_grant_key(struct cluster_core *c, unsigned char key[GRANT_KEY_SIZE],
                       struct arena *arena);
/* Leave for `host` to read that image's chunks; "" where the key is not known. In `arena`. */
const char *cluster_grant(struct cluster_core *c, const char *host, const char *manifest,
                          struct arena *arena, const struct event *ev);
/* The body recorded from the cloud with a grant for `host`, and with another size where one is
 * given (else NULL); in `arena`. */
const char *cluster_grant_body(struct cluster_core *c, const char *id, const char *host,
                               const struct wire_instance *size, struct arena *arena,
                               const struct event *ev);
