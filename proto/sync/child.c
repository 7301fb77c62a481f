/* child.c - takes wishes, says facts: the child's end. See child.h and PROTOCOL 1-4. */
#include "proto/sync/child.h"

#include "base/check.h"
#include "base/id.h"
#include "base/log.h"
#include "base/str.h"
#include "proto/sync/item.h"
#include "proto/wire/version.h"

#include <string.h>

const char sync_child_schema[] =
    "CREATE TABLE child_self(one INTEGER PRIMARY KEY CHECK(one=1), store_id TEXT NOT NULL,"
    " start_id TEXT NOT NULL, applied_rev INTEGER NOT NULL, got_sum INTEGER NOT NULL,"
    " said_sum INTEGER NOT NULL, said_number INTEGER NOT NULL, boot_n INTEGER NOT NULL);"
    "INSERT INTO child_self VALUES(1, '', '', 0, 0, 0, 0, 0);"
    "CREATE TABLE got(kind TEXT NOT NULL, id TEXT NOT NULL, pepoch INTEGER NOT NULL,"
    " generation INTEGER NOT NULL, number INTEGER NOT NULL, gone TEXT NOT NULL,"
    " gone_ms INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL,"
    " PRIMARY KEY(kind, id, pepoch)) WITHOUT ROWID;"
    "CREATE INDEX got_gone ON got(gone_ms) WHERE gone_ms>0;"
    "CREATE TABLE said(kind TEXT NOT NULL, id TEXT NOT NULL, pepoch INTEGER NOT NULL,"
    " generation INTEGER NOT NULL, number INTEGER NOT NULL, gone TEXT NOT NULL,"
    " error TEXT NOT NULL DEFAULT '', body TEXT NOT NULL,"
    " PRIMARY KEY(kind, id, pepoch)) WITHOUT ROWID;"
    "CREATE INDEX said_by_number ON said(number);";

void sync_child_init(struct sync_child *c, struct store *store, const struct rng *rng,
                     const char *node, const char *peer, const struct sync_child_hooks *hooks,
                     const struct sync_timing *timing)
{
    *c = (struct sync_child){
        .store = store, .rng = *rng, .peer = peer, .hooks = *hooks, .timing = *timing};
    bool fits = str_copy(c->node, sizeof c->node, node);
    PRE(fits);
}

void sync_child_fini(struct sync_child *c)
{
    buf_fini(&c->tells);
}

static int64_t self_i64(struct sync_child *c, const char *sql)
{
    return store_i64(c->store, 0, sql, "");
}

int64_t sync_child_applied_rev(struct sync_child *c)
{
    return self_i64(c, "SELECT applied_rev FROM child_self");
}

/* ---- facts ------------------------------------------------------------------------------- */

static void add_said_sum(struct sync_child *c, uint64_t hash)
{
    uint64_t sum = (uint64_t)self_i64(c, "SELECT said_sum FROM child_self");
    store_run(c->store, "UPDATE child_self SET said_sum=?", "i", (int64_t)(sum + hash));
}

static int64_t next_number(struct sync_child *c)
{
    store_run(c->store, "UPDATE child_self SET said_number=said_number+1", "");
    return self_i64(c, "SELECT said_number FROM child_self");
}

/* What the row adds to the sum now; gone facts are never summed. */
static uint64_t said_hash(struct sync_child *c, const char *kind, const char *id, int64_t pepoch)
{
    struct query q;
    uint64_t hash = 0;
    query_open(&q, c->store,
               "SELECT generation, number FROM said WHERE kind=? AND id=? AND pepoch=? AND gone=''",
               "ssi", kind, id, pepoch);
    if (query_next(&q)) {
        hash = sync_item_hash(kind, id, query_i64(&q, 0), pepoch, query_i64(&q, 1));
        query_close(&q);
    }
    return hash;
}

static void put_fact(struct sync_child *c, const struct wire_item *fact)
{
    if (store_has(c->store,
                  "SELECT 1 FROM said WHERE kind=? AND id=? AND pepoch=? AND generation=?"
                  " AND gone=? AND error=? AND body=?",
                  "ssiisss", fact->kind, fact->id, fact->pepoch, fact->generation, fact->gone,
                  fact->error, fact->body))
        return;
    uint64_t before = said_hash(c, fact->kind, fact->id, fact->pepoch);
    store_run(c->store,
              "INSERT INTO said(kind, id, pepoch, generation, number, gone, error, body)"
              " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET"
              " generation=?4, number=?5, gone=?6, error=?7, body=?8",
              "ssiiisss", fact->kind, fact->id, fact->pepoch, fact->generation, next_number(c),
              fact->gone, fact->error, fact->body);
    add_said_sum(c, said_hash(c, fact->kind, fact->id, fact->pepoch) - before);
}

