/* parent.c - wishes down, facts up: the parent's end. See parent.h and PROTOCOL 1-4. */
#include "proto/sync/parent.h"

#include "base/check.h"
#include "base/id.h"
#include "base/list.h"
#include "base/log.h"
#include "base/str.h"
#include "proto/sync/item.h"
#include "proto/wire/version.h"

#include <stdlib.h>
#include <string.h>

const char sync_parent_schema[] =
    "CREATE TABLE parent_self(one INTEGER PRIMARY KEY CHECK(one=1), store_id TEXT NOT NULL,"
    " rev INTEGER NOT NULL, recovery INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE parent_start(n INTEGER PRIMARY KEY, start_id TEXT NOT NULL UNIQUE,"
    " first_rev INTEGER NOT NULL);"
    "CREATE TABLE child(node TEXT PRIMARY KEY, kind TEXT NOT NULL, serial TEXT NOT NULL,"
    " serial_before TEXT NOT NULL DEFAULT '',"
    " removed INTEGER NOT NULL DEFAULT 0, boot TEXT NOT NULL DEFAULT '',"
    " boot_n INTEGER NOT NULL DEFAULT 0,"
    " seen_ack INTEGER NOT NULL DEFAULT 0, want_sum INTEGER NOT NULL DEFAULT 0,"
    " fact_sum INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
    "CREATE TABLE wish(node TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,"
    " pepoch INTEGER NOT NULL, generation INTEGER NOT NULL, rev INTEGER NOT NULL,"
    " gone TEXT NOT NULL, visible INTEGER NOT NULL, body TEXT NOT NULL,"
    " PRIMARY KEY(node, kind, id, pepoch)) WITHOUT ROWID;"
    "CREATE INDEX wish_by_rev ON wish(node, rev) WHERE visible;"
    "CREATE INDEX wish_by_id ON wish(kind, id);"
    "CREATE TABLE heard(node TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,"
    " pepoch INTEGER NOT NULL, generation INTEGER NOT NULL, number INTEGER NOT NULL,"
    " error TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY(node, kind, id, pepoch)) WITHOUT ROWID;";

enum { ASKS_MAX = 16 };

/* What RAM knows of a child: who waits, when it was heard. Lost at each start, on purpose. */
struct sync_link {
    struct list held;  /* while an idle sync is held */
    struct list dirty; /* while wishes, asks or an answer wait for it */
    char node[64];
    uint64_t idle_request; /* 0 = none */
    uint64_t busy_request; /* carries facts: answered at this turn's seal */
    struct wire_echo idle_echo, busy_echo;
    char idle_boot[40], busy_boot[40];
    int64_t idle_applied, busy_applied;
    int64_t idle_due_mono_ms;
    bool idle_is_new;         /* it came in the turn at hand */
    int64_t idle_seq, busy_seq; /* newest of the boot at hand */
    char boot[40];
    int64_t heard_mono_ms;   /* 0 = not in this run */
    int64_t granted_mono_ms; /* last reply that carried a lease */
    bool need_full;
    size_t asks_len;
    struct {
        char kind[32], id[128];
    } asks[ASKS_MAX];
};

static struct sync_link *link_get(const struct sync_parent *p, const char *node)
{
    return map_get(&p->children, node);
}

static struct sync_link *link_add(struct sync_parent *p, const char *node)
{
    struct sync_link *l = link_get(p, node);
    if (l != NULL)
        return l;
    l = check_alloc(sizeof *l);
    list_init(&l->held);
    list_init(&l->dirty);
    str_copy(l->node, sizeof l->node, node);
    map_put(&p->children, node, l);
    return l;
}

void sync_parent_init(struct sync_parent *p, struct store *store, const struct rng *rng,
                      const struct sync_parent_hooks *hooks, const struct sync_timing *timing)
{
    *p = (struct sync_parent){.store = store, .rng = *rng, .hooks = *hooks, .timing = *timing};
    list_init(&p->held);
    list_init(&p->dirty);
}

void sync_parent_fini(struct sync_parent *p)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&p->children, &at)) != NULL;)
        free(e->value);
    map_fini(&p->children);
}

