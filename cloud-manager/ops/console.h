/* console.h - what an instance has written to its serial console, and the password in it. */
#pragma once

#include "cloud-manager/ops/op.h"
#include "proto/wire/messages.h"

struct cloud_console {
    const char *node;   /* its cluster */
    bool can_ask;       /* it is worth asking the cluster for newer output */
    const char *base64; /* the last that is known; "" = none */
    int64_t at_wall_ms; /* when that was */
};

/* `action`: for which of those that read it. ERR_INSTANCE_* */
enum err_code cloud_console_read(struct cloud_op *op, enum cloud_action_id action, const char *id,
                                 struct cloud_console *out, struct err *err);
/* The administrator's password as the guest has encrypted it, in base64; "" = it told none. */
const char *cloud_console_password(struct cloud_op *op, const struct cloud_console *console);
/* What its cluster tells of it: base64 of the newest output. */
void cloud_console_hear(struct cloud_op *op, const char *node, const struct wire_note *note);
