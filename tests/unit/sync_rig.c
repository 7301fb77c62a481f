/* sync_rig.c - see sync_rig.h. */
#include "tests/unit/unit.h"

#include "tests/unit/sync_rig.h"

#include "base/check.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
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

const struct rig_noted *rig_noted(const struct rig_notes *notes, const char *id)
{
    for (size_t i = notes->len; i-- > 0;)
        if (str_eq(notes->list[i].id, id))
            return &notes->list[i];
    return NULL;
}

/* ---- the parent's core ----------------------------------------------------------------------- */

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

/* ---- a child's core --------------------------------------------------------------------------- */

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

/* ---- turns ------------------------------------------------------------------------------------ */

static void perform_reply(struct rig *r, const struct effect_reply *reply)
{
    for (size_t i = 0; i < r->children; i++)
        for (size_t n = 0; n < r->down[i].calls_len; n++) {
            struct rig_call *call = &r->down[i].calls[n];
            if (!call->is_sent || call->request != reply->request_id)
                continue;
            INV(call->answer == NULL); /* nobody is answered twice */
            call->status = reply->status;
            call->answer = check_strdup(reply->body);
            r->fulls += strstr(reply->body, "\"need_full\":true") != NULL;
        }
}

static void perform_call(struct rig_side *side, const struct effect_call *effect)
{
    INV(side->calls_len < RIG_CALLS);
    side->calls[side->calls_len++] = (struct rig_call){.id = effect->call_id,
                                                       .body = check_strdup(effect->body)};
}

static void run(struct rig_side *side, struct event *ev)
{
    struct effects out = {.arena = &side->arena};
    ev->at = side->rig->at;
    side->last = turn_run(&side->turn, ev, 1, &out);
    for (const struct effect *e = out.first; e != NULL; e = e->next)
        if (e->kind == EFFECT_REPLY)
            perform_reply(side->rig, &e->reply);
        else if (e->kind == EFFECT_CALL)
            perform_call(side, &e->call);
    arena_reset(&side->arena);
    if (side->last == TURN_LOST) /* room was made again */
        store_i64(side->store, 0, "PRAGMA max_page_count=100000", "");
}

void rig_parent_turn(struct rig *r)
{
    run(&r->up, &(struct event){.kind = EVENT_TICK});
}

void rig_child_turn(struct rig *r, size_t child)
{
    run(&r->down[child], &(struct event){.kind = EVENT_TICK});
}

static void parent_boot(struct rig *r)
{
    const struct sync_parent_hooks hooks = {.core = r,
                                            .on_fact = on_fact,
                                            .on_capacity = on_room,
                                            .on_tell = on_tell,
                                            .on_recovered = on_recovered};
    struct core core = {r, parent_step, parent_fail, parent_seal, parent_reload, never};
    sync_parent_init(&r->parent, r->up.store, &r->up.rng, &hooks, &r->timing);
    turn_init(&r->up.turn, &core, r->up.store, &r->at);
    run(&r->up, &(struct event){.kind = EVENT_START});
}

static void child_boot(struct rig_side *side)
{
    const struct sync_child_hooks hooks = {
        .core = side, .on_wish = on_wish, .on_ask = on_ask, .on_capacity = on_capacity};
    struct core core = {side, child_step, child_fail, child_seal, child_reload, never};
    sync_child_init(&side->child, side->store, &side->rng, side->node, "parent", &hooks,
                    &side->rig->timing);
    turn_init(&side->turn, &core, side->store, &side->rig->at);
    run(side, &(struct event){.kind = EVENT_START});
}

static void forget_calls(struct rig_side *side)
{
    for (size_t i = 0; i < side->calls_len; i++) {
        free(side->calls[i].body);
        free(side->calls[i].answer);
    }
    side->calls_len = 0;
}

/* Connections end with the process: whoever waited hears so, and tries again. */
static void cut(struct rig *r, size_t child)
{
    struct rig_side *side = &r->down[child];
    for (size_t i = 0; i < side->calls_len; i++)
        if (side->calls[i].is_sent && !side->calls[i].is_over && side->calls[i].answer == NULL)
            rig_lose(r, child, &side->calls[i]);
}