void sync_parent_start(struct sync_parent *p, const struct event *ev)
{
    char id[ID_UUID_SIZE];
    id_uuid(id, &p->rng);
    store_run(p->store, "INSERT INTO parent_self VALUES(1, ?, 0, 0) ON CONFLICT DO NOTHING", "s",
              id);
    id_uuid(id, &p->rng);
    store_run(p->store,
              "INSERT INTO parent_start(start_id, first_rev) SELECT ?, rev+1 FROM parent_self", "s",
              id);
    p->started_mono_ms = ev->at.mono_ms;
    struct query q;
    STORE_EACH (p->store, q, "SELECT node FROM child WHERE removed=0 ORDER BY node", "")
        link_add(p, query_text(&q, 0));
}

/* The requests of the lost turn were answered with its loss; those held before still wait. */
void sync_parent_reload(struct sync_parent *p)
{
    p->turn_rev = 0;
    LIST_EACH_SAFE(it, &p->dirty)
    {
        struct sync_link *l = LIST_ENTRY(it, struct sync_link, dirty);
        l->busy_request = 0;
        if (!l->idle_is_new)
            continue;
        l->idle_request = 0;
        list_remove(&l->held);
    }
}

void sync_parent_add(struct sync_parent *p, const char *node, const char *kind, const char *serial)
{
    store_run(p->store,
              "INSERT INTO child(node, kind, serial) VALUES(?1, ?2, ?3)"
              " ON CONFLICT DO UPDATE SET kind=?2, serial_before=serial, serial=?3, removed=0,"
              " boot_n=0",
              "sss", node, kind, serial);
    link_add(p, node);
}

void sync_parent_remove(struct sync_parent *p, const char *node)
{
    store_run(p->store, "UPDATE child SET removed=1 WHERE node=?", "s", node);
}

/* ---- wishes ------------------------------------------------------------------------------ */

/* The revision of this turn: one for all that it wishes. A rolled-back event may have taken the
 * row back, so the row is brought up each time. */
static int64_t turn_rev(struct sync_parent *p)
{
    if (p->turn_rev == 0)
        p->turn_rev = store_i64(p->store, 0, "SELECT rev FROM parent_self", "") + 1;
    store_run(p->store, "UPDATE parent_self SET rev=?1 WHERE rev<?1", "i", p->turn_rev);
    return p->turn_rev;
}

static void add_want_sum(struct sync_parent *p, const char *node, uint64_t hash)
{
    uint64_t sum = (uint64_t)store_i64(p->store, 0, "SELECT want_sum FROM child WHERE node=?", "s",
                                       node);
    store_run(p->store, "UPDATE child SET want_sum=? WHERE node=?", "is", (int64_t)(sum + hash),
              node);
}

/* What the row adds to its link's sum now: nothing unless it is a live, visible wish. */
static uint64_t wish_hash(struct sync_parent *p, const char *node, const char *kind, const char *id,
                          int64_t pepoch)
{
    struct query q;
    uint64_t hash = 0;
    query_open(&q, p->store,
               "SELECT generation, rev FROM wish WHERE node=? AND kind=? AND id=? AND pepoch=?"
               " AND gone='' AND visible",
               "sssi", node, kind, id, pepoch);
    if (query_next(&q)) {
        hash = sync_item_hash(kind, id, query_i64(&q, 0), pepoch, query_i64(&q, 1));
        query_close(&q);
    }
    return hash;
}

static void touch(struct sync_parent *p, const char *node)
{
    struct sync_link *l = link_get(p, node);
    if (l != NULL && list_is_empty(&l->dirty))
        list_append(&p->dirty, &l->dirty);
}

/* R10: is there a tombstone of an earlier placement whose end nobody has confirmed? */
static bool is_blocked(struct sync_parent *p, const char *kind, const char *id, int64_t pepoch)
{
    return store_has(p->store,
                     "SELECT 1 FROM wish WHERE kind=? AND id=? AND gone<>'' AND pepoch<? LIMIT 1",
                     "ssi", kind, id, pepoch);
}

