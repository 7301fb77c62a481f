/* sync_made.h - answers of a parent, made by hand, for tests of the child's end. */
#pragma once

#include "tests/unit/sync_rig.h"

enum { MADE_T0 = 50000 }; /* boot clock at the start of a rig */

/* An answer of store "S", start "1". */
struct made {
    struct wire_echo echo;
    struct wire_sync_request asked;
    struct wire_sync_reply reply;
    struct wire_item items[4];
};

/* The only child; its recorded revision; its idle call, which must wait. */
struct sync_child *made_child(struct rig *r);
int64_t made_applied(struct rig *r);
struct rig_call *made_idle(struct rig *r);
/* An answer to exactly that call, without wishes. */
void made_init(struct rig *r, struct made *m, const struct rig_call *call);
/* Adds wish `id` under revision `rev`, and its share of the sum. */
void made_put(struct made *m, const char *id, int64_t rev);
/* The parent is known; nothing was granted. */
void made_meet(struct rig *r);
