/* share.h - hosts fetch images from each other before dos: who has what is known by their facts. */
#pragma once

#include "cluster-manager/cluster.h"

/* Tells a host that was told none the key of grants that are shown to it; or every host, where it
 * was told another. */
void cluster_share_forward_new(struct cluster_core *c, const char *host);
void cluster_share_forward_all(struct cluster_core *c);
/* Up to three hosts that are up and have that image, with leave for `host` to read it there: whole,
 * or, where fewer have it so, on its way to them. `host` is on the list of those from now on; none
 * where it has it itself. In `arena`. */
struct wire_source *cluster_share_sources(struct cluster_core *c, const char *host,
                                          const char *manifest, size_t *len, struct arena *arena,
                                          const struct event *ev);
/* A fact of kind "base": it is not on its way any more. */
void cluster_share_hear(struct cluster_core *c, const char *host, const struct wire_item *fact);
