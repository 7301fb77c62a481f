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

/* How many interfaces more go into all of them; `fullest` is the one that says so. */
int64_t cloud_port_groups_room(struct cloud_op *op, const struct cloud_port_group *groups,
                               size_t len, const char **fullest);
/* ERR_MEMBER_LIMIT, unless that many more may go into `group`. */
enum err_code cloud_port_groups_refuse(const char *group, int64_t wanted, int64_t room,
                                       struct err *err);

/* From now on its port is in these groups and no others; at least one. The two spellings name the
 * instance or the port. ERR_INSTANCE_STATE: it is on its way out; ERR_MEMBER_LIMIT. */
enum err_code cloud_instance_set_groups(struct cloud_op *op, const char *instance,
                                        const char *const *ids, size_t len, struct err *err);
enum err_code cloud_port_change_groups(struct cloud_op *op, const char *port,
                                       const char *const *ids, size_t len, struct err *err);
