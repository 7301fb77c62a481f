/* parent_shared.c - wishes that many children are told alike: one row each, whoever follows.
 *
 *   topic    a name, the revision that changed it last, and the sum of what lives under it
 *   shared   its items, each with the revision that changed it last
 *   follows  which child is told of which topic, and from which revision on
 *
 * A child is wished its own rows and the items of all topics that it follows; its sum is the sum of
 * these. An item keeps its number when a child comes to follow later: the revision of the following
 * orders it there. An end is a row of each follower, until that one has confirmed it. */
#include "base/str.h"
#include "proto/sync/item.h"
#include "proto/sync/link.h"

enum { TOPIC_SIZE = 160, NO_PEPOCH = 0 };

/* An item as it is shared. */
struct row {
    char topic[TOPIC_SIZE];
    int64_t generation, rev;
    bool is_same; /* its body is the one at hand */
};

static bool load(struct sync_parent *p, const char *kind, const char *id, const char *body,
                 struct row *out)
{
    struct query q;
    query_open(&q, p->store,
               "SELECT topic, generation, rev, body=?3 FROM shared WHERE kind=?1 AND id=?2", "sss",
               kind, id, body);
    if (!query_next(&q))
        return false;
    *out = (struct row){
        .generation = query_i64(&q, 1), .rev = query_i64(&q, 2), .is_same = query_i64(&q, 3) != 0};
    str_copy(out->topic, sizeof out->topic, query_text(&q, 0));
    query_close(&q);
    return true;
}

static uint64_t hash_of(const struct row *r, const char *kind, const char *id)
{
    return sync_item_hash(kind, id, r->generation, NO_PEPOCH, r->rev);
}

/* It changed in this turn: its followers are told (parent_answer.c). */
static void change_topic(struct sync_parent *p, const char *topic, uint64_t more)
{
    uint64_t sum = (uint64_t)store_i64(p->store, 0, "SELECT sum FROM topic WHERE name=?", "s",
                                       topic);
    store_run(p->store,
              "INSERT INTO topic VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET rev=?2, sum=?3",
              "sii", topic, sync_parent_turn_rev(p), (int64_t)(sum + more));
}

void sync_parent_share(struct sync_parent *p, const char *topic, const char *kind, const char *id,
                       int64_t generation, const char *body)
{
    struct row was, now = {.generation = generation};
    bool is_there = load(p, kind, id, body, &was);
    if (is_there && !str_eq(was.topic, topic)) {
        sync_parent_unshare(p, kind, id);
        is_there = false;
    }
    if (is_there && was.is_same && was.generation >= generation)
        return;
    if (is_there && was.generation > generation)
        now.generation = was.generation; /* which never falls */
    now.rev = sync_parent_turn_rev(p);
    store_run(p->store,
              "INSERT INTO shared(kind, id, topic, generation, rev, body)"
              " VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET generation=?4, rev=?5,"
              " body=?6",
              "sssiis", kind, id, topic, now.generation, now.rev, body);
    change_topic(p, topic, hash_of(&now, kind, id) - (is_there ? hash_of(&was, kind, id) : 0));
    if (!is_there)
        store_run(p->store,
                  "DELETE FROM wish WHERE kind=?2 AND id=?3 AND pepoch=0 AND gone<>'' AND node IN"
                  " (SELECT node FROM follows WHERE topic=?1)",
                  "sss", topic, kind, id);
}

void sync_parent_unshare(struct sync_parent *p, const char *kind, const char *id)
{
    struct row was;
    if (!load(p, kind, id, "", &was))
        return;
    store_run(p->store, "DELETE FROM shared WHERE kind=? AND id=?", "ss", kind, id);
    change_topic(p, was.topic, 0 - hash_of(&was, kind, id));
    store_run(p->store,
              "INSERT INTO wish(node, kind, id, pepoch, generation, rev, gone, visible, body)"
              " SELECT node, ?1, ?2, 0, ?3, ?4, 'deleted', 1, '' FROM follows WHERE topic=?5"
              " ON CONFLICT DO UPDATE SET generation=max(generation, ?3), rev=?4",
              "ssiis", kind, id, was.generation, sync_parent_turn_rev(p), was.topic);
}

void sync_parent_follow(struct sync_parent *p, const char *node, const char *topic)
{
    if (store_has(p->store, "SELECT 1 FROM follows WHERE node=? AND topic=?", "ss", node, topic))
        return;
    store_run(p->store, "INSERT INTO follows VALUES(?, ?, ?)", "ssi", node, topic,
              sync_parent_turn_rev(p));
    store_run(p->store,
              "DELETE FROM wish WHERE node=?1 AND pepoch=0 AND gone<>'' AND (kind, id) IN"
              " (SELECT kind, id FROM shared WHERE topic=?2)",
              "ss", node, topic);
    sync_link_touch(p, node);
}

void sync_parent_unfollow(struct sync_parent *p, const char *node, const char *topic)
{
    if (store_run(p->store, "DELETE FROM follows WHERE node=? AND topic=?", "ss", node, topic) == 0)
        return;
    store_run(p->store,
              "INSERT INTO wish(node, kind, id, pepoch, generation, rev, gone, visible, body)"
              " SELECT ?1, kind, id, 0, generation, ?2, 'deleted', 1, '' FROM shared"
              " WHERE topic=?3 ON CONFLICT DO UPDATE SET"
              " generation=max(wish.generation, excluded.generation), rev=?2",
              "sis", node, sync_parent_turn_rev(p), topic);
    sync_link_touch(p, node);
}

uint64_t sync_shared_sum(struct sync_parent *p, const char *node)
{
    uint64_t sum = 0;
    struct query q;
    STORE_EACH (p->store, q,
                "SELECT t.sum FROM follows f JOIN topic t ON t.name=f.topic WHERE f.node=?"
                " ORDER BY f.topic",
                "s", node)
        sum += (uint64_t)query_i64(&q, 0);
    return sum;
}

bool sync_shared_has_news(struct sync_parent *p, const char *node, int64_t applied)
{
    return store_has(p->store,
                     "SELECT 1 FROM follows f WHERE f.node=?1 AND EXISTS (SELECT 1 FROM shared s"
                     " WHERE s.topic=f.topic AND s.rev>iif(f.rev>?2, 0, ?2)) LIMIT 1",
                     "si", node, applied);
}

/* ---- after RECOVERY ------------------------------------------------------------------------ */

static uint64_t sum_of(struct sync_parent *p, const char *topic)
{
    uint64_t sum = 0;
    struct query q;
    STORE_EACH (p->store, q,
                "SELECT kind, id, generation, rev FROM shared WHERE topic=? ORDER BY kind, id", "s",
                topic)
        sum += sync_item_hash(query_text(&q, 0), query_text(&q, 1), query_i64(&q, 2), NO_PEPOCH,
                              query_i64(&q, 3));
    return sum;
}

void sync_shared_wish_anew(struct sync_parent *p)
{
    struct query q;
    store_run(p->store, "UPDATE follows SET rev=0", ""); /* every item is newer than all of these */
    STORE_EACH (p->store, q, "SELECT name FROM topic ORDER BY name", "")
        store_run(p->store, "UPDATE topic SET sum=? WHERE name=?", "is",
                  (int64_t)sum_of(p, query_text(&q, 0)), query_text(&q, 0));
}
