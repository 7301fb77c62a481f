/* placement.c - see placement.h. */
#include "cloud-manager/ops/placement.h"

#include "base/log.h"
#include "base/str.h"
#include "cloud-manager/ops/room.h"
#include "cloud-manager/store/instance.h"
#include "cloud-manager/store/node.h"

#include <string.h>

static const struct wire_placement *decode(struct cloud_op *op, const char *body)
{
    struct err err = {0};
    struct wire_placement *said = arena_alloc(op->arena, sizeof *said);
    return wire_decode(&wire_placement_type, body, strlen(body), op->arena, said, &err) == ERR_OK
               ? said
               : NULL;
}

enum err_code cloud_placement_read(struct cloud_op *op, const char *id, struct cloud_placement *out,
                                   struct err *err)
{
    struct cloud_instance row;
    struct cloud_node node;
    if (cloud_authorize(op, CLOUD_DO_EXPLAIN_PLACEMENT, err) != ERR_OK)
        return err->code;
    if (!cloud_instance_get(op->store, op->arena, id, &row))
        return err_set(err, ERR_INSTANCE_NOT_FOUND, "The instance ID '%.64s' does not exist", id);
    bool is_known = cloud_node_get(op->store, op->arena, row.node, &node);
    const char *body = cloud_placement_get(op->store, op->arena, id);
    *out = (struct cloud_placement){
        .node = row.node,
        .zone = is_known ? cloud_zone_name(op, node.letter) : "",
        .can_ask = cloud_room_is_fresh(op, row.node),
        .said = body != NULL ? decode(op, body) : NULL,
    };
    return ERR_OK;
}

void cloud_placement_hear(struct cloud_op *op, const char *node, const struct wire_note *note)
{
    struct cloud_instance row;
    if (!cloud_instance_get(op->store, op->arena, note->id, &row) || !str_eq(row.node, node))
        return;
    if (decode(op, note->body) != NULL)
        cloud_placement_save(op->store, note->id, note->body);
    else
        log_error("placement.malformed", "id", note->id, "node", node, NULL);
}
