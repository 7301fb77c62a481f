/* parent_fact.c - facts as rows: taken in the order of their numbers, summed, never assumed. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "proto/sync/item.h"
#include "proto/sync/link.h"

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

static void forget_fact(struct sync_parent *p, const char *node, const struct wire_item *fact)
{
    add_fact_sum(p, node, 0 - heard_hash(p, node, fact));
    store_run(p->store, "DELETE FROM heard WHERE node=? AND kind=? AND id=? AND pepoch=?", "sssi",
              node, fact->kind, fact->id, fact->pepoch);
}

/* Only the tombstone that the child had recorded when it said so: the object may have been wished
 * again and ended again since, and that end is still to be heard of. */
static void record_gone(struct sync_parent *p, const char *node, const struct wire_item *fact,
                        int64_t applied_rev)
{
    forget_fact(p, node, fact);
    if (store_run(p->store,
                  "DELETE FROM wish WHERE node=? AND kind=? AND id=? AND pepoch=? AND gone<>''"
                  " AND generation<=? AND rev<=?",
                  "sssiii", node, fact->kind, fact->id, fact->pepoch, fact->generation,
                  applied_rev) > 0)
        sync_parent_unblock(p, fact->kind, fact->id);
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
void sync_parent_forget_numbers(struct sync_parent *p, const char *node)
{
    store_run(p->store, "UPDATE heard SET number=0 WHERE node=? AND number>0", "s", node);
    store_run(p->store, "UPDATE child SET seen_ack=0, fact_sum=0, is_said=0 WHERE node=?", "s",
              node);
}

static void take_facts(struct sync_parent *p, struct sync_link *l,
                       const struct wire_sync_request *m, const struct event *ev)
{
    int64_t ack = store_i64(p->store, 0, "SELECT seen_ack FROM child WHERE node=?", "s", m->node);
    bool recovers = sync_parent_in_recovery(p);
    if (m->facts_from > ack + 1) {
        l->need_full = true; /* it believes more to be committed here than is */
        return;
    }
    if (!m->busy || m->facts_to <= ack)
        return; /* it carries none, or none that is new */
    for (size_t i = 0; i < m->seen_len; i++) {
        const struct wire_item *fact = &m->seen[i];
        if (fact->number <= ack || fact->number > m->facts_to)
            continue;
        if (*fact->gone != '\0' && recovers)
            forget_fact(p, m->node, fact); /* said again when its tombstone comes again */
        else if (*fact->gone != '\0')
            record_gone(p, m->node, fact, m->applied_rev);
        else
            record_fact(p, m->node, fact);
        if (!recovers)
            p->hooks.on_fact(p->hooks.core, m->node, fact, ev);
    }
    store_run(p->store, "UPDATE child SET seen_ack=? WHERE node=?", "is", m->facts_to, m->node);
}

/* An idle sync that was overtaken by one with facts: its sum is of before them, and may hold a fact
 * that has been replaced under a higher number since. */
static bool is_overtaken(const struct sync_link *l, const struct wire_sync_request *m)
{
    return !m->busy && m->seq < l->busy_seq;
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
    sync_parent_forget_numbers(p, m->node);
    l->need_full = true;
}

void sync_parent_take_facts(struct sync_parent *p, struct sync_link *l,
                            const struct wire_sync_request *m, const struct event *ev)
{
    take_facts(p, l, m, ev);
    if (!is_overtaken(l, m))
        check_facts(p, l, m);
}