static void put_wish(struct sync_parent *p, const char *node, const struct wire_item *item)
{
    uint64_t before = wish_hash(p, node, item->kind, item->id, item->pepoch);
    int64_t visible = *item->gone != '\0' || !is_blocked(p, item->kind, item->id, item->pepoch);
    store_run(p->store,
              "INSERT INTO wish(node, kind, id, pepoch, generation, rev, gone, visible, body)"
              " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO UPDATE SET"
              " generation=max(generation, ?5), rev=?6, gone=?7, visible=?8, body=?9",
              "sssiiisis", node, item->kind, item->id, item->pepoch, item->generation, turn_rev(p),
              item->gone, visible, item->body);
    add_want_sum(p, node, wish_hash(p, node, item->kind, item->id, item->pepoch) - before);
    touch(p, node);
}

void sync_parent_want(struct sync_parent *p, const char *node, const char *kind, const char *id,
                      int64_t generation, int64_t pepoch, const char *body)
{
    put_wish(p, node,
             &(struct wire_item){.kind = kind,
                                 .id = id,
                                 .generation = generation,
                                 .pepoch = pepoch,
                                 .gone = "",
                                 .body = body});
}

void sync_parent_end(struct sync_parent *p, const char *node, const char *kind, const char *id,
                     int64_t generation, int64_t pepoch, const char *gone)
{
    PRE(*gone != '\0');
    put_wish(p, node,
             &(struct wire_item){.kind = kind,
                                 .id = id,
                                 .generation = generation,
                                 .pepoch = pepoch,
                                 .gone = gone,
                                 .body = ""});
}

void sync_parent_drop(struct sync_parent *p, const char *node, const char *kind, const char *id)
{
    int64_t generation = store_i64(
        p->store, -1,
        "SELECT generation FROM wish WHERE node=? AND kind=? AND id=? AND pepoch=0"
        " AND gone=''",
        "sss", node, kind, id);
    if (generation >= 0)
        sync_parent_end(p, node, kind, id, generation, 0, "deleted");
}

bool sync_parent_holds(struct sync_parent *p, const char *kind, const char *id)
{
    return store_has(p->store, "SELECT 1 FROM wish WHERE kind=? AND id=? LIMIT 1", "ss", kind, id);
}

int64_t sync_parent_rev(struct sync_parent *p, const char *node)
{
    return store_i64(p->store, 0, "SELECT max(rev) FROM wish WHERE node=?", "s", node);
}

void sync_parent_ask(struct sync_parent *p, const char *node, const char *kind, const char *id)
{
    struct sync_link *l = link_get(p, node);
    if (l == NULL)
        return;
    for (size_t i = 0; i < l->asks_len; i++)
        if (str_eq(l->asks[i].kind, kind) && str_eq(l->asks[i].id, id))
            return;
    if (l->asks_len == ASKS_MAX)
        return; /* ephemeral: whoever asked has a deadline of its own */
    str_copy(l->asks[l->asks_len].kind, sizeof l->asks[0].kind, kind);
    str_copy(l->asks[l->asks_len++].id, sizeof l->asks[0].id, id);
    touch(p, node);
}

/* ---- facts ------------------------------------------------------------------------------- */

static void add_fact_sum(struct sync_parent *p, const char *node, uint64_t hash)
{
    uint64_t sum = (uint64_t)store_i64(p->store, 0, "SELECT fact_sum FROM child WHERE node=?", "s",
                                       node);
    store_run(p->store, "UPDATE child SET fact_sum=? WHERE node=?", "is", (int64_t)(sum + hash),
              node);
}

static uint64_t heard_hash(struct sync_parent *p, const char *node, const struct wire_item *fact)
{
    struct query q;
    uint64_t hash = 0;
    query_open(&q, p->store,
               "SELECT generation, number FROM heard WHERE node=? AND kind=? AND id=? AND pepoch=?"
               " AND number>0",
               "sssi", node, fact->kind, fact->id, fact->pepoch);
    if (query_next(&q)) {
        hash = sync_item_hash(fact->kind, fact->id, query_i64(&q, 0), fact->pepoch,
                              query_i64(&q, 1));
        query_close(&q);
    }
    return hash;
}

