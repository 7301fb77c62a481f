/* network.h - reading networks, subnets, ports and volumes of the caller. */
#pragma once

#include "cloud-manager/ops/op.h"
#include "cloud-manager/store/network.h"
#include "cloud-manager/store/volume.h"

/* What each network has one of from its start is named after it: "rtb-0123..." of "vpc-0123...".
 * In the op's arena. */
const char *cloud_network_part(const struct cloud_op *op, const char *prefix,
                               const struct cloud_vpc *vpc);
/* Each gives all of the caller's, or those named; any unknown id fails the whole call. */
enum err_code cloud_vpcs_describe(struct cloud_op *op, enum cloud_action_id action,
                                  const char *const *ids, size_t len, struct cloud_vpc **out,
                                  size_t *out_len, struct err *err);
enum err_code cloud_subnets_describe(struct cloud_op *op, const char *const *ids, size_t len,
                                     struct cloud_subnet **out, size_t *out_len, struct err *err);
enum err_code cloud_ports_describe(struct cloud_op *op, const char *const *ids, size_t len,
                                   struct cloud_port **out, size_t *out_len, struct err *err);
enum err_code cloud_volumes_describe(struct cloud_op *op, const char *const *ids, size_t len,
                                     struct cloud_volume **out, size_t *out_len, struct err *err);
