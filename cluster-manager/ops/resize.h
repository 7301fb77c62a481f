/* resize.h - another size for an instance that has a host. */
#pragma once

#include "cluster-manager/core.h"
#include "cluster-manager/store/instance.h"
#include "proto/wire/messages.h"

/* Where its host has no room for the size in `body`, that becomes the size it has: true. To be
 * asked before the wish is saved. */
bool cluster_resize_cut(struct cluster_core *c, const char *id, struct wire_instance *body,
                        struct arena *arena);
/* Says that it cannot start as `wished`. */
void cluster_resize_refuse(struct cluster_core *c, const struct cluster_instance *i,
                           const struct wire_instance *wished);
