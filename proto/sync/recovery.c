/* recovery.c - a parent whose store is older than what its children know (PROTOCOL R14).
 *
 *   restored, or a child shows that it must have been
 *     -> no wish is sent, nothing is freed, no lease given; each child returns all it holds, and
 * says everything that it sees, by a listing of its run at hand: an unknown domain is known too
 *     -> when all are in: the core merges, every wish is sent anew, every fact is looked at again
 */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "proto/sync/item.h"
#include "proto/sync/link.h"

bool sync_parent_in_recovery(struct sync_parent *p)
{
    return store_i64(p->store, 0, "SELECT recovery FROM parent_self", "") != 0;
}

void sync_parent_open_recovery(struct store *store)
{
    store_run(store, "UPDATE parent_self SET recovery=1", "");
}

static void forget_returns(struct sync_parent *p)
{
    store_run(p->store, "DELETE FROM returned", "");
    store_run(p->store, "UPDATE child SET returned=0, is_returned=0", "");
}

/* Every child is to return all it holds and to say all it sees; whatever run of it speaks, for it
 * may have joined anew since. */
static void begin(struct sync_parent *p)
{
    struct query q;
    forget_returns(p);
    store_run(p->store, "UPDATE child SET boot_n=0", "");
    STORE_EACH (p->store, q, "SELECT node FROM child ORDER BY node", "") {
        struct sync_link *l = sync_link_get(p, query_text(&q, 0));
        sync_parent_forget_numbers(p, query_text(&q, 0));
        if (l != NULL)
            l->is_recalled = false;
    }
}

void sync_recovery_start(struct sync_parent *p)
{
    if (!sync_parent_in_recovery(p))
        return;
    begin(p);
    log_warn("recovery", "why",
             "this store was restored: nothing is started, moved or freed"
             " until every child has returned what it holds",
             NULL);
}

/* The first revision of the start after the one that the child saw; 0 = it saw the newest. */
static int64_t next_first_rev(struct sync_parent *p, const char *start_id)
{
    return store_i64(p->store, 0,
                     "SELECT first_rev FROM parent_start WHERE n>(SELECT n FROM parent_start"
                     " WHERE start_id=?) ORDER BY n LIMIT 1",
                     "s", start_id);
}

static bool is_ahead(struct sync_parent *p, const struct wire_sync_request *m)
{
    if (*m->start_id_seen == '\0' ||
        !store_has(p->store, "SELECT 1 FROM parent_self WHERE store_id=?", "s", m->store_id_seen))
        return false; /* it has not met this store yet */
    if (!store_has(p->store, "SELECT 1 FROM parent_start WHERE start_id=?", "s", m->start_id_seen))
        return true;
    int64_t next = next_first_rev(p, m->start_id_seen);
    return (next > 0 && m->applied_rev >= next) ||
           m->applied_rev > store_i64(p->store, 0, "SELECT rev FROM parent_self", "");
}

void sync_recovery_watch(struct sync_parent *p, const struct wire_sync_request *m)
{
    if (sync_parent_in_recovery(p) || !is_ahead(p, m))
        return;
    log_error("recovery", "why", "a child knows a later life of this store", "node", m->node, NULL);
    sync_parent_open_recovery(p->store);
    begin(p);
}

bool sync_recovery_has(struct sync_parent *p, const char *node)
{
    return store_has(p->store, "SELECT 1 FROM child WHERE node=? AND is_returned", "s", node);
}

void sync_recovery_answer(struct sync_parent *p, const char *node, struct wire_sync_reply *r)
{
    if (!sync_parent_in_recovery(p))
        return;
    r->recovery = true;
    r->want_len = 0;
    r->more = false;
    r->lease_ms = 0;
    r->need_all = !sync_recovery_has(p, node);
    r->held_ack = store_i64(p->store, 0, "SELECT returned FROM child WHERE node=?", "s", node);
}

/* ---- the end of it ------------------------------------------------------------------------- */

/* Generations are maxed, for tombstones too: no wish of ours may look older than what a child
 * has recorded. */
