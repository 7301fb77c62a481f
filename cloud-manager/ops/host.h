/* host.h - hosts, for admins: as their clusters last said, and which are to take no new instances.
 */
#pragma once

#include "cloud-manager/ops/op.h"
#include "proto/wire/messages.h"

struct cloud_host {
    const char *zone;
    const char *node;                  /* its cluster */
    const struct wire_host_seen *seen; /* borrowed until its cluster is heard again */
    bool is_drained;                   /* wished so, whether or not its cluster has heard it */
};

/* By zone, then as the cluster lists them. */
enum err_code cloud_hosts_describe(struct cloud_op *op, struct cloud_host **out, size_t *len,
                                   struct err *err);

/* The hosts of these ids take no new instances, or take them again; all or none. What runs there
 * stays. `zone` tells hosts of one name apart; "" = any. ERR_HOST_NOT_FOUND, ERR_INVALID_PARAMETER
 * where a name means hosts in two zones. */
enum err_code cloud_hosts_drain(struct cloud_op *op, enum cloud_action_id action,
                                const char *const *ids, size_t len, const char *zone,
                                struct err *err);
