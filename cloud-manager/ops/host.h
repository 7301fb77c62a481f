/* host.h - reading hosts, for admins: as their clusters last said. */
#pragma once

#include "cloud-manager/ops/op.h"
#include "proto/wire/messages.h"

struct cloud_host {
    const char *zone;
    const struct wire_host_seen *seen; /* borrowed until its cluster is heard again */
};

/* By zone, then as the cluster lists them. */
enum err_code cloud_hosts_describe(struct cloud_op *op, struct cloud_host **out, size_t *len,
                                   struct err *err);
