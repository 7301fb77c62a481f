/* parent_wish.c - wishes as rows: numbered by turns, summed, withheld while a tombstone blocks. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "proto/sync/item.h"
#include "proto/sync/link.h"

/* The revision of this turn: one for all that it wishes. A rolled-back event may have taken the
 * row back, so the row is brought up each time. */
int64_t sync_parent_turn_rev(struct sync_parent *p)
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

/* R10: is there a tombstone of an earlier placement whose end nobody has confirmed? What is not
 * placed (epoch 0) has none, and may stand on every child: their rows are not looked through. */
static bool is_blocked(struct sync_parent *p, const char *kind, const char *id, int64_t pepoch)
{
    return pepoch > 0 &&
           store_has(p->store,
                     "SELECT 1 FROM wish WHERE kind=? AND id=? AND gone<>'' AND pepoch<? LIMIT 1",
                     "ssi", kind, id, pepoch);
}

/* R10 whatever the order of words within a turn: what was wished a moment ago at a later epoch and
 * has not gone out yet waits for this end. */
static void block_later(struct sync_parent *p, const struct wire_item *end)
{
    struct query q;
    STORE_EACH (p->store, q,
                "SELECT node, pepoch FROM wish WHERE kind=? AND id=? AND gone='' AND visible"
                " AND pepoch>? AND rev=? ORDER BY node, pepoch",
                "ssii", end->kind, end->id, end->pepoch, sync_parent_turn_rev(p)) {
        const char *node = query_text(&q, 0);
        int64_t pepoch = query_i64(&q, 1);
        add_want_sum(p, node, 0 - wish_hash(p, node, end->kind, end->id, pepoch));
        store_run(p->store,
                  "UPDATE wish SET visible=0 WHERE node=? AND kind=? AND id=? AND pepoch=?", "sssi",
                  node, end->kind, end->id, pepoch);
    }
}

/* The wish as it was: what it added to the sum, and the generation below which it never falls. */
static uint64_t former_hash(struct sync_parent *p, const char *node, const struct wire_item *item,
                            int64_t *generation)
{
    struct query q;
    uint64_t hash = 0;
    query_open(&q, p->store,
               "SELECT generation, rev, gone='' AND visible FROM wish"
               " WHERE node=? AND kind=? AND id=? AND pepoch=?",
               "sssi", node, item->kind, item->id, item->pepoch);
    if (!query_next(&q))
        return 0;
    if (query_i64(&q, 0) > *generation)
        *generation = query_i64(&q, 0);
    if (query_i64(&q, 2) != 0)
        hash = sync_item_hash(item->kind, item->id, query_i64(&q, 0), item->pepoch,
                              query_i64(&q, 1));
    query_close(&q);
    return hash;
}

static void put_wish(struct sync_parent *p, const char *node, const struct wire_item *item)
{
    int64_t generation = item->generation, rev = sync_parent_turn_rev(p);
    uint64_t before = former_hash(p, node, item, &generation), now = 0;
    int64_t visible = *item->gone != '\0' || !is_blocked(p, item->kind, item->id, item->pepoch);
    store_run(p->store,
              "INSERT INTO wish(node, kind, id, pepoch, generation, rev, gone, visible, body)"
              " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO UPDATE SET"
              " generation=?5, rev=?6, gone=?7, visible=?8, body=?9",
              "sssiiisis", node, item->kind, item->id, item->pepoch, generation, rev, item->gone,
              visible, item->body);
    if (*item->gone == '\0' && visible)
        now = sync_item_hash(item->kind, item->id, generation, item->pepoch, rev);
    add_want_sum(p, node, now - before);
    sync_link_touch(p, node);
    if (*item->gone != '\0')
        block_later(p, item);
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
    sync_parent_end_with(p, node, kind, id, generation, pepoch, gone, "");
}

void sync_parent_end_with(struct sync_parent *p, const char *node, const char *kind, const char *id,
                          int64_t generation, int64_t pepoch, const char *gone, const char *body)
{
    PRE(*gone != '\0');
    put_wish(p, node,
             &(struct wire_item){.kind = kind,
                                 .id = id,
                                 .generation = generation,
                                 .pepoch = pepoch,
                                 .gone = gone,
                                 .body = body});
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

void sync_parent_drop_under(struct sync_parent *p, const char *node, const char *kind,
                            const char *id)
{
    struct query q;
    STORE_EACH (p->store, q,
                /* '0' follows '/' */
                "SELECT id FROM wish WHERE node=?1 AND kind=?2 AND id>?3||'/' AND id<?3||'0'"
                " AND gone='' ORDER BY id",
                "sss", node, kind, id)
        sync_parent_drop(p, node, kind, query_text(&q, 0));
}

bool sync_parent_wishes(struct sync_parent *p, const char *node, const char *kind, const char *id,
                        const char *body)
{
    return store_has(p->store,
                     "SELECT 1 FROM wish WHERE node=? AND kind=? AND id=? AND pepoch=0"
                     " AND gone='' AND body=?",
                     "ssss", node, kind, id, body);
}

static bool is_kept(const struct sync_kept *list, size_t len, const char *id)
{
    for (size_t i = 0; i < len; i++)
        if (str_eq(list[i].id, id))
            return true;
    return false;
}

void sync_parent_keep(struct sync_parent *p, const char *node, const char *kind,
                      const struct sync_kept *list, size_t len)
{
    struct query q;
    for (size_t i = 0; i < len; i++)
        if (!sync_parent_wishes(p, node, kind, list[i].id, list[i].body))
            sync_parent_want(p, node, kind, list[i].id, sync_parent_turn_rev(p), 0, list[i].body);
    STORE_EACH (p->store, q, "SELECT id FROM wish WHERE node=? AND kind=? AND gone='' ORDER BY id",
                "ss", node, kind)
        if (!is_kept(list, len, query_text(&q, 0)))
            sync_parent_drop(p, node, kind, query_text(&q, 0));
}

bool sync_parent_holds(struct sync_parent *p, const char *kind, const char *id)
{
    return store_has(p->store, "SELECT 1 FROM wish WHERE kind=? AND id=? LIMIT 1", "ss", kind, id);
}

int64_t sync_parent_rev(const struct sync_parent *p)
{
    return p->turn_rev;
}

void sync_parent_ask(struct sync_parent *p, const char *node, const char *kind, const char *id)
{
    struct sync_link *l = sync_link_get(p, node);
    if (l == NULL)
        return;
    for (size_t i = 0; i < l->asks_len; i++)
        if (str_eq(l->asks[i].kind, kind) && str_eq(l->asks[i].id, id))
            return;
    if (l->asks_len == ASKS_MAX)
        return; /* ephemeral: whoever asked has a deadline of its own */
    str_copy(l->asks[l->asks_len].kind, sizeof l->asks[0].kind, kind);
    str_copy(l->asks[l->asks_len++].id, sizeof l->asks[0].id, id);
    sync_link_touch(p, node);
}

/* What a tombstone had blocked may appear now, under this turn's revision. */
void sync_parent_unblock(struct sync_parent *p, const char *kind, const char *id)
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
                  "isssi", sync_parent_turn_rev(p), node, kind, id, pepoch);
        add_want_sum(p, node, wish_hash(p, node, kind, id, pepoch));
        sync_link_touch(p, node);
    }
}