static void raise_generations(struct sync_parent *p)
{
    store_run(p->store,
              "UPDATE shared SET generation=max(generation, (SELECT max(r.generation) FROM returned"
              " r WHERE r.kind=shared.kind AND r.id=shared.id)) WHERE EXISTS (SELECT 1 FROM"
              " returned r WHERE r.kind=shared.kind AND r.id=shared.id)",
              "");
    store_run(p->store,
              "UPDATE wish SET generation=max(generation, (SELECT max(r.generation) FROM returned r"
              " WHERE r.kind=wish.kind AND r.id=wish.id)) WHERE EXISTS (SELECT 1 FROM returned r"
              " WHERE r.kind=wish.kind AND r.id=wish.id)",
              "");
}

/* What a child returned and nobody wishes after the merge becomes a tombstone again. */
static void end_the_rest(struct sync_parent *p)
{
    struct query q;
    STORE_EACH (p->store, q,
                "SELECT r.node, r.kind, r.id, r.generation, r.pepoch, r.gone,"
                " iif(r.gone='', '', r.body) FROM returned r"
                " WHERE NOT EXISTS (SELECT 1 FROM wish w WHERE w.node=r.node AND w.kind=r.kind"
                " AND w.id=r.id AND w.pepoch=r.pepoch) AND NOT EXISTS (SELECT 1 FROM shared s JOIN"
                " follows f ON f.topic=s.topic AND f.node=r.node WHERE s.kind=r.kind AND s.id=r.id"
                " AND r.pepoch=0) ORDER BY r.node, r.kind, r.id, r.pepoch",
                "")
        sync_parent_end_with(p, query_text(&q, 0), query_text(&q, 1), query_text(&q, 2),
                             query_i64(&q, 3), query_i64(&q, 4),
                             *query_text(&q, 5) != '\0' ? query_text(&q, 5) : "deleted",
                             query_text(&q, 6));
}

static uint64_t sum_of(struct sync_parent *p, const char *node)
{
    uint64_t sum = 0;
    struct query q;
    STORE_EACH (p->store, q,
                "SELECT kind, id, generation, pepoch, rev FROM wish WHERE node=? AND gone=''"
                " AND visible ORDER BY kind, id, pepoch",
                "s", node)
        sum += sync_item_hash(query_text(&q, 0), query_text(&q, 1), query_i64(&q, 2),
                              query_i64(&q, 3), query_i64(&q, 4));
    return sum;
}

/* Every wish gets a new revision above all that any child has seen, so many to one that a page can
 * carry them. */
static int64_t number_rows(struct sync_parent *p, int64_t rev, int64_t count, const char *sql)
{
    enum { WISHES_A_REV = 1000 };
    for (int64_t done = 0; done < count; done += WISHES_A_REV)
        store_run(p->store, sql, "iii", rev++, (int64_t)WISHES_A_REV, done);
    return rev;
}

static void number_anew(struct sync_parent *p)
{
    int64_t rev = sync_parent_turn_rev(p);
    rev = number_rows(p, rev, store_i64(p->store, 0, "SELECT count(*) FROM wish", ""),
                      "UPDATE wish SET rev=? WHERE (node, kind, id, pepoch) IN (SELECT node, kind,"
                      " id, pepoch FROM wish ORDER BY node, kind, id, pepoch LIMIT ? OFFSET ?)");
    rev = number_rows(p, rev, store_i64(p->store, 0, "SELECT count(*) FROM shared", ""),
                      "UPDATE shared SET rev=? WHERE (kind, id) IN (SELECT kind, id FROM shared"
                      " ORDER BY kind, id LIMIT ? OFFSET ?)");
    store_run(p->store, "UPDATE parent_self SET rev=max(rev, ?)", "i", rev);
    p->turn_rev = 0;
}

