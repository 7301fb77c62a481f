/* recover.h - the merge after a restore from backup (PROTOCOL R14): what children hold is newer
 * than what this store knows. Nothing that runs is ended for being unknown here. */
#pragma once

#include "cloud-manager/ops/instance.h"
#include "cloud-manager/ops/op.h"

/* Once, when every child has returned what it holds; settling tells children the outcome. */
void cloud_recover(struct cloud_op *op);

/* Parts of it (recover_group.c). Groups that are unknown are taken in, newer rules are taken. */
void cloud_recover_groups(struct cloud_op *op);
/* Those of a returned port that there are; `out` has room for CLOUD_PORT_GROUPS_MAX. */
size_t cloud_recover_known_groups(struct cloud_op *op, const struct wire_instance *body,
                                  const char **out);
/* Its owner changed the groups of a port after the backup was made. */
void cloud_recover_port_groups(struct cloud_op *op, const struct cloud_instance *row,
                               const struct wire_instance *body);
