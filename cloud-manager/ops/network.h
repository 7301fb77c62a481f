/* network.h - reading networks, subnets, ports and volumes of the caller. */
#pragma once

#include "cloud-manager/ops/op.h"
#include "cloud-manager/store/network.h"
#include "cloud-manager/store/volume.h"

/* Each gives all of the caller's, or those named; any unknown id fails the whole call. */
enum err_code cloud_vpcs_describe(struct cloud_op *op, const char *const *ids, size_t len,
                                  struct cloud_vpc **out, size_t *out_len, struct err *err);
enum err_code cloud_subnets_describe(struct cloud_op *op, const char *const *ids, size_t len,
                                     struct cloud_subnet **out, size_t *out_len, struct err *err);
enum err_code cloud_ports_describe(struct cloud_op *op, const char *const *ids, size_t len,
                                   struct cloud_port **out, size_t *out_len, struct err *err);
enum err_code cloud_volumes_describe(struct cloud_op *op, const char *const *ids, size_t len,
                                     struct cloud_volume **out, size_t *out_len, struct err *err);