void sync_child_say(struct sync_child *c, const char *kind, const char *id, int64_t generation,
                    int64_t pepoch, const char *body)
{
    put_fact(c, &(struct wire_item){.kind = kind,
                                    .id = id,
                                    .generation = generation,
                                    .pepoch = pepoch,
                                    .gone = "",
                                    .error = "",
                                    .body = body});
}

void sync_child_gone(struct sync_child *c, const char *kind, const char *id, int64_t generation,
                     int64_t pepoch, const struct event *ev)
{
    put_fact(c, &(struct wire_item){.kind = kind,
                                    .id = id,
                                    .generation = generation,
                                    .pepoch = pepoch,
                                    .gone = "deleted",
                                    .error = "",
                                    .body = ""});
    store_run(c->store,
              "UPDATE got SET gone_ms=max(?, 1) WHERE kind=? AND id=? AND pepoch=? AND gone<>''"
              " AND gone_ms=0",
              "issi", ev->now_ms, kind, id, pepoch);
}

void sync_child_tell(struct sync_child *c, const char *kind, const char *id, const char *body)
{
    enum { TELLS_MAX = 16 };
    if (c->tells_len == TELLS_MAX)
        return; /* ephemeral */
    struct wire_note note = {.kind = kind, .id = id, .body = body};
    if (c->tells_len++ > 0)
        buf_char(&c->tells, ',');
    wire_encode(&c->tells, &wire_note_type, &note);
}

/* Tombstones that everybody has forgotten: kept for tombstone_ms after their end was said. */
static void forget_old(struct sync_child *c, int64_t now_ms)
{
    int64_t before = now_ms - c->timing.tombstone_ms;
    store_run(c->store,
              "DELETE FROM said WHERE gone<>'' AND (kind, id, pepoch) IN"
              " (SELECT kind, id, pepoch FROM got WHERE gone_ms>0 AND gone_ms<?)",
              "i", before);
    store_run(c->store, "DELETE FROM got WHERE gone_ms>0 AND gone_ms<?", "i", before);
}

/* Facts are numbered within a run: a new one says them all, in the order of their keys. */
static void renumber(struct sync_child *c)
{
    store_run(c->store,
              "UPDATE said SET number=n FROM (SELECT kind AS k, id AS i, pepoch AS p,"
              " row_number() OVER (ORDER BY kind, id, pepoch) AS n FROM said)"
              " WHERE kind=k AND id=i AND pepoch=p",
              "");
    store_run(c->store, "UPDATE child_self SET said_number=(SELECT count(*) FROM said), said_sum=0",
              "");
    uint64_t sum = 0;
    struct query q;
    STORE_EACH (c->store, q,
                "SELECT kind, id, generation, pepoch, number FROM said WHERE gone=''"
                " ORDER BY number",
                "")
        sum += sync_item_hash(query_text(&q, 0), query_text(&q, 1), query_i64(&q, 2),
                              query_i64(&q, 3), query_i64(&q, 4));
    add_said_sum(c, sum);
}

void sync_child_start(struct sync_child *c, const struct event *ev)
{
    id_uuid(c->boot, &c->rng);
    c->seq = c->taken_seq = 0;
    c->idle = c->busy = (struct sync_call){0};
    c->seen_ack = 0;
    /* Orders the runs of this child: also after its store was restored from a backup, as long as
     * the date was not put back as well. */
    store_run(c->store, "UPDATE child_self SET boot_n=max(boot_n+1, ?)", "i", ev->at.wall_ms);
    forget_old(c, ev->now_ms);
    renumber(c);
}

/* Calls that the lost turn meant to make were never made, and what it recorded is not. */
void sync_child_reload(struct sync_child *c)
{
    c->idle = c->busy = (struct sync_call){0};
    c->fresh = false;
    c->lease_until_boot_ms = 0;
}

void sync_child_listed(struct sync_child *c)
{
    c->listed = true;
}

/* ---- what the parent answers -------------------------------------------------------------- */

static uint64_t got_hash(struct sync_child *c, const struct wire_item *wish)
{
    struct query q;
    uint64_t hash = 0;
    query_open(&q, c->store,
               "SELECT generation, number FROM got WHERE kind=? AND id=? AND pepoch=? AND gone=''"
               " AND number>0",
               "ssi", wish->kind, wish->id, wish->pepoch);
    if (query_next(&q)) {
        hash = sync_item_hash(wish->kind, wish->id, query_i64(&q, 0), wish->pepoch,
                              query_i64(&q, 1));
        query_close(&q);
    }
    return hash;
}