/* What a tombstone had blocked may appear now, under this turn's revision. */
static void unblock(struct sync_parent *p, const char *kind, const char *id)
{
    struct query q;
    STORE_EACH (p->store, q,
                "SELECT node, pepoch FROM wish WHERE kind=? AND id=? AND gone='' AND NOT visible"
                " ORDER BY node, pepoch",
                "ss", kind, id) {
        const char *node = query_text(&q, 0);
        int64_t pepoch = query_i64(&q, 1);
        if (is_blocked(p, kind, id, pepoch))
            continue;
        store_run(p->store,
                  "UPDATE wish SET visible=1, rev=? WHERE node=? AND kind=? AND id=? AND pepoch=?",
                  "isssi", turn_rev(p), node, kind, id, pepoch);
        add_want_sum(p, node, wish_hash(p, node, kind, id, pepoch));
        touch(p, node);
    }
}

static void record_gone(struct sync_parent *p, const char *node, const struct wire_item *fact)
{
    add_fact_sum(p, node, 0 - heard_hash(p, node, fact));
    store_run(p->store, "DELETE FROM heard WHERE node=? AND kind=? AND id=? AND pepoch=?", "sssi",
              node, fact->kind, fact->id, fact->pepoch);
    if (store_run(p->store,
                  "DELETE FROM wish WHERE node=? AND kind=? AND id=? AND pepoch=? AND gone<>''"
                  " AND generation<=?",
                  "sssii", node, fact->kind, fact->id, fact->pepoch, fact->generation) > 0)
        unblock(p, fact->kind, fact->id);
}

static void record_fact(struct sync_parent *p, const char *node, const struct wire_item *fact)
{
    uint64_t before = heard_hash(p, node, fact);
    store_run(p->store,
              "INSERT INTO heard(node, kind, id, pepoch, generation, number, error, body)"
              " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET"
              " generation=?5, number=?6, error=?7, body=?8",
              "sssiiiss", node, fact->kind, fact->id, fact->pepoch, fact->generation, fact->number,
              fact->error, fact->body);
    add_fact_sum(p, node, heard_hash(p, node, fact) - before);
}

/* A new life, or a sum that does not agree: everything is to be said again. What is not said
 * again keeps its row under number 0: absent, which is a question and not an answer. */
static void forget_numbers(struct sync_parent *p, const char *node, const char *boot)
{
    store_run(p->store, "UPDATE heard SET number=0 WHERE node=? AND number>0", "s", node);
    store_run(p->store, "UPDATE child SET boot=?, seen_ack=0, fact_sum=0 WHERE node=?", "ss", boot,
              node);
}

static void take_facts(struct sync_parent *p, struct sync_link *l,
                       const struct wire_sync_request *m, const struct event *ev)
{
    int64_t ack = store_i64(p->store, 0, "SELECT seen_ack FROM child WHERE node=?", "s", m->node);
    if (m->facts_from == 0 || m->facts_to <= ack)
        return; /* it carries none, or none that is new */
    if (m->facts_from > ack + 1) {
        l->need_full = true;
        return;
    }
    for (size_t i = 0; i < m->seen_len; i++) {
        const struct wire_item *fact = &m->seen[i];
        if (fact->number <= ack || fact->number > m->facts_to)
            continue;
        if (*fact->gone != '\0')
            record_gone(p, m->node, fact);
        else
            record_fact(p, m->node, fact);
        p->hooks.on_fact(p->hooks.core, m->node, fact, ev);
    }
    store_run(p->store, "UPDATE child SET seen_ack=? WHERE node=?", "is", m->facts_to, m->node);
}

/* PROTOCOL 3: where both ends are at the same number, their sums agree or something is broken. */
static void check_facts(struct sync_parent *p, struct sync_link *l,
                        const struct wire_sync_request *m)
{
    struct query q;
    int64_t ack = -1, sum = 0;
    query_open(&q, p->store, "SELECT seen_ack, fact_sum FROM child WHERE node=?", "s", m->node);
    if (query_next(&q)) {
        ack = query_i64(&q, 0);
        sum = query_i64(&q, 1);
        query_close(&q);
    }
    if (m->more || m->facts_to != ack || (uint64_t)sum == m->facts_sum)
        return;
    log_error("sync.facts_differ", "node", m->node, NULL);
    forget_numbers(p, m->node, m->boot);
    l->need_full = true;
}

