/* port_groups.h - which security groups a port is in: chosen at a launch, changed while it lives.
 */
#pragma once

#include "cloud-manager/ops/op.h"
#include "cloud-manager/store/instance.h"
#include "cloud-manager/store/network.h"

/* What was asked for: by id, or by name in that VPC. */
struct cloud_group_names {
    const char *const *ids;
    size_t ids_len;
    const char *const *names;
    size_t names_len;
};

/* Found, each once, in their order; `out` has room for CLOUD_PORT_GROUPS_MAX. ERR_GROUP_*,
 * ERR_GROUPS_PER_PORT. */
enum err_code cloud_port_groups_find(struct cloud_op *op, const struct cloud_group_names *wanted,
                                     const char *vpc, struct cloud_port_group *out, size_t *len,
                                     struct err *err);

/* From now on its port is in these groups and no others; at least one. The two spellings name the
 * instance or the port. ERR_INSTANCE_STATE: it is on its way out. */
enum err_code cloud_instance_set_groups(struct cloud_op *op, const char *instance,
                                        const char *const *ids, size_t len, struct err *err);
enum err_code cloud_port_change_groups(struct cloud_op *op, const char *port,
                                       const char *const *ids, size_t len, struct err *err);
