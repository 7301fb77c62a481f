/* console.c - reading consoles. */
#include "cloud-manager/ops/console.h"

#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "cloud-manager/model/password.h"
#include "cloud-manager/ops/instance.h"
#include "cloud-manager/ops/room.h"
#include "proto/auth/base64.h"

#include <string.h>

void cloud_console_hear(struct cloud_op *op, const char *node, const struct wire_note *note)
{
    CLEANUP(buf_fini) struct buf bytes = {0};
    struct cloud_instance row;
    if (!cloud_instance_get(op->store, op->arena, note->id, &row) || !str_eq(row.node, node))
        return;
    if (base64_decode(&bytes, note->body, strlen(note->body)))
        cloud_console_save(op->store, note->id, note->body, op->wall_ms);
    else
        log_error("console.malformed", "id", note->id, "node", node, NULL);
}

enum err_code cloud_console_read(struct cloud_op *op, enum cloud_action_id action, const char *id,
                                 struct cloud_console *out, struct err *err)
{
    struct cloud_instance row;
    if (cloud_authorize(op, action, err) != ERR_OK ||
        cloud_instance_find(op, id, &row, err) != ERR_OK)
        return err->code;
    *out = (struct cloud_console){.node = row.node, .at_wall_ms = op->wall_ms};
    out->can_ask = row.is_live && cloud_room_is_fresh(op, row.node);
    const char *text = cloud_console_get(op->store, op->arena, id, &out->at_wall_ms);
    out->base64 = text != NULL ? text : "";
    return ERR_OK;
}

const char *cloud_console_password(struct cloud_op *op, const struct cloud_console *console)
{
    CLEANUP(buf_fini) struct buf text = {0};
    char password[CLOUD_PASSWORD_SIZE];
    if (!base64_decode(&text, console->base64, strlen(console->base64)) ||
        !cloud_password_find(password, buf_str(&text), text.len))
        return "";
    return arena_strdup(op->arena, password);
}