/* ---- a request ---------------------------------------------------------------------------- */

static enum err_code check_peer(struct sync_parent *p, const struct request *r,
                                const struct wire_sync_request *m, struct err *err)
{
    if (*r->peer_node == '\0' || !str_eq(r->peer_node, m->node))
        return err_set(err, ERR_PEER_DENIED, "certificate of '%s' used for '%s'", r->peer_node,
                       m->node);
    if (!store_has(p->store, "SELECT 1 FROM child WHERE node=? AND removed=0", "s", m->node))
        return err_set(err, ERR_PEER_UNKNOWN, "node '%s' is not known here", m->node);
    if (!store_has(p->store,
                   "SELECT 1 FROM child WHERE node=?1 AND (serial IN ('', ?2) OR serial_before=?2)",
                   "ss", m->node, r->peer_serial))
        return err_set(err, ERR_PEER_DENIED, "'%s' has a newer certificate than this one", m->node);
    return ERR_OK;
}

/* Racks are switched off: an expired certificate may renew, nothing else. */
static enum err_code check_dates(const struct request *r, int64_t wall_ms, struct err *err)
{
    if (wall_ms > r->peer_not_after_ms)
        return err_set(err, ERR_PEER_DENIED, "the certificate of '%s' has expired", r->peer_node);
    return ERR_OK;
}

static bool carries(const struct wire_sync_request *m)
{
    return m->seen_len > 0 || m->held_len > 0 || m->tell_len > 0;
}

/* A run of a child that ended changes nothing any more, however late its messages come. Of the
 * run at hand an older sync changes nothing. The two kinds overtake each other on the way: each is ordered by
 * itself, and facts by their numbers besides. */
static enum err_code take_boot(struct sync_parent *p, struct sync_link *l,
                               const struct wire_sync_request *m, struct err *err)
{
    int64_t newest = carries(m) ? l->busy_seq : l->idle_seq;
    if (str_eq(l->boot, m->boot))
        return m->seq > newest ? ERR_OK
                               : err_set(err, ERR_PRECONDITION, "an older sync of '%s'", m->node);
    if (!store_has(p->store, "SELECT 1 FROM child WHERE node=? AND boot=?", "ss", m->node,
                   m->boot)) {
        if (store_run(p->store, "UPDATE child SET boot_n=?1 WHERE node=?2 AND boot_n<?1", "is",
                      m->boot_n, m->node) == 0)
            return err_set(err, ERR_PRECONDITION, "a former life of '%s'", m->node);
        forget_numbers(p, m->node, m->boot);
    }
    str_copy(l->boot, sizeof l->boot, m->boot);
    l->busy_seq = l->idle_seq = 0;
    return ERR_OK;
}

static void take_notes(struct sync_parent *p, const struct wire_sync_request *m,
                       const struct event *ev)
{
    for (size_t i = 0; i < m->tell_len; i++)
        p->hooks.on_tell(p->hooks.core, m->node, &m->tell[i], ev);
    if (*m->capacity != '\0')
        p->hooks.on_capacity(p->hooks.core, m->node, m->capacity, m->health, ev);
}

/* A sync with facts is answered at this turn's seal, one without is held. */
static void hold(struct sync_parent *p, struct sync_link *l, const struct wire_sync_request *m,
                 const struct event *ev)
{
    struct wire_echo echo = {.seq = m->seq, .t_send = m->t_send};
    touch(p, l->node);
    if (carries(m)) {
        l->busy_seq = m->seq;
        l->busy_request = ev->request.id;
        l->busy_echo = echo;
        l->busy_applied = m->applied_rev;
        str_copy(l->busy_boot, sizeof l->busy_boot, m->boot);
        return;
    }
    l->idle_seq = m->seq;
    l->idle_is_new = true;
    l->idle_request = ev->request.id;
    l->idle_echo = echo;
    l->idle_applied = m->applied_rev;
    str_copy(l->idle_boot, sizeof l->idle_boot, m->boot);
    l->idle_due_mono_ms = ev->at.mono_ms + p->timing.heartbeat_ms;
    list_remove(&l->held);
    list_append(&p->held, &l->held);
}