static void add_got_sum(struct sync_child *c, uint64_t hash)
{
    uint64_t sum = (uint64_t)self_i64(c, "SELECT got_sum FROM child_self");
    store_run(c->store, "UPDATE child_self SET got_sum=?", "i", (int64_t)(sum + hash));
}

/* A tombstone that comes again asks again: its end is said under a new number. */
static void say_again(struct sync_child *c, const struct wire_item *wish)
{
    if (store_has(c->store, "SELECT 1 FROM said WHERE kind=? AND id=? AND pepoch=? AND gone<>''",
                  "ssi", wish->kind, wish->id, wish->pepoch))
        store_run(c->store, "UPDATE said SET number=? WHERE kind=? AND id=? AND pepoch=?", "issi",
                  next_number(c), wish->kind, wish->id, wish->pepoch);
}

static void record_wish(struct sync_child *c, const struct wire_item *wish)
{
    uint64_t before = got_hash(c, wish);
    store_run(c->store,
              "INSERT INTO got(kind, id, pepoch, generation, number, gone, body)"
              " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET"
              " generation=max(generation, ?4), number=?5, gone=?6, body=?7,"
              " gone_ms=CASE WHEN ?6='' THEN 0 ELSE gone_ms END",
              "ssiiiss", wish->kind, wish->id, wish->pepoch, wish->generation, wish->number,
              wish->gone, wish->body);
    add_got_sum(c, got_hash(c, wish) - before);
    if (*wish->gone != '\0')
        say_again(c, wish);
}

/* An item that cannot be applied becomes a fact with its error and blocks nothing. */
static void take_wish(struct sync_child *c, const struct wire_item *wish, const struct event *ev)
{
    struct err err = {0};
    record_wish(c, wish);
    if (c->hooks.on_wish(c->hooks.core, wish, ev, &err) == ERR_OK)
        return;
    log_warn("sync.wish_refused", "kind", wish->kind, "id", wish->id, "why", err.text, NULL);
    put_fact(c, &(struct wire_item){.kind = wish->kind,
                                    .id = wish->id,
                                    .generation = wish->generation,
                                    .pepoch = wish->pepoch,
                                    .gone = "",
                                    .error = err.text,
                                    .body = ""});
}

/* PROTOCOL 3: equal revisions and unequal sums mean that something is broken; ask for all. */
static void check_wishes(struct sync_child *c, const struct wire_sync_reply *r)
{
    if (r->more || r->rev != sync_child_applied_rev(c) ||
        (uint64_t)self_i64(c, "SELECT got_sum FROM child_self") == r->want_sum)
        return;
    log_error("sync.wishes_differ", "node", c->node, NULL);
    store_run(c->store, "UPDATE got SET number=0 WHERE gone=''", "");
    store_run(c->store, "UPDATE child_self SET applied_rev=0, got_sum=0", "");
}

/* Wishes only from an answer to a question of this run that was asked after the last recording:
 * revisions alone do not protect, a late answer to a former life carries a plausible delta. */
static bool may_take(const struct sync_child *c, const struct wire_sync_reply *r)
{
    return str_eq(r->echo->boot, c->boot) && r->echo->seq > c->taken_seq;
}

static void take_wishes(struct sync_child *c, const struct wire_sync_reply *r,
                        const struct event *ev)
{
    if (!may_take(c, r) || r->recovery)
        return;
    for (size_t i = 0; i < r->want_len; i++)
        take_wish(c, &r->want[i], ev);
    if (r->want_len > 0) {
        store_run(c->store, "UPDATE child_self SET applied_rev=?", "i", r->rev);
        c->taken_seq = c->seq;
    }
    check_wishes(c, r);
    if (!r->more)
        c->fresh = true;
}

/* R3: from the time of asking, never from the time of hearing. */
static void take_lease(struct sync_child *c, const struct wire_sync_reply *r,
                       const struct event *ev)
{
    if (!str_eq(r->echo->boot, c->boot) || r->lease_ms == 0 || r->recovery)
        return;
    bool all_recorded = !r->more && r->rev <= sync_child_applied_rev(c);
    if (!sync_child_has_lease(c, ev->at.boot_ms) && !all_recorded)
        return;
    int64_t until = r->echo->t_send + r->lease_ms;
    if (until > c->lease_until_boot_ms)
        c->lease_until_boot_ms = until;
}

static void take_ack(struct sync_child *c, const struct wire_sync_reply *r)
{
    if (!str_eq(r->echo->boot, c->boot))
        return;
    if (r->need_full)
        c->seen_ack = 0;
    else if (r->seen_ack > c->seen_ack)
        c->seen_ack = r->seen_ack;
}