void rig_parent_restart(struct rig *r)
{
    sync_parent_fini(&r->parent);
    parent_boot(r);
    for (size_t i = 0; i < r->children; i++)
        cut(r, i);
    rig_pass(r, r->timing.retry_ms + 1);
    for (size_t i = 0; i < r->children; i++)
        rig_child_turn(r, i);
}

void rig_child_restart(struct rig *r, size_t child)
{
    for (size_t i = 0; i < r->down[child].calls_len; i++)
        r->down[child].calls[i].is_over = true; /* nobody waits for them any more */
    sync_child_fini(&r->down[child].child);
    child_boot(&r->down[child]);
}

static void side_open(struct rig *r, struct rig_side *side, const char *node, uint64_t seed,
                      const struct store_schema *schema)
{
    struct err err = {0};
    side->rig = r;
    side->seed.state = seed;
    side->rng = rng_seeded(&side->seed);
    side->capacity = "";
    str_copy(side->node, sizeof side->node, node);
    enum err_code code = store_open(&side->store, ":memory:", schema, &err);
    INV(code == ERR_OK);
}

struct rig *rig_new(size_t children, int64_t by_page)
{
    struct rig *r = check_alloc(sizeof *r);
    const char *const up[] = {sync_parent_schema}, *const down[] = {sync_child_schema};
    struct store_schema up_schema = {up, 1}, down_schema = {down, 1};
    struct err err = {0};
    r->at = (struct instant){1000, 50000, 1763632415000};
    r->timing = sync_timing_default();
    r->timing.page_bytes = by_page > 0 ? by_page : r->timing.page_bytes;
    r->next_request = 1;
    side_open(r, &r->up, "parent", 1, &up_schema);
    parent_boot(r);
    for (r->children = 0; r->children < children; r->children++) {
        struct rig_side *side = &r->down[r->children];
        char node[] = {(char)('a' + (int)r->children), '\0'};
        side_open(r, side, node, 100 + r->children, &down_schema);
        store_begin(r->up.store);
        sync_parent_add(&r->parent, node, "host", "s0");
        INV(store_commit(r->up.store, &err) == ERR_OK);
        child_boot(side);
    }
    return r;
}

void rig_free(struct rig *r)
{
    for (size_t i = 0; i < r->children; i++) {
        forget_calls(&r->down[i]);
        sync_child_fini(&r->down[i].child);
        store_close(r->down[i].store);
        arena_fini(&r->down[i].arena);
    }
    sync_parent_fini(&r->parent);
    store_close(r->up.store);
    arena_fini(&r->up.arena);
    free(r);
}

void rig_pass(struct rig *r, int64_t ms)
{
    r->at.mono_ms += ms;
    r->at.boot_ms += ms;
    r->at.wall_ms += ms;
}

/* ---- queued ------------------------------------------------------------------------------------ */

void rig_op(struct rig_side *side, struct rig_op op)
{
    INV(side->ops.len < RIG_OPS);
    side->ops.list[side->ops.len++] = op;
}

void rig_want(struct rig *r, size_t child, const char *id, int64_t generation, int64_t pepoch,
              const char *body)
{
    rig_op(&r->up, (struct rig_op){RIG_WANT, r->down[child].node, "instance", id, body, generation,
                                   pepoch});
}

void rig_end(struct rig *r, size_t child, const char *id, int64_t generation, int64_t pepoch,
             const char *gone)
{
    rig_op(&r->up, (struct rig_op){RIG_END, r->down[child].node, "instance", id, gone, generation,
                                   pepoch});
}

void rig_say(struct rig *r, size_t child, const char *id, int64_t generation, int64_t pepoch,
             const char *body)
{
    rig_op(&r->down[child],
           (struct rig_op){RIG_SAY, "", "instance", id, body, generation, pepoch});
}

void rig_gone(struct rig *r, size_t child, const char *id, int64_t generation, int64_t pepoch)
{
    rig_op(&r->down[child], (struct rig_op){RIG_GONE, "", "instance", id, "", generation, pepoch});
}