enum err_code sync_parent_request(struct sync_parent *p, const struct event *ev, struct err *err)
{
    PRE(ev->kind == EVENT_REQUEST);
    struct arena arena = {0};
    struct wire_sync_request m;
    enum err_code code = wire_decode(&wire_sync_request_type, ev->request.body,
                                     ev->request.body_len, &arena, &m, err);
    if (code == ERR_OK)
        code = check_peer(p, &ev->request, &m, err);
    if (code == ERR_OK)
        code = check_dates(&ev->request, ev->at.wall_ms, err);
    struct sync_link *l = code == ERR_OK ? link_add(p, m.node) : NULL;
    if (code == ERR_OK)
        code = take_boot(p, l, &m, err);
    if (code == ERR_OK) {
        l->heard_mono_ms = ev->at.mono_ms;
        take_facts(p, l, &m, ev);
        check_facts(p, l, &m);
        take_notes(p, &m, ev);
        hold(p, l, &m, ev);
    }
    arena_fini(&arena);
    return code;
}

/* ---- answers ------------------------------------------------------------------------------ */

struct page {
    struct wire_item *items;
    size_t len;
    int64_t rev;
    bool more;
};

static void copy_item(struct wire_item *to, const struct query *q, struct arena *arena)
{
    *to = (struct wire_item){
        .kind = arena_strdup(arena, query_text(q, 0)),
        .id = arena_strdup(arena, query_text(q, 1)),
        .pepoch = query_i64(q, 2),
        .generation = query_i64(q, 3),
        .number = query_i64(q, 4),
        .gone = arena_strdup(arena, query_text(q, 5)),
        .error = "",
        .body = arena_strdup(arena, query_text(q, 6)),
    };
}

enum { PAGE_ITEMS = 10000 };

/* Wishes after `applied` in the order of revisions; a page never splits a revision. */
static struct page take_page(struct sync_parent *p, const char *node, int64_t applied,
                             struct arena *arena)
{
    struct page page = {.rev = applied};
    size_t cap = 16, bytes = 0;
    page.items = arena_alloc(arena, cap * sizeof *page.items);
    struct query q;
    STORE_EACH (p->store, q,
                "SELECT kind, id, pepoch, generation, rev, gone, body FROM wish"
                " WHERE node=? AND visible AND rev>? ORDER BY rev, kind, id, pepoch",
                "si", node, applied) {
        int64_t rev = query_i64(&q, 4);
        bool full = bytes > (size_t)p->timing.page_bytes || page.len >= PAGE_ITEMS;
        if (full && rev != page.rev) {
            page.more = true;
            query_close(&q);
            break;
        }
        if (page.len == cap) {
            struct wire_item *grown = arena_alloc(arena, 2 * cap * sizeof *grown);
            memcpy(grown, page.items, cap * sizeof *grown);
            page.items = grown;
            cap *= 2;
        }
        copy_item(&page.items[page.len], &q, arena);
        bytes += strlen(page.items[page.len++].body) + 200;
        page.rev = rev;
    }
    return page;
}

static void fill_asks(struct sync_link *l, struct wire_sync_reply *r, struct arena *arena)
{
    r->ask_len = l->asks_len;
    r->ask = arena_alloc(arena, l->asks_len * sizeof *r->ask + 1);
    for (size_t i = 0; i < l->asks_len; i++)
        r->ask[i] = (struct wire_note){.kind = l->asks[i].kind, .id = l->asks[i].id, .body = ""};
}

