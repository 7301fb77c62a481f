/* child.c - takes wishes, says facts: the child's end. See child.h and PROTOCOL 1-4. */
#include "proto/sync/child.h"

#include "base/check.h"
#include "base/id.h"
#include "base/log.h"
#include "base/str.h"
#include "proto/sync/child_rows.h"
#include "proto/sync/item.h"

#include <string.h>

/* Rows with a body have a rowid, as in parent.c. */
const char sync_child_schema[] =
    "CREATE TABLE child_self(one INTEGER PRIMARY KEY CHECK(one=1), store_id TEXT NOT NULL,"
    " start_id TEXT NOT NULL, applied_rev INTEGER NOT NULL, got_sum INTEGER NOT NULL,"
    " said_sum INTEGER NOT NULL, said_number INTEGER NOT NULL, boot_n INTEGER NOT NULL,"
    " doubts INTEGER NOT NULL DEFAULT 0);"
    "INSERT INTO child_self(one, store_id, start_id, applied_rev, got_sum, said_sum, said_number,"
    " boot_n) VALUES(1, '', '', 0, 0, 0, 0, 0);"
    "CREATE TABLE got(kind TEXT NOT NULL, id TEXT NOT NULL, pepoch INTEGER NOT NULL,"
    " generation INTEGER NOT NULL, number INTEGER NOT NULL, gone TEXT NOT NULL,"
    " gone_ms INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL,"
    " PRIMARY KEY(kind, id, pepoch));"
    "CREATE INDEX got_gone ON got(gone_ms) WHERE gone_ms>0;"
    "CREATE TABLE said(kind TEXT NOT NULL, id TEXT NOT NULL, pepoch INTEGER NOT NULL,"
    " generation INTEGER NOT NULL, number INTEGER NOT NULL, gone TEXT NOT NULL,"
    " error TEXT NOT NULL DEFAULT '', body TEXT NOT NULL,"
    " PRIMARY KEY(kind, id, pepoch));"
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

int64_t sync_child_self(struct sync_child *c, const char *sql)
{
    return store_i64(c->store, 0, sql, "");
}

int64_t sync_child_applied_rev(struct sync_child *c)
{
    return sync_child_self(c, "SELECT applied_rev FROM child_self");
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
    sync_child_forget_old(c, ev->now_ms);
    sync_child_renumber(c);
}

/* Calls that the lost turn meant to make were never made, and what it recorded is not. */
void sync_child_reload(struct sync_child *c)
{
    c->idle = c->busy = (struct sync_call){0};
    c->fresh = false;
    c->lease_until_boot_ms = 0;
    c->waiting = true; /* what the lost turn would have sent is sent by the next */
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
    uint64_t sum = (uint64_t)sync_child_self(c, "SELECT got_sum FROM child_self");
    store_run(c->store, "UPDATE child_self SET got_sum=?", "i", (int64_t)(sum + hash));
}

/* It is wished again: that it was gone is no answer to its next end. */
static void unsay_gone(struct sync_child *c, const struct wire_item *wish)
{
    store_run(c->store, "DELETE FROM said WHERE kind=? AND id=? AND pepoch=? AND gone<>''", "ssi",
              wish->kind, wish->id, wish->pepoch);
}

/* A tombstone that comes again asks again: its end is said under a new number. */
static void say_again(struct sync_child *c, const struct wire_item *wish)
{
    if (store_has(c->store, "SELECT 1 FROM said WHERE kind=? AND id=? AND pepoch=? AND gone<>''",
                  "ssi", wish->kind, wish->id, wish->pepoch))
        store_run(c->store,
                  "UPDATE said SET number=?, generation=max(generation, ?) WHERE kind=? AND id=?"
                  " AND pepoch=?",
                  "iissi", sync_child_next_number(c), wish->generation, wish->kind, wish->id,
                  wish->pepoch);
}

/* A tombstone keeps what it ends, unless it brings its own: a parent that forgot both learns from
 * it what is still held here (R14). What is wished again after its end was said counts from where
 * the parent has it: it may have been restored since, and generations that differ would never sum
 * to the same. */
static void record_wish(struct sync_child *c, const struct wire_item *wish)
{
    uint64_t before = got_hash(c, wish);
    store_run(c->store,
              "INSERT INTO got(kind, id, pepoch, generation, number, gone, body)"
              " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET"
              " generation=iif(?6='' AND gone_ms>0, ?4, max(generation, ?4)), number=?5, gone=?6,"
              " body=iif(?6<>'' AND ?7='', body, ?7),"
              " gone_ms=CASE WHEN ?6='' THEN 0 ELSE gone_ms END",
              "ssiiiss", wish->kind, wish->id, wish->pepoch, wish->generation, wish->number,
              wish->gone, wish->body);
    add_got_sum(c, got_hash(c, wish) - before);
    if (*wish->gone != '\0')
        say_again(c, wish);
    else
        unsay_gone(c, wish);
}