static void wish_anew(struct sync_parent *p)
{
    struct query q;
    number_anew(p);
    sync_shared_wish_anew(p);
    store_run(p->store,
              "UPDATE wish SET visible=(gone<>'' OR NOT EXISTS (SELECT 1 FROM wish t WHERE"
              " t.kind=wish.kind AND t.id=wish.id AND t.gone<>'' AND t.pepoch<wish.pepoch))",
              "");
    STORE_EACH (p->store, q, "SELECT node FROM child ORDER BY node", "") {
        const char *node = query_text(&q, 0);
        store_run(p->store, "UPDATE child SET want_sum=? WHERE node=?", "is",
                  (int64_t)sum_of(p, node), node);
        sync_link_touch(p, node);
    }
}

/* What was said in RECOVERY counts now. What was not said again is absent: a question (R13). */
static void look_again(struct sync_parent *p, const struct event *ev)
{
    struct query q;
    STORE_EACH (p->store, q,
                "SELECT node, kind, id, pepoch, generation, number, error, body FROM heard"
                " WHERE number>0 ORDER BY node, number",
                "")
        p->hooks.on_fact(p->hooks.core, query_text(&q, 0),
                         &(struct wire_item){.kind = query_text(&q, 1),
                                             .id = query_text(&q, 2),
                                             .pepoch = query_i64(&q, 3),
                                             .generation = query_i64(&q, 4),
                                             .number = query_i64(&q, 5),
                                             .gone = "",
                                             .error = query_text(&q, 6),
                                             .body = query_text(&q, 7)},
                         ev);
}

static void finish(struct sync_parent *p, const struct event *ev)
{
    if (p->hooks.on_recovered == NULL) {
        log_error("recovery", "why",
                  "all children have returned what they hold, and this manager"
                  " cannot merge it: put a newer backup in place",
                  NULL);
        return;
    }
    store_run(p->store, "UPDATE parent_self SET recovery=0", "");
    p->turn_rev = 0; /* the revision went up with what children have applied */
    p->hooks.on_recovered(p->hooks.core, ev);
    raise_generations(p);
    end_the_rest(p);
    wish_anew(p);
    look_again(p, ev);
    forget_returns(p);
    log_warn("recovery", "why", "over: all is merged", NULL);
}

static bool is_current(struct sync_parent *p, const char *start_id)
{
    return store_has(p->store,
                     "SELECT 1 FROM parent_start WHERE start_id=? AND n=(SELECT max(n) FROM"
                     " parent_start)",
                     "s", start_id);
}

static void take_held(struct sync_parent *p, const struct wire_sync_request *m)
{
    int64_t have = store_i64(p->store, 0, "SELECT returned FROM child WHERE node=?", "s", m->node);
    if (!m->busy || !is_current(p, m->held_for) || m->held_from > have + 1 ||
        sync_recovery_has(p, m->node))
        return;
    for (size_t i = 0; i < m->held_len; i++)
        store_run(p->store,
                  "INSERT INTO returned VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
                  "sssiiss", m->node, m->held[i].kind, m->held[i].id, m->held[i].pepoch,
                  m->held[i].generation, m->held[i].gone, m->held[i].body);
    store_run(p->store, "UPDATE child SET returned=max(returned, ?), is_returned=? WHERE node=?",
              "iis", m->held_from + (int64_t)m->held_len - 1, (int64_t)!m->held_more, m->node);
}

/* A full is over when all that the child had to say when it asked has come, it had listed what is
 * there, and it knew by then that it was asked by this start. */
static void note_full(struct sync_parent *p, const struct wire_sync_request *m)
{
    if (m->listed && !m->more && is_current(p, m->start_id_seen))
        store_run(p->store, "UPDATE child SET is_said=1 WHERE node=? AND seen_ack=?", "si", m->node,
                  m->facts_to);
}

void sync_recovery_take(struct sync_parent *p, struct sync_link *l,
                        const struct wire_sync_request *m, const struct event *ev)
{
    store_run(p->store, "UPDATE parent_self SET rev=?1 WHERE rev<?1", "i", m->applied_rev);
    take_held(p, m);
    sync_parent_take_facts(p, l, m, ev);
    note_full(p, m);
    if (!store_has(p->store,
                   "SELECT 1 FROM child WHERE removed=0 AND NOT (is_returned AND is_said)", ""))
        finish(p, ev);
}
