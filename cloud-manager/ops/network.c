/* network.c - reading networks, subnets, ports and volumes. */
#include "cloud-manager/ops/network.h"

#include "base/str.h"

#include <string.h>

/* All rows begin with `const char *id`. Keeps those of `items` that are named in `ids`, in the
 * order of `ids`. */
static enum err_code pick(struct cloud_op *op, void **items, size_t *items_len, size_t size,
                          const char *const *ids, size_t len, enum err_code missing,
                          const char *what, struct err *err)
{
    if (len == 0)
        return ERR_OK;
    char *picked = arena_alloc(op->arena, len * size);
    for (size_t i = 0; i < len; i++) {
        size_t at = 0;
        for (; at < *items_len; at++) {
            const char *id;
            memcpy(&id, (const char *)*items + at * size, sizeof id);
            if (str_eq(id, ids[i]))
                break;
        }
        if (at == *items_len)
            return err_set(err, missing, "The %s ID '%.64s' does not exist", what, ids[i]);
        memcpy(picked + i * size, (const char *)*items + at * size, size);
    }
    *items = picked;
    *items_len = len;
    return ERR_OK;
}

const char *cloud_network_part(const struct cloud_op *op, const char *prefix,
                               const struct cloud_vpc *vpc)
{
    if (str_eq(prefix, "dopt")) /* which networks could share */
        return vpc->dhcp_options;
    return arena_printf(op->arena, "%s-%s", prefix, vpc->id + sizeof "vpc-" - 1);
}

enum err_code cloud_vpcs_describe(struct cloud_op *op, enum cloud_action_id action,
                                  const char *const *ids, size_t len, struct cloud_vpc **out,
                                  size_t *out_len, struct err *err)
{
    if (cloud_authorize(op, action, err) != ERR_OK)
        return err->code;
    void *items = cloud_vpc_list(op->store, op->arena, op->account, out_len);
    enum err_code code = pick(op, &items, out_len, sizeof **out, ids, len, ERR_VPC_NOT_FOUND, "vpc",
                              err);
    *out = items;
    return code;
}

enum err_code cloud_subnets_describe(struct cloud_op *op, const char *const *ids, size_t len,
                                     struct cloud_subnet **out, size_t *out_len, struct err *err)
{
    if (cloud_authorize(op, CLOUD_DO_DESCRIBE_SUBNETS, err) != ERR_OK)
        return err->code;
    void *items = cloud_subnet_list(op->store, op->arena, op->account, out_len);
    enum err_code code = pick(op, &items, out_len, sizeof **out, ids, len, ERR_SUBNET_NOT_FOUND,
                              "subnet", err);
    *out = items;
    return code;
}

enum err_code cloud_ports_describe(struct cloud_op *op, const char *const *ids, size_t len,
                                   struct cloud_port **out, size_t *out_len, struct err *err)
{
    if (cloud_authorize(op, CLOUD_DO_DESCRIBE_NETWORK_INTERFACES, err) != ERR_OK)
        return err->code;
    void *items = cloud_port_list(op->store, op->arena, op->account, out_len);
    enum err_code code = pick(op, &items, out_len, sizeof **out, ids, len,
                              ERR_NETWORK_INTERFACE_NOT_FOUND, "networkInterface", err);
    *out = items;
    return code;
}

enum err_code cloud_volumes_describe(struct cloud_op *op, const char *const *ids, size_t len,
                                     struct cloud_volume **out, size_t *out_len, struct err *err)
{
    if (cloud_authorize(op, CLOUD_DO_DESCRIBE_VOLUMES, err) != ERR_OK)
        return err->code;
    void *items = cloud_volume_list(op->store, op->arena, op->account, out_len);
    enum err_code code = pick(op, &items, out_len, sizeof **out, ids, len, ERR_VOLUME_NOT_FOUND,
                              "volume", err);
    *out = items;
    return code;
}