/* Under number 0: in no sum, and whatever the parent says of it comes over it. */
void sync_child_adopt(struct sync_child *c, const struct wire_item *wish)
{
    if (store_has(c->store,
                  "SELECT 1 FROM got WHERE kind=?1 AND id=?2 AND pepoch=?3 AND (gone<>'' OR"
                  " generation>?4)",
                  "ssii", wish->kind, wish->id, wish->pepoch, wish->generation))
        return;
    add_got_sum(c, 0 - got_hash(c, wish));
    store_run(c->store,
              "INSERT INTO got(kind, id, pepoch, generation, number, gone, body)"
              " VALUES(?1, ?2, ?3, ?4, 0, ?5, ?6) ON CONFLICT DO UPDATE SET generation=?4,"
              " number=0, gone=?5, body=iif(?5<>'' AND ?6='', body, ?6)",
              "ssiiss", wish->kind, wish->id, wish->pepoch, wish->generation, wish->gone,
              wish->body);
}

/* An item that cannot be applied becomes a fact with its error and blocks nothing. */
static void take_wish(struct sync_child *c, const struct wire_item *wish, const struct event *ev)
{
    struct err err = {0};
    record_wish(c, wish);
    if (c->hooks.on_wish(c->hooks.core, wish, ev, &err) == ERR_OK)
        return;
    log_warn("sync.wish_refused", "kind", wish->kind, "id", wish->id, "why", err.text, NULL);
    sync_child_put_fact(c, &(struct wire_item){.kind = wish->kind,
                                               .id = wish->id,
                                               .generation = wish->generation,
                                               .pepoch = wish->pepoch,
                                               .gone = "",
                                               .error = err.text,
                                               .body = ""});
}

static void end_doubted(struct sync_child *c, const char *kind, const struct event *ev)
{
    struct query q;
    STORE_EACH (c->store, q,
                "SELECT id, pepoch, generation FROM got WHERE kind=? AND gone='' AND number=0"
                " ORDER BY id, pepoch",
                "s", kind)
        take_wish(c,
                  &(struct wire_item){.kind = kind,
                                      .id = query_text(&q, 0),
                                      .pepoch = query_i64(&q, 1),
                                      .generation = query_i64(&q, 2),
                                      .gone = "deleted",
                                      .error = "",
                                      .body = ""},
                  ev);
}

/* Equal revisions and sums, and what was doubted has not come again: it is not wished. */
static void settle_doubts(struct sync_child *c, const struct event *ev)
{
    if (sync_child_self(c, "SELECT doubts FROM child_self") == 0)
        return;
    for (const char *const *kind = c->hooks.loose; kind != NULL && *kind != NULL; kind++)
        end_doubted(c, *kind, ev);
    store_run(c->store, "UPDATE child_self SET doubts=0", "");
}

/* PROTOCOL 3: equal revisions and unequal sums mean that something is broken; ask for all. */
static void check_wishes(struct sync_child *c, const struct wire_sync_reply *r,
                         const struct event *ev)
{
    if (r->more || r->rev != sync_child_applied_rev(c))
        return;
    if ((uint64_t)sync_child_self(c, "SELECT got_sum FROM child_self") == r->want_sum) {
        settle_doubts(c, ev);
        return;
    }
    log_error("sync.wishes_differ", "node", c->node, NULL);
    store_run(c->store, "UPDATE got SET number=0 WHERE gone=''", "");
    store_run(c->store, "UPDATE child_self SET applied_rev=0, got_sum=0, doubts=1", "");
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
    check_wishes(c, r, ev);
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

/* R14: a parent in RECOVERY asks for all that is held, under its start. */
static void take_recall(struct sync_child *c, const struct wire_sync_reply *r)
{
    c->returning = r->recovery && r->need_all;
    if (!c->returning)
        return;
    str_copy(c->held_for, sizeof c->held_for, r->start_id);
    c->held_ack = r->held_ack;
}

static void take_ack(struct sync_child *c, const struct wire_sync_reply *r)
{
    if (!str_eq(r->echo->boot, c->boot))
        return;
    take_recall(c, r);
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
    /* A late answer of an earlier start must not be noted again as a new one. */
    if (!same_start && !may_take(c, r))
        return err_set(err, ERR_PRECONDITION, "an answer of a former life of the parent");
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
    INV(code != ERR_OK || r.echo != NULL);
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