/* Is this our parent, in the start that we know? A new start is noted first, and its wishes are
 * taken from the next answer. */
static enum err_code take_start(struct sync_child *c, const struct wire_sync_reply *r,
                                struct err *err)
{
    struct query q;
    bool same_store = false, same_start = false, first = false;
    query_open(&q, c->store, "SELECT store_id, start_id FROM child_self", "");
    if (query_next(&q)) {
        first = *query_text(&q, 0) == '\0';
        same_store = str_eq(query_text(&q, 0), r->store_id);
        same_start = str_eq(query_text(&q, 1), r->start_id);
        query_close(&q);
    }
    if (!first && !same_store)
        return err_set(err, ERR_PEER_DENIED, "the parent has another store: join anew");
    if (!same_start) {
        store_run(c->store, "UPDATE child_self SET store_id=?, start_id=?", "ss", r->store_id,
                  r->start_id);
        c->taken_seq = c->seq;
    }
    return ERR_OK;
}

static enum err_code take_answer(struct sync_child *c, const struct event *ev, struct err *err)
{
    struct arena arena = {0};
    struct wire_sync_reply r;
    enum err_code code = wire_decode(&wire_sync_reply_type, ev->reply.body, ev->reply.body_len,
                                     &arena, &r, err);
    if (code == ERR_OK && r.echo == NULL)
        code = err_set(err, ERR_MALFORMED_JSON, "no echo");
    if (code == ERR_OK)
        code = take_start(c, &r, err);
    if (code == ERR_OK) {
        take_ack(c, &r);
        take_wishes(c, &r, ev);
        take_lease(c, &r, ev);
        for (size_t i = 0; i < r.ask_len; i++)
            c->hooks.on_ask(c->hooks.core, &r.ask[i], ev);
    }
    arena_fini(&arena);
    return code;
}

bool sync_child_reply(struct sync_child *c, const struct event *ev)
{
    PRE(ev->kind == EVENT_REPLY);
    struct sync_call *call = ev->reply.call_id == c->idle.call_id   ? &c->idle
                             : ev->reply.call_id == c->busy.call_id ? &c->busy
                                                                    : NULL;
    if (call == NULL || ev->reply.call_id == 0)
        return false;
    *call = (struct sync_call){0};
    struct err err = {.code = ERR_UNAVAILABLE, .text = "no answer"};
    if (ev->reply.status == 200 && take_answer(c, ev, &err) == ERR_OK)
        return true;
    log_debug("sync.failed", "node", c->node, "why", err.text, NULL);
    c->retry_mono_ms = ev->at.mono_ms + 1 +
                       (int64_t)rng_below(&c->rng, (uint64_t)c->timing.retry_ms);
    return true;
}

bool sync_child_is_fresh(const struct sync_child *c)
{
    return c->fresh;
}

bool sync_child_has_lease(const struct sync_child *c, int64_t boot_ms)
{
    return boot_ms < c->lease_until_boot_ms;
}

/* ---- what the child asks ------------------------------------------------------------------ */

enum { PAGE_ITEMS = 10000 };

static size_t fill_facts(struct sync_child *c, struct wire_sync_request *m, struct arena *arena)
{
    size_t cap = 16, bytes = 0;
    m->seen = arena_alloc(arena, cap * sizeof *m->seen);
    m->facts_from = c->seen_ack + 1;
    m->facts_to = self_i64(c, "SELECT said_number FROM child_self");
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

static void fill_self(struct sync_child *c, struct wire_sync_request *m, struct arena *arena)
{
    struct query q;
    query_open(&q, c->store, "SELECT store_id, start_id, applied_rev, said_sum, boot_n FROM child_self",
               "");
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
                                  .listed = c->listed};
    CLEANUP(buf_fini) struct buf capacity = {0};
    CLEANUP(buf_fini) struct buf health = {0};
    CLEANUP(buf_fini) struct buf body = {0};
    fill_self(c, &m, out->arena);
    m.facts_to = self_i64(c, "SELECT said_number FROM child_self");
    if (carries)
        fill_facts(c, &m, out->arena);
    c->hooks.on_capacity(c->hooks.core, &capacity, &health);
    m.capacity = buf_str(&capacity);
    m.health = buf_str(&health);
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
    bool news = c->tells_len > 0 || self_i64(c, "SELECT said_number FROM child_self") > c->seen_ack;
    if (news && c->busy.call_id == 0)
        send(c, &c->busy, true, at, out);
    if (c->idle.call_id == 0)
        send(c, &c->idle, false, at, out);
}

int64_t sync_child_wake_at(const struct sync_child *c)
{
    return c->waiting ? c->retry_mono_ms : INT64_MAX;
}
