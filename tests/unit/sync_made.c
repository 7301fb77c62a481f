/* sync_made.c - see sync_made.h. */
#include "tests/unit/unit.h"

#include "tests/unit/sync_made.h"

#include "proto/sync/item.h"
#include "proto/wire/version.h"

struct sync_child *made_child(struct rig *r)
{
    return &r->down[0].child;
}

int64_t made_applied(struct rig *r)
{
    return sync_child_applied_rev(made_child(r));
}

struct rig_call *made_idle(struct rig *r)
{
    struct rig_call *call = rig_waiting(r, 0, false);
    assert_non_null(call);
    return call;
}

void made_init(struct rig *r, struct made *m, const struct rig_call *call)
{
    *m = (struct made){0};
    rig_read_call(r, call, &m->asked);
    m->echo = (struct wire_echo){
        .boot = m->asked.boot, .seq = m->asked.seq, .t_send = m->asked.t_send};
    m->reply = (struct wire_sync_reply){.proto = wire_version(),
                                        .store_id = "S",
                                        .start_id = "1",
                                        .rev = m->asked.applied_rev,
                                        .want = m->items,
                                        .echo = &m->echo,
                                        .lease_ms = 15000};
}

void made_put(struct made *m, const char *id, int64_t rev)
{
    m->items[m->reply.want_len++] = (struct wire_item){.kind = "instance",
                                                       .id = id,
                                                       .generation = 1,
                                                       .pepoch = 1,
                                                       .number = rev,
                                                       .gone = "",
                                                       .error = "",
                                                       .body = "{}"};
    m->reply.rev = rev;
    m->reply.want_sum += sync_item_hash("instance", id, 1, 1, rev);
}

void made_meet(struct rig *r)
{
    struct made m;
    struct rig_call *call = made_idle(r);
    made_init(r, &m, call);
    m.reply.lease_ms = 0;
    rig_reply(r, 0, call, &m.reply);
}