static void answer(struct sync_parent *p, struct sync_link *l, uint64_t request_id,
                   struct wire_echo *echo, const char *boot, int64_t applied,
                   const struct event *at, struct effects *out)
{
    struct wire_sync_reply r = {.proto = wire_version(), .lease_ms = p->timing.lease_ms};
    struct page page = take_page(p, l->node, applied, out->arena);
    struct query q;
    echo->boot = boot;
    r.echo = echo;
    r.want = page.items;
    r.want_len = page.len;
    r.rev = page.rev;
    r.more = page.more;
    r.need_full = l->need_full;
    fill_asks(l, &r, out->arena);
    query_open(&q, p->store,
               "SELECT store_id, (SELECT start_id FROM parent_start ORDER BY n DESC LIMIT 1),"
               " seen_ack, want_sum FROM parent_self, child WHERE node=?",
               "s", l->node);
    if (query_next(&q)) {
        r.store_id = arena_strdup(out->arena, query_text(&q, 0));
        r.start_id = arena_strdup(out->arena, query_text(&q, 1));
        r.seen_ack = query_i64(&q, 2);
        r.want_sum = (uint64_t)query_i64(&q, 3);
        query_close(&q);
    }
    CLEANUP(buf_fini) struct buf body = {0};
    wire_encode(&body, &wire_sync_reply_type, &r);
    effect_reply(out, request_id, 200, "application/json", body.data, body.len);
    l->granted_mono_ms = at->at.mono_ms;
    l->need_full = false;
    l->asks_len = 0;
}

static void release_idle(struct sync_parent *p, struct sync_link *l, const struct event *at,
                         struct effects *out)
{
    answer(p, l, l->idle_request, &l->idle_echo, l->idle_boot, l->idle_applied, at, out);
    l->idle_request = 0;
    list_remove(&l->held);
}

/* Is there anything that a held sync should be woken for? */
static bool has_news(struct sync_parent *p, const struct sync_link *l)
{
    return l->need_full || l->asks_len > 0 ||
           store_has(p->store, "SELECT 1 FROM wish WHERE node=? AND visible AND rev>? LIMIT 1",
                     "si", l->node, l->idle_applied);
}

static void seal_link(struct sync_parent *p, struct sync_link *l, const struct event *at,
                      struct effects *out)
{
    list_remove(&l->dirty);
    l->idle_is_new = false;
    if (l->busy_request != 0) {
        answer(p, l, l->busy_request, &l->busy_echo, l->busy_boot, l->busy_applied, at, out);
        l->busy_request = 0;
    }
    if (l->idle_request != 0 && has_news(p, l))
        release_idle(p, l, at, out);
}

void sync_parent_seal(struct sync_parent *p, const struct event *at, struct effects *out)
{
    LIST_EACH_SAFE (it, &p->dirty)
        seal_link(p, LIST_ENTRY(it, struct sync_link, dirty), at, out);
    LIST_EACH_SAFE (it, &p->held) {
        struct sync_link *l = LIST_ENTRY(it, struct sync_link, held);
        if (l->idle_due_mono_ms > at->at.mono_ms)
            break;
        release_idle(p, l, at, out);
    }
    p->turn_rev = 0;
}

int64_t sync_parent_wake_at(const struct sync_parent *p)
{
    if (list_is_empty(&p->held))
        return INT64_MAX;
    return LIST_ENTRY(p->held.next, struct sync_link, held)->idle_due_mono_ms;
}

/* ---- who is alive ------------------------------------------------------------------------- */

enum sync_child_state sync_parent_child_state(const struct sync_parent *p, const char *node,
                                              int64_t mono_ms)
{
    const struct sync_link *l = link_get(p, node);
    if (l == NULL)
        return SYNC_CHILD_UNKNOWN;
    int64_t granted = l->granted_mono_ms > p->started_mono_ms ? l->granted_mono_ms
                                                              : p->started_mono_ms;
    if (mono_ms > granted + sync_lease_believed_ms(&p->timing))
        return SYNC_CHILD_DOWN;
    if (l->heard_mono_ms == 0)
        return SYNC_CHILD_UNKNOWN;
    return mono_ms > l->heard_mono_ms + p->timing.suspect_ms ? SYNC_CHILD_SUSPECT : SYNC_CHILD_UP;
}

bool sync_parent_in_recovery(struct sync_parent *p)
{
    return store_i64(p->store, 0, "SELECT recovery FROM parent_self", "") != 0;
}
