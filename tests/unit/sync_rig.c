/* sync_rig.c - see sync_rig.h. */
#include "tests/unit/sync_rig.h"

#include "base/check.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- turns --------------------------------------------------------------------------------- */

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

/* A core whose first turn is lost is started again, as the loop does. */
static void start(struct rig_side *side)
{
    do
        run(side, &(struct event){.kind = EVENT_START});
    while (side->last == TURN_LOST);
}

static void parent_boot(struct rig *r)
{
    const struct sync_parent_hooks hooks = rig_parent_hooks(r);
    const struct core core = rig_parent_core(r);
    sync_parent_init(&r->parent, r->up.store, &r->up.rng, &hooks, &r->timing);
    turn_init(&r->up.turn, &core, r->up.store, &r->at);
    start(&r->up);
}

static void child_boot(struct rig_side *side)
{
    const struct sync_child_hooks hooks = rig_child_hooks(side);
    const struct core core = rig_child_core(side);
    sync_child_init(&side->child, side->store, &side->rng, side->node, "parent", &hooks,
                    &side->rig->timing);
    turn_init(&side->turn, &core, side->store, &side->rig->at);
    start(side);
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

struct rig *rig_new_met(void)
{
    struct rig *r = rig_new(2, 0);
    rig_settle(r);
    rig_pass(r, r->timing.heartbeat_ms);
    rig_parent_turn(r);
    rig_settle(r);
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

/* ---- queued -------------------------------------------------------------------------------- */

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
    rig_op(&r->up,
           (struct rig_op){RIG_END, r->down[child].node, "instance", id, gone, generation, pepoch});
}

void rig_say(struct rig *r, size_t child, const char *id, int64_t generation, int64_t pepoch,
             const char *body)
{
    rig_op(&r->down[child], (struct rig_op){RIG_SAY, "", "instance", id, body, generation, pepoch});
}

void rig_gone(struct rig *r, size_t child, const char *id, int64_t generation, int64_t pepoch)
{
    rig_op(&r->down[child], (struct rig_op){RIG_GONE, "", "instance", id, "", generation, pepoch});
}

/* ---- the transport ------------------------------------------------------------------------- */

void rig_parse_call(const struct rig_call *call, struct arena *arena, struct wire_sync_request *m)
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
        rig_parse_call(&side->calls[i], &arena, &m);
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
                                            .peer_not_before_ms = r->peer_since_ms,
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
    run(&r->down[child], &(struct event){.kind = EVENT_REPLY,
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
    bool carried = false; /* which may release what another child waits for */
    for (size_t i = 0; i < side->calls_len; i++) {
        struct rig_call *call = &side->calls[i];
        if (call->is_over)
            continue;
        if (!call->is_sent) {
            rig_carry(r, child, call);
            carried = true;
        }
        if (call->answer != NULL) {
            rig_answer(r, child, call);
            return true;
        }
    }
    return carried;
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

void rig_settle_rounds(struct rig *r)
{
    rig_settle(r);
    for (int i = 0; i < 8; i++) {
        rig_pass(r, 16);
        rig_parent_turn(r);
        rig_settle(r);
    }
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
