/* place_list.c - reading zones. */
#include "cloud-manager/ops/place_list.h"

#include "cloud-manager/ops/room.h"

enum err_code cloud_zones_describe(struct cloud_op *op, enum cloud_action_id action,
                                   struct cloud_zone **out, size_t *len, struct err *err)
{
    if (cloud_authorize(op, action, err) != ERR_OK)
        return err->code;
    const struct cloud_node *nodes = cloud_node_list(op->store, op->arena, "cluster", len);
    *out = arena_alloc(op->arena, (*len + 1) * sizeof **out);
    for (size_t i = 0; i < *len; i++)
        (*out)[i] = (struct cloud_zone){
            .name = cloud_zone_name(op, nodes[i].letter),
            .id = cloud_zone_id(op, nodes[i].letter),
            .is_available = cloud_room_is_fresh(op, nodes[i].name),
        };
    return ERR_OK;
}
