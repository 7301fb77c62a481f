/* group.h - the job NET_GROUP: who is in a security group on one network.
 *
 * What is loaded is the difference from what was loaded before, in one transaction; all of it,
 * where that is not known (this process has not loaded the group yet) or does not count. */
#pragma once

#include "base/err.h"
#include "computer-manager/model/job.h"
#include "computer-manager/network/network.h"

/* ERR_VPC_NOT_FOUND where no port of that network is here. */
enum err_code group_apply(struct network *net, const struct host_net_group *group, struct err *err);
