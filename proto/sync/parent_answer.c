/* parent_answer.c - held syncs and their answers: encoded after the last event of a turn. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "proto/wire/version.h"

#include <string.h>
#include "proto/sync/link.h"

/* A sync with facts is answered at this turn's seal, one without is held. */
void sync_parent_hold(struct sync_parent *p, struct sync_link *l, const struct wire_sync_request *m,
                      const struct event *ev)
{
    struct wire_echo echo = {.seq = m->seq, .t_send = m->t_send};
    sync_link_touch(p, l->node);
    if (m->busy) {
        l->busy_seq = m->seq;
        l->busy_request = ev->request.id;
        l->busy_echo = echo;
        l->busy_applied = m->applied_rev;
        str_copy(l->busy_boot, sizeof l->busy_boot, m->boot);
        return;
    }
    l->idle_seq = m->seq;
    l->idle_turn = p->turn_n;
    l->idle_request = ev->request.id;
    l->idle_echo = echo;
    l->idle_applied = m->applied_rev;
    str_copy(l->idle_boot, sizeof l->idle_boot, m->boot);
    l->idle_due_mono_ms = ev->at.mono_ms + p->timing.heartbeat_ms;
    list_remove(&l->curious);
    list_remove(&l->held);
    list_append(&p->held, &l->held);
}

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

/* As many as a child takes in some tens of ms: a burst of wishes goes in pages, between which it
 * works, and says what it did. */
enum { PAGE_ITEMS = 256 };

/* Its own, and of what it follows all that changed, or all where it did not follow before. `at` is
 * the revision that orders an item for this child. */
#define WISHES                                                                                   \
    "SELECT kind, id, pepoch, generation, rev, gone, body, rev AS at FROM wish"                  \
    " WHERE node=?1 AND visible AND rev>?2 UNION ALL"                                            \
    " SELECT s.kind, s.id, 0, s.generation, s.rev, '', s.body, max(s.rev, f.rev) FROM follows f" \
    " CROSS JOIN shared s ON s.topic=f.topic AND s.rev>iif(f.rev>?2, 0, ?2) WHERE f.node=?1"

/* Wishes after `applied` in the order of revisions; a page never splits a revision. */
static struct page take_page(struct sync_parent *p, const char *node, int64_t applied,
                             struct arena *arena)
{
    struct page page = {.rev = applied};
    size_t cap = 16, bytes = 0;
    page.items = arena_alloc(arena, cap * sizeof *page.items);
    struct query q;
    STORE_EACH (p->store, q, WISHES " ORDER BY at, kind, id, pepoch", "si", node, applied) {
        int64_t rev = query_i64(&q, 7);
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
        r.want_sum = (uint64_t)query_i64(&q, 3) + sync_shared_sum(p, l->node);
        query_close(&q);
    }
    sync_recovery_answer(p, l->node, &r);
    CLEANUP(buf_fini) struct buf body = {0};
    wire_encode(&body, &wire_sync_reply_type, &r);
    effect_reply(out, request_id, 200, "application/json", body.data, body.len);
    if (r.lease_ms > 0)
        l->granted_mono_ms = at->at.mono_ms;
    l->is_recalled = r.need_all;
    l->need_full = false;
    l->asks_len = 0;
}

static void release_idle(struct sync_parent *p, struct sync_link *l, const struct event *at,
                         struct effects *out)
{
    answer(p, l, l->idle_request, &l->idle_echo, l->idle_boot, l->idle_applied, at, out);
    l->idle_request = 0;
    list_remove(&l->held);
    list_remove(&l->curious);
}

/* Is there anything that a held sync should be woken for at once? To return what is held a child is
 * asked once; while it does, or its answer is lost, the other syncs wait as always. */
