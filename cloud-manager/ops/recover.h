/* recover.h - the merge after a restore from backup (PROTOCOL R14): what children hold is newer
 * than what this store knows. Nothing that runs is ended for being unknown here. */
#pragma once

#include "cloud-manager/ops/op.h"

/* Once, when every child has returned what it holds; settling tells children the outcome. */
void cloud_recover(struct cloud_op *op);
