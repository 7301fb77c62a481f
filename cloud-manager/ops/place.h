/* place.h - where a launch goes: zone, subnet, groups, address. */
#pragma once

#include "cloud-manager/model/type.h"
#include "cloud-manager/ops/instance.h"
#include "cloud-manager/store/node.h"

struct cloud_place {
    struct cloud_node node; /* the cluster */
    struct cloud_subnet subnet;
    int64_t fits; /* how many it says could start there now */
};

/* By subnet or zone where one is named, else the zone with the most room. ERR_SUBNET_NOT_FOUND,
 * ERR_INVALID_PARAMETER, ERR_NO_CAPACITY when there is no zone at all. */
enum err_code cloud_place_choose(struct cloud_op *op, const struct cloud_launch *launch,
                                 const struct cloud_type *type, int64_t disk_gib,
                                 struct cloud_place *out, struct err *err);
/* Ids of the groups of a launch; the default group when none is named. ERR_GROUP_*. */
enum err_code cloud_place_groups(struct cloud_op *op, const struct cloud_launch *launch,
                                 const char *vpc, struct cloud_port_group *out, size_t *len,
                                 struct err *err);
/* A free address of the subnet, whose row is up to date and stays so: `wanted`, or where that is ""
 * the next one; it goes round, so one given back is not given out at once. ERR_SUBNET_FULL,
 * ERR_ADDRESS_IN_USE, ERR_INVALID_PARAMETER. */
enum err_code cloud_place_address(struct cloud_op *op, struct cloud_subnet *subnet,
                                  const char *wanted, int64_t *address, struct err *err);
/* A MAC that nobody has, in the op's arena. It takes the leading digits of its port's id, so that
 * MACs made together lie together too. */
const char *cloud_place_mac(struct cloud_op *op, const char *port);