/* ---- the transport ------------------------------------------------------------------------------ */

static void parse_call(const struct rig_call *call, struct arena *arena,
                       struct wire_sync_request *m)
{
    struct err err = {0};
    enum err_code code = wire_decode(&wire_sync_request_type, call->body, strlen(call->body), arena,
                                     m, &err);
    INV(code == ERR_OK);
}

struct rig_call *rig_waiting(struct rig *r, size_t child, bool busy)
{
    struct rig_side *side = &r->down[child];
    struct rig_call *found = NULL;
    struct arena arena = {0};
    for (size_t i = 0; i < side->calls_len && found == NULL; i++) {
        struct wire_sync_request m;
        parse_call(&side->calls[i], &arena, &m);
        if (!side->calls[i].is_sent && !side->calls[i].is_over && m.busy == busy)
            found = &side->calls[i];
    }
    arena_fini(&arena);
    return found;
}

static void post(struct rig *r, const char *body, const char *peer_node, const char *peer_serial,
                 int64_t not_after_ms, uint64_t request)
{
    run(&r->up, &(struct event){.kind = EVENT_REQUEST,
                                .request = {.id = request,
                                            .face = FACE_TIER,
                                            .method = "POST",
                                            .target = "/v1/sync",
                                            .body = body,
                                            .body_len = strlen(body),
                                            .peer_node = peer_node,
                                            .peer_serial = peer_serial,
                                            .peer_not_after_ms = not_after_ms,
                                            .remote = "127.0.0.1:7",
                                            .trace = ""}});
}

int rig_carry(struct rig *r, size_t child, struct rig_call *call)
{
    call->is_sent = true;
    call->request = r->next_request++;
    call->status = 0;
    free(call->answer);
    call->answer = NULL;
    post(r, call->body, r->down[child].node, "s0", INT64_MAX, call->request);
    return call->status;
}

static void give(struct rig *r, size_t child, uint64_t call_id, int status, const char *body)
{
    run(&r->down[child],
        &(struct event){.kind = EVENT_REPLY,
                        .reply = {.call_id = call_id,
                                  .status = status,
                                  .body = body,
                                  .body_len = strlen(body)}});
}

void rig_answer(struct rig *r, size_t child, struct rig_call *call)
{
    INV(call->answer != NULL);
    call->is_over = true;
    give(r, child, call->id, call->status, call->answer);
}

void rig_lose(struct rig *r, size_t child, struct rig_call *call)
{
    call->is_sent = call->is_over = true;
    give(r, child, call->id, 0, "");
}

static bool move_child(struct rig *r, size_t child)
{
    struct rig_side *side = &r->down[child];
    for (size_t i = 0; i < side->calls_len; i++) {
        struct rig_call *call = &side->calls[i];
        if (call->is_over)
            continue;
        if (!call->is_sent)
            rig_carry(r, child, call);
        if (call->answer != NULL) {
            rig_answer(r, child, call);
            return true;
        }
    }
    return false;
}

static bool has_ops(const struct rig *r)
{
    size_t ops = r->up.ops.len;
    for (size_t i = 0; i < r->children; i++)
        ops += r->down[i].ops.len;
    return ops > 0;
}

void rig_settle(struct rig *r)
{
    for (int round = 0; round < 1000; round++) {
        bool moved = has_ops(r);
        if (moved)
            rig_parent_turn(r);
        for (size_t i = 0; i < r->children; i++) {
            if (moved)
                rig_child_turn(r, i);
            moved |= move_child(r, i);
        }
        if (!moved)
            return;
    }
    IMPOSSIBLE("the link never comes to rest");
}

