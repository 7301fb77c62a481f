/* host.c - reading hosts. */
#include "cloud-manager/ops/host.h"

#include "cloud-manager/ops/room.h"
#include "cloud-manager/store/node.h"

enum err_code cloud_hosts_describe(struct cloud_op *op, struct cloud_host **out, size_t *len,
                                   struct err *err)
{
    size_t zones_len;
    if (cloud_authorize(op, CLOUD_DO_DESCRIBE_HOSTS, err) != ERR_OK)
        return err->code;
    const struct cloud_node *zones = cloud_node_list(op->store, op->arena, "cluster", &zones_len);
    *out = NULL;
    *len = 0;
    for (size_t i = 0; i < zones_len; i++) {
        const struct wire_capacity *said = cloud_room_get(op, zones[i].name);
        const char *zone = cloud_zone_name(op, zones[i].letter);
        for (size_t k = 0; said != NULL && k < said->hosts_len; k++) {
            *out = row_grow(op->arena, *out, *len, sizeof **out);
            (*out)[(*len)++] = (struct cloud_host){zone, &said->hosts[k]};
        }
    }
    return ERR_OK;
}