static bool has_news(struct sync_parent *p, const struct sync_link *l)
{
    if (sync_parent_in_recovery(p))
        return l->need_full || (!l->is_recalled && !sync_recovery_has(p, l->node));
    return l->need_full || l->asks_len > 0 ||
           store_has(p->store,
                     "SELECT 1 FROM wish WHERE node=? AND visible AND rev>?"
                     " AND (gone='' OR pepoch>0) LIMIT 1",
                     "si", l->node, l->idle_applied);
}

/* What it follows has changed, or something ends that nothing was made from: it waits for a round.
 */
static bool has_shared_news(struct sync_parent *p, const struct sync_link *l)
{
    return sync_shared_has_news(p, l->node, l->idle_applied) ||
           store_has(p->store, "SELECT 1 FROM wish WHERE node=? AND visible AND rev>? LIMIT 1",
                     "si", l->node, l->idle_applied);
}

static void note_curious(struct sync_parent *p, struct sync_link *l)
{
    if (l->idle_request != 0 && list_is_empty(&l->curious))
        list_append(&p->curious, &l->curious);
}

static void seal_link(struct sync_parent *p, struct sync_link *l, const struct event *at,
                      struct effects *out)
{
    list_remove(&l->dirty);
    if (l->busy_request != 0) {
        answer(p, l, l->busy_request, &l->busy_echo, l->busy_boot, l->busy_applied, at, out);
        l->busy_request = 0;
    }
    if (l->idle_request != 0 && has_news(p, l))
        release_idle(p, l, at, out);
    else if (l->idle_request != 0 && has_shared_news(p, l))
        note_curious(p, l);
}

/* Who follows what this turn has changed. */
static void note_followers(struct sync_parent *p)
{
    struct query q;
    if (p->turn_rev == 0)
        return;
    STORE_EACH (p->store, q,
                "SELECT f.node FROM topic t JOIN follows f ON f.topic=t.name WHERE t.rev=?"
                " ORDER BY f.node",
                "i", p->turn_rev) {
        struct sync_link *l = sync_link_get(p, query_text(&q, 0));
        if (l != NULL)
            note_curious(p, l);
    }
}

/* A change that concerns all hosts of a network costs an answer to each. So many at a time, and
 * then a pause in which other work is done and more changes come: 2,000 hosts hear of everything
 * within a second, a few at once, and no burst makes them ask more often than that. */
enum { ROUND_LINKS = 32, ROUND_PAUSE_MS = 16 };

static void answer_curious(struct sync_parent *p, const struct event *at, struct effects *out)
{
    int answered = 0;
    bool is_recovering = sync_parent_in_recovery(p);
    if (list_is_empty(&p->curious) || at->at.mono_ms < p->round_mono_ms)
        return;
    LIST_EACH_SAFE (it, &p->curious) {
        if (is_recovering)
            list_remove(it); /* it is sent everything anew at the end of that */
        else if (answered++ == ROUND_LINKS)
            break;
        else
            release_idle(p, LIST_ENTRY(it, struct sync_link, curious), at, out);
    }
    p->round_mono_ms = at->at.mono_ms + ROUND_PAUSE_MS;
}

void sync_parent_seal(struct sync_parent *p, const struct event *at, struct effects *out)
{
    LIST_EACH_SAFE (it, &p->dirty)
        seal_link(p, LIST_ENTRY(it, struct sync_link, dirty), at, out);
    note_followers(p);
    answer_curious(p, at, out);
    LIST_EACH_SAFE (it, &p->held) {
        struct sync_link *l = LIST_ENTRY(it, struct sync_link, held);
        if (l->idle_due_mono_ms > at->at.mono_ms)
            break;
        release_idle(p, l, at, out);
    }
    p->turn_rev = 0;
    p->turn_n++;
}

int64_t sync_parent_wake_at(const struct sync_parent *p)
{
    int64_t held = list_is_empty(&p->held)
                       ? INT64_MAX
                       : LIST_ENTRY(p->held.next, struct sync_link, held)->idle_due_mono_ms;
    return !list_is_empty(&p->curious) && p->round_mono_ms < held ? p->round_mono_ms : held;
}
