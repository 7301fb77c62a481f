/* host.h - what rows say of a host: the sums of its placements, and whether it is drained. Tables
 * host_use, drained, host_changed; triggers write the first and the last. */
#pragma once

#include "base/store.h"
#include "cluster-manager/model/room.h"

#include <stdbool.h>

struct cluster_host_rows {
    struct room used;
    int64_t instances;
    bool is_drained;
};

struct cluster_host_rows cluster_host_load(struct store *st, const char *host);
bool cluster_host_any_changed(struct store *st);
void cluster_host_forget_changed(struct store *st);
