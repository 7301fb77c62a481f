/* child_ask.c - what a child sends: facts, what it holds, and the question for wishes. */
#include "base/check.h"
#include "base/str.h"
#include "proto/sync/child_rows.h"
#include "proto/wire/version.h"

#include <string.h>

enum { PAGE_ITEMS = 10000, HELD_ITEMS = 1000 };

static size_t fill_facts(struct sync_child *c, struct wire_sync_request *m, struct arena *arena)
{
    size_t cap = 16, bytes = 0;
    m->seen = arena_alloc(arena, cap * sizeof *m->seen);
    m->facts_to = sync_child_self(c, "SELECT said_number FROM child_self");
    struct query q;
    STORE_EACH (c->store, q,
                "SELECT kind, id, pepoch, generation, number, gone, error, body FROM said"
                " WHERE number>? ORDER BY number",
                "i", c->seen_ack) {
        if (bytes > (size_t)c->timing.page_bytes || m->seen_len >= PAGE_ITEMS) {
            m->more = true;
            m->facts_to = m->seen[m->seen_len - 1].number;
            query_close(&q);
            break;
        }
        if (m->seen_len == cap) {
            struct wire_item *grown = arena_alloc(arena, 2 * cap * sizeof *grown);
            memcpy(grown, m->seen, cap * sizeof *grown);
            m->seen = grown;
            cap *= 2;
        }
        m->seen[m->seen_len++] = (struct wire_item){
            .kind = arena_strdup(arena, query_text(&q, 0)),
            .id = arena_strdup(arena, query_text(&q, 1)),
            .pepoch = query_i64(&q, 2),
            .generation = query_i64(&q, 3),
            .number = query_i64(&q, 4),
            .gone = arena_strdup(arena, query_text(&q, 5)),
            .error = arena_strdup(arena, query_text(&q, 6)),
            .body = arena_strdup(arena, query_text(&q, 7)),
        };
        bytes += strlen(m->seen[m->seen_len - 1].body) + 200;
    }
    return m->seen_len;
}

/* Everything recorded, verbatim, from where the parent says it has it; facts wait meanwhile. */
static void fill_held(struct sync_child *c, struct wire_sync_request *m, struct arena *arena)
{
    size_t bytes = 0;
    struct query q;
    m->held_for = c->held_for;
    m->held_from = c->held_ack + 1;
    m->facts_to = c->seen_ack;
    m->more = true;
    m->held = arena_alloc(arena, HELD_ITEMS * sizeof *m->held);
    STORE_EACH (c->store, q,
                "SELECT kind, id, pepoch, generation, number, gone, body FROM got"
                " ORDER BY kind, id, pepoch LIMIT ?1 OFFSET ?2",
                "ii", (int64_t)HELD_ITEMS + 1, c->held_ack) {
        if (m->held_len == HELD_ITEMS || bytes > (size_t)c->timing.page_bytes) {
            m->held_more = true;
            query_close(&q);
            break;
        }
        m->held[m->held_len] = (struct wire_item){
            .kind = arena_strdup(arena, query_text(&q, 0)),
            .id = arena_strdup(arena, query_text(&q, 1)),
            .pepoch = query_i64(&q, 2),
            .generation = query_i64(&q, 3),
            .number = query_i64(&q, 4),
            .gone = arena_strdup(arena, query_text(&q, 5)),
            .body = arena_strdup(arena, query_text(&q, 6)),
        };
        bytes += strlen(m->held[m->held_len++].body) + 200;
    }
}

static void fill_self(struct sync_child *c, struct wire_sync_request *m, struct arena *arena)
{
    struct query q;
    query_open(&q, c->store,
               "SELECT store_id, start_id, applied_rev, said_sum, boot_n FROM child_self", "");
    if (!query_next(&q))
        return;
    m->store_id_seen = arena_strdup(arena, query_text(&q, 0));
    m->start_id_seen = arena_strdup(arena, query_text(&q, 1));
    m->applied_rev = query_i64(&q, 2);
    m->facts_sum = (uint64_t)query_i64(&q, 3);
    m->boot_n = query_i64(&q, 4);
    query_close(&q);
}

/* Notes are encoded already; they are put in where the table says they stand. */
static void encode_message(struct sync_child *c, struct wire_sync_request *m, bool with_tells,
                           struct buf *body)
{
    wire_encode(body, &wire_sync_request_type, m);
    if (!with_tells || c->tells_len == 0)
        return;
    body->len--; /* the closing brace */
    buf_text(body, ",\"tell\":[");
    buf_append(body, c->tells.data, c->tells.len);
    buf_text(body, "]}");
    buf_clear(&c->tells);
    c->tells_len = 0;
}

static void send(struct sync_child *c, struct sync_call *call, bool carries, const struct event *at,
                 struct effects *out)
{
    struct wire_sync_request m = {.proto = wire_version(),
                                  .node = c->node,
                                  .boot = c->boot,
                                  .seq = ++c->seq,
                                  .t_send = at->at.boot_ms,
                                  .listed = c->listed,
                                  .busy = carries,
                                  .facts_from = c->seen_ack + 1};
    CLEANUP(buf_fini) struct buf capacity = {0};
    CLEANUP(buf_fini) struct buf health = {0};
    CLEANUP(buf_fini) struct buf body = {0};
    fill_self(c, &m, out->arena);
    m.facts_to = sync_child_self(c, "SELECT said_number FROM child_self");
    if (carries && c->returning)
        fill_held(c, &m, out->arena);
    else if (carries)
        fill_facts(c, &m, out->arena);
    c->hooks.on_capacity(c->hooks.core, &capacity, &health);
    m.capacity = buf_str(&capacity);
    char words[256]; /* as much as the message takes */
    str_copy(words, sizeof words, buf_str(&health));
    m.health = words;
    encode_message(c, &m, carries, &body);
    *call = (struct sync_call){
        .call_id = (uint64_t)c->seq, .seq = c->seq, .facts_to = m.facts_to, .carries = carries};
    effect_call(out, &(struct effect_call){.call_id = call->call_id,
                                           .peer = c->peer,
                                           .method = "POST",
                                           .target = "/v1/sync",
                                           .body = body.data,
                                           .body_len = body.len,
                                           .timeout_ms = c->timing.call_ms});
}

void sync_child_seal(struct sync_child *c, const struct event *at, struct effects *out)
{
    c->waiting = at->at.mono_ms < c->retry_mono_ms;
    if (c->waiting)
        return;
    bool news = c->returning || c->tells_len > 0 ||
                sync_child_self(c, "SELECT said_number FROM child_self") > c->seen_ack;
    if (news && c->busy.call_id == 0)
        send(c, &c->busy, true, at, out);
    if (c->idle.call_id == 0)
        send(c, &c->idle, false, at, out);
}

int64_t sync_child_wake_at(const struct sync_child *c)
{
    return c->waiting ? c->retry_mono_ms : INT64_MAX;
}
