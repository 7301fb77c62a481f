/* sync_rig_core.c - the cores of sync_rig.h: they note what they hear and do what was queued. */
#include "tests/unit/sync_rig.h"

#include "base/check.h"
#include "base/str.h"

#include <string.h>

static void note(struct rig_notes *notes, const char *node, const struct wire_item *item)
{
    INV(notes->len < RIG_NOTED);
    struct rig_noted *n = &notes->list[notes->len++];
    *n = (struct rig_noted){
        .generation = item->generation, .pepoch = item->pepoch, .number = item->number};
    str_copy(n->node, sizeof n->node, node);
    str_copy(n->kind, sizeof n->kind, item->kind);
    str_copy(n->id, sizeof n->id, item->id);
    str_copy(n->gone, sizeof n->gone, item->gone);
    str_copy(n->error, sizeof n->error, item->error);
    str_copy(n->body, sizeof n->body, item->body);
}

/* ---- the parent's core --------------------------------------------------------------------- */

static void on_fact(void *core, const char *node, const struct wire_item *fact,
                    const struct event *ev)
{
    (void)ev;
    note(&((struct rig *)core)->facts, node, fact);
}

static void on_room(void *core, const char *node, const char *capacity, const char *health,
                    const struct event *ev)
{
    (void)node, (void)capacity, (void)health, (void)ev;
    ((struct rig *)core)->capacities++;
}

static void on_tell(void *core, const char *node, const struct wire_note *told,
                    const struct event *ev)
{
    (void)node, (void)told, (void)ev;
    ((struct rig *)core)->told++;
}

static void on_recovered(void *core, const struct event *ev)
{
    (void)ev;
    ((struct rig *)core)->recovered++;
}

static void fill_disk(struct store *store)
{
    static char bytes[3000];
    store_run(store, "CREATE TABLE IF NOT EXISTS ballast(b BLOB)", "");
    store_i64(store, 0, "PRAGMA max_page_count=64", "");
    for (int i = 0; i < 200 && !store_is_lost(store); i++)
        store_run(store, "INSERT INTO ballast VALUES(?)", "b", (const void *)bytes, sizeof bytes);
    INV(store_is_lost(store));
}

static void do_op(struct rig_side *side, const struct rig_op *op, const struct event *ev)
{
    struct sync_parent *p = &side->rig->parent;
    struct sync_child *c = &side->child;
    switch (op->kind) {
    case RIG_WANT:
        sync_parent_want(p, op->node, op->what, op->id, op->generation, op->pepoch, op->text);
        return;
    case RIG_END:
        sync_parent_end(p, op->node, op->what, op->id, op->generation, op->pepoch, op->text);
        return;
    case RIG_DROP:
        sync_parent_drop(p, op->node, op->what, op->id);
        return;
    case RIG_SHARE:
        sync_parent_share(p, op->node, op->what, op->id, op->generation, op->text);
        return;
    case RIG_UNSHARE:
        sync_parent_unshare(p, op->what, op->id);
        return;
    case RIG_FOLLOW:
        sync_parent_follow(p, op->node, op->id);
        return;
    case RIG_UNFOLLOW:
        sync_parent_unfollow(p, op->node, op->id);
        return;
    case RIG_ASK:
        sync_parent_ask(p, op->node, op->what, op->id);
        return;
    case RIG_SAY:
        sync_child_say(c, op->what, op->id, op->generation, op->pepoch, op->text);
        return;
    case RIG_GONE:
        sync_child_gone(c, op->what, op->id, op->generation, op->pepoch, ev);
        return;
    case RIG_TELL:
        sync_child_tell(c, op->what, op->id, op->text);
        return;
    case RIG_FILL:
        fill_disk(side->store);
        return;
    }
}

static void do_ops(struct rig_side *side, const struct event *ev)
{
    for (size_t i = 0; i < side->ops.len; i++)
        do_op(side, &side->ops.list[i], ev);
    side->ops.len = 0;
}

static enum err_code parent_step(void *self, const struct event *ev, struct effects *out,
                                 struct err *err)
{
    struct rig *r = self;
    (void)out;
    if (ev->kind == EVENT_START)
        sync_parent_start(&r->parent, ev);
    enum err_code code = ev->kind == EVENT_REQUEST ? sync_parent_request(&r->parent, ev, err)
                                                   : ERR_OK;
    if (code == ERR_OK)
        do_ops(&r->up, ev);
    return code;
}

static void parent_fail(void *self, const struct event *ev, const struct err *err,
                        struct effects *out)
{
    (void)self;
    if (ev->kind == EVENT_REQUEST)
        effect_reply(out, ev->request.id, err_row(err->code)->http, "text/plain", err->text,
                     strlen(err->text));
}

static void parent_seal(void *self, const struct event *at, struct effects *out)
{
    sync_parent_seal(&((struct rig *)self)->parent, at, out);
}

static void parent_reload(void *self)
{
    sync_parent_reload(&((struct rig *)self)->parent);
}

static int64_t never(const void *self)
{
    (void)self;
    return INT64_MAX;
}

/* ---- a child's core ------------------------------------------------------------------------ */

static enum err_code on_wish(void *core, const struct wire_item *wish, const struct event *ev,
                             struct err *err)
{
    struct rig_side *side = core;
    (void)ev;
    note(&side->wishes, side->node, wish);
    if (side->refuses != NULL && str_eq(wish->kind, side->refuses))
        return err_set(err, ERR_UNSUPPORTED, "no such kind here");
    return ERR_OK;
}

static void on_ask(void *core, const struct wire_note *asked, const struct event *ev)
{
    (void)asked, (void)ev;
    ((struct rig_side *)core)->asked++;
}

static void on_capacity(void *core, struct buf *capacity, struct buf *health)
{
    (void)health;
    buf_text(capacity, ((struct rig_side *)core)->capacity);
}

static enum err_code child_step(void *self, const struct event *ev, struct effects *out,
                                struct err *err)
{
    struct rig_side *side = self;
    (void)out, (void)err;
    if (ev->kind == EVENT_START)
        sync_child_start(&side->child, ev);
    if (ev->kind == EVENT_START && !side->lists_late)
        sync_child_listed(&side->child);
    if (ev->kind == EVENT_REPLY)
        sync_child_reply(&side->child, ev);
    do_ops(side, ev);
    return ERR_OK;
}

static void child_fail(void *self, const struct event *ev, const struct err *err,
                       struct effects *out)
{
    (void)self, (void)ev, (void)err, (void)out;
}

static void child_seal(void *self, const struct event *at, struct effects *out)
{
    sync_child_seal(&((struct rig_side *)self)->child, at, out);
}

static void child_reload(void *self)
{
    sync_child_reload(&((struct rig_side *)self)->child);
}

struct core rig_parent_core(struct rig *r)
{
    return (struct core){r, parent_step, parent_fail, parent_seal, parent_reload, never, NULL};
}

struct sync_parent_hooks rig_parent_hooks(struct rig *r)
{
    return (struct sync_parent_hooks){.core = r,
                                      .on_fact = on_fact,
                                      .on_capacity = on_room,
                                      .on_tell = on_tell,
                                      .on_recovered = on_recovered};
}

struct core rig_child_core(struct rig_side *side)
{
    return (struct core){side, child_step, child_fail, child_seal, child_reload, never, NULL};
}

struct sync_child_hooks rig_child_hooks(struct rig_side *side)
{
    return (struct sync_child_hooks){
        .core = side, .on_wish = on_wish, .on_ask = on_ask, .on_capacity = on_capacity};
}