int rig_request(struct rig *r, const struct wire_sync_request *m, const char *peer_node,
                const char *peer_serial, int64_t not_after_ms)
{
    CLEANUP(buf_fini) struct buf body = {0};
    struct rig_side *side = &r->down[0];
    INV(side->calls_len < RIG_CALLS);
    struct rig_call *call = &side->calls[side->calls_len++];
    wire_encode(&body, &wire_sync_request_type, m);
    *call = (struct rig_call){.is_sent = true,
                              .is_over = true,
                              .request = r->next_request++,
                              .body = check_strdup(body.data)};
    post(r, body.data, peer_node, peer_serial, not_after_ms, call->request);
    return call->status;
}

void rig_reply(struct rig *r, size_t child, struct rig_call *call, const struct wire_sync_reply *m)
{
    CLEANUP(buf_fini) struct buf body = {0};
    wire_encode(&body, &wire_sync_reply_type, m);
    call->is_sent = call->is_over = true;
    give(r, child, call->id, 200, body.data);
}

/* ---- looking ------------------------------------------------------------------------------------ */

void rig_read_call(struct rig *r, const struct rig_call *call, struct wire_sync_request *m)
{
    parse_call(call, &r->up.arena, m);
}

void rig_read_answer(struct rig *r, const struct rig_call *call, struct wire_sync_reply *m)
{
    struct err err = {0};
    INV(call->answer != NULL && call->status == 200);
    enum err_code code = wire_decode(&wire_sync_reply_type, call->answer, strlen(call->answer),
                                     &r->up.arena, m, &err);
    INV(code == ERR_OK);
}

int64_t rig_changes(struct rig_side *side)
{
    return store_i64(side->store, 0, "SELECT total_changes()", "");
}

int64_t rig_got(struct rig *r, size_t child, const char *id, int64_t pepoch)
{
    return store_i64(r->down[child].store, -1,
                     "SELECT CASE WHEN gone='' THEN generation ELSE -2 END FROM got"
                     " WHERE id=? AND pepoch=?",
                     "si", id, pepoch);
}

bool rig_holds(struct rig *r, const char *id)
{
    return sync_parent_holds(&r->parent, "instance", id);
}

static void dump(struct store *store, const char *sql, const char *node, struct buf *out)
{
    struct query q;
    STORE_EACH (store, q, sql, "s", node)
        buf_printf(out, "%s %s %lld %lld %lld %s\n", query_text(&q, 0), query_text(&q, 1),
                   (long long)query_i64(&q, 2), (long long)query_i64(&q, 3),
                   (long long)query_i64(&q, 4), query_text(&q, 5));
}

void rig_check_agreement(struct rig *r, size_t child)
{
    CLEANUP(buf_fini) struct buf wished = {0};
    CLEANUP(buf_fini) struct buf got = {0};
    CLEANUP(buf_fini) struct buf said = {0};
    CLEANUP(buf_fini) struct buf heard = {0};
    struct rig_side *side = &r->down[child];
    dump(r->up.store,
         "SELECT kind, id, pepoch, generation, rev, body FROM wish WHERE node=? AND gone=''"
         " AND visible ORDER BY 1, 2, 3",
         side->node, &wished);
    dump(side->store,
         "SELECT kind, id, pepoch, generation, number, body FROM got WHERE gone='' AND number>0"
         " AND ?<>'' ORDER BY 1, 2, 3",
         side->node, &got);
    assert_string_equal(buf_str(&wished), buf_str(&got));
    dump(side->store,
         "SELECT kind, id, pepoch, generation, number, body FROM said WHERE gone='' AND ?<>''"
         " ORDER BY 1, 2, 3",
         side->node, &said);
    dump(r->up.store,
         "SELECT kind, id, pepoch, generation, number, body FROM heard WHERE node=? AND number>0"
         " ORDER BY 1, 2, 3",
         side->node, &heard);
    assert_string_equal(buf_str(&said), buf_str(&heard));
    assert_true(store_i64(r->up.store, -1, "SELECT want_sum FROM child WHERE node=?", "s",
                          side->node) ==
                store_i64(side->store, -2, "SELECT got_sum FROM child_self", ""));
    assert_true(store_i64(r->up.store, -1, "SELECT fact_sum FROM child WHERE node=?", "s",
                          side->node) ==
                store_i64(side->store, -2, "SELECT said_sum FROM child_self", ""));
}
