/* recover.c - the merge after a restore (PROTOCOL R14): what hosts hold against what this store
 * remembers. Every wish is sent anew afterwards, and every fact said anew.
 *
 *   ended anywhere        -> ended here                     (a deletion is never taken back)
 *   lives at a later epoch-> it is there, and wished there
 *   moved away, no later  -> placed anew, two epochs on: the epoch between may be anywhere
 *   lives at an earlier   -> ended there as moved
 *
 * A quarantined domain of an instance that is known here lives where it is. What is taken in is
 * recorded as the cloud's wish, which the cloud may have forgotten as well. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "cluster-manager/cluster.h"
#include "cluster-manager/ops/grant.h"
#include "cluster-manager/ops/seed.h"
#include "cluster-manager/ops/share.h"
#include "cluster-manager/store/instance.h"

#include <string.h>

/* What hosts have of the instance ?1: what they returned, and domains that they have no wish for.
 */
#define FOUND                                                                          \
    "(SELECT node, pepoch, generation, gone, body FROM returned WHERE kind='instance'" \
    " AND id=?1 UNION ALL SELECT node, pepoch, generation, '', '' FROM heard WHERE"    \
    " kind='stray' AND id=?1 AND number>0)"

struct returned {
    const char *node; /* of the live one with the greatest pepoch; "" = none */
    const char *body; /* of the newest wish that any holds or ends; "" = none */
    int64_t pepoch, generation;
    int64_t moved_pepoch;    /* the greatest of the tombstones `moved`; 0 = none */
    int64_t last_generation; /* of all of them */
    bool is_deleted;
};

static struct returned load(struct cluster_core *c, const char *id, struct arena *arena)
{
    struct returned r = {.node = "", .body = ""};
    struct query q;
    STORE_EACH (c->store, q,
                "SELECT node, pepoch, generation, gone, body FROM " FOUND " ORDER BY pepoch, node",
                "s", id) {
        const char *gone = query_text(&q, 3);
        if (query_i64(&q, 2) > r.last_generation)
            r.last_generation = query_i64(&q, 2);
        if (str_eq(gone, "deleted")) {
            r.is_deleted = true;
            if (*query_text(&q, 4) != '\0')
                r.body = arena_strdup(arena, query_text(&q, 4));
        } else if (*gone != '\0') {
            r.moved_pepoch = query_i64(&q, 1);
        } else {
            r.node = arena_strdup(arena, query_text(&q, 0));
            r.pepoch = query_i64(&q, 1);
            if (*query_text(&q, 4) == '\0')
                continue;
            r.generation = query_i64(&q, 2);
            r.body = arena_strdup(arena, query_text(&q, 4));
        }
    }
    return r;
}

/* The wish that its host holds is what the cloud wished last, but for the grant. */
static bool remember(struct cluster_core *c, const char *id, const struct cluster_instance *i,
                     const struct returned *r, struct arena *arena, const struct event *ev)
{
    struct wire_instance body;
    struct err err;
    CLEANUP(buf_fini) struct buf as_wished = {0};
    if (*i->id != '\0' && i->generation > r->generation)
        return true; /* the wish of this store is newer */
    if (*i->id != '\0' && *r->body == '\0')
        return true; /* and of a quarantined domain the only one */
    if (wire_decode(&wire_instance_type, r->body, strlen(r->body), arena, &body, &err) != ERR_OK) {
        log_error("recovery.unreadable", "id", id, "host", r->node, "why", err.text, NULL);
        return false;
    }
    body.grant = "";
    body.sources_len = 0;
    wire_encode(&as_wished, &wire_instance_type, &body);
    struct wire_item wish = {.kind = "instance",
                             .id = id,
                             .generation = r->generation,
                             .pepoch = 1,
                             .gone = "",
                             .body = buf_str(&as_wished)};
    sync_child_adopt(&c->up, &wish);
    cluster_instance_save(c->store, &wish, &body, ev->now_ms);
    return true;
}

/* The end as the cloud wishes one: it may have forgotten what ends, whose address is nobody else's
 * until it is gone. */
static void remember_end(struct cluster_core *c, const char *id, const struct returned *r,
                         int64_t generation, struct arena *arena)
{
    struct wire_instance body;
    struct err err;
    CLEANUP(buf_fini) struct buf as_wished = {0};
    if (*r->body != '\0' &&
        wire_decode(&wire_instance_type, r->body, strlen(r->body), arena, &body, &err) == ERR_OK) {
        body.want = body.grant = body.key = body.user_data = "";
        body.sources_len = 0;
        wire_encode(&as_wished, &wire_instance_type, &body);
    }
    sync_child_adopt(&c->up, &(struct wire_item){.kind = "instance",
                                                 .id = id,
                                                 .generation = generation,
                                                 .pepoch = 1,
                                                 .gone = "deleted",
                                                 .body = buf_str(&as_wished)});
}

static void end_all(struct cluster_core *c, const char *id, const struct cluster_instance *i,
                    const struct returned *r, struct arena *arena)
{
    struct query q;
    int64_t generation = i->generation > r->last_generation ? i->generation : r->last_generation;
    if (*i->id != '\0')
        cluster_instance_end(c->store, id, generation);
    if (*i->id != '\0' && *i->host != '\0')
        sync_parent_end(&c->down, i->host, "instance", id, generation, i->pepoch, "deleted");
    STORE_EACH (c->store, q, "SELECT node, pepoch FROM " FOUND " ORDER BY node, pepoch", "s", id)
        sync_parent_end(&c->down, query_text(&q, 0), "instance", id, generation, query_i64(&q, 1),
                        "deleted");
    remember_end(c, id, r, generation, arena);
}

/* It lives where its host says, at an epoch that this store does not know. */
static void follow(struct cluster_core *c, const char *id, const struct cluster_instance *i,
                   const struct returned *r, struct arena *arena, const struct event *ev)
{
    int64_t generation = i->generation > r->generation ? i->generation : r->generation;
    if (*i->host != '\0' && (i->pepoch != r->pepoch || !str_eq(i->host, r->node)))
        sync_parent_end(&c->down, i->host, "instance", id, generation, i->pepoch, "moved");
    cluster_instance_place(c->store, id, r->node, r->pepoch);
    struct cluster_instance now;
    bool is_there = cluster_instance_load(c->store, id, arena, &now);
    INV(is_there);
    struct wire_instance size = {.vcpus = now.need.vcpus, .memory_mib = now.guest_mib};
    sync_parent_want(&c->down, r->node, "instance", id, generation, r->pepoch,
                     cluster_grant_body(c, id, r->node, &size, arena, ev));
    log_info("recovery.followed", "id", id, "host", r->node, NULL);
}

/* Every live one below the winner ends as moved; nobody frees anything for it. */
static void end_earlier(struct cluster_core *c, const char *id, int64_t pepoch)
{
    struct query q;
    STORE_EACH (c->store, q,
                "SELECT node, pepoch, generation FROM " FOUND
                " WHERE gone='' AND pepoch<?2 ORDER BY node, pepoch",
                "si", id, pepoch)
        sync_parent_end(&c->down, query_text(&q, 0), "instance", id, query_i64(&q, 2),
                        query_i64(&q, 1), "moved");
}

static void merge(struct cluster_core *c, const char *id, struct arena *arena,
                  const struct event *ev)
{
    struct cluster_instance i = {.id = "", .host = ""};
    struct returned r = load(c, id, arena);
    bool known = cluster_instance_load(c->store, id, arena, &i);
    if (r.is_deleted || i.is_ending) {
        end_all(c, id, &i, &r, arena);
        return;
    }
    bool same = known && str_eq(i.host, r.node) && i.pepoch == r.pepoch;
    if (same && i.generation >= r.generation)
        return; /* where it was, and not behind: the wish of this store stands */
    if (*r.node != '\0' && r.pepoch >= i.pepoch) {
        if (remember(c, id, &i, &r, arena, ev))
            follow(c, id, &i, &r, arena, ev);
        end_earlier(c, id, r.pepoch);
        return;
    }
    if (known && r.moved_pepoch >= i.pepoch && *i.host != '\0') {
        sync_parent_end(&c->down, i.host, "instance", id, r.last_generation, i.pepoch, "moved");
        cluster_instance_place(c->store, id, "", r.moved_pepoch + 1); /* the next is one more */
    }
    end_earlier(c, id, i.pepoch);
}

/* A domain that nobody knows, neither here nor another host, stays in quarantine. */
#define RETURNED_IDS                                                               \
    "SELECT id FROM returned WHERE kind='instance' UNION SELECT h.id FROM heard h" \
    " JOIN instance i ON i.id=h.id WHERE h.kind='stray' AND h.number>0"

void cluster_recover(void *core, const struct event *ev)
{
    struct cluster_core *c = core;
    struct arena arena = {0};
    struct query q;
    size_t len = 0;
    int64_t count = store_i64(c->store, 0, "SELECT count(*) FROM (" RETURNED_IDS ")", "");
    const char **ids = arena_alloc(&arena, (size_t)(count + 1) * sizeof *ids);
    STORE_EACH (c->store, q, RETURNED_IDS " ORDER BY id", "")
        ids[len++] = arena_strdup(&arena, query_text(&q, 0));
    for (size_t i = 0; i < len; i++)
        merge(c, ids[i], &arena, ev);
    cluster_end_wished(c, ev);
    cluster_share_forward_all(c);
    cluster_seed_forward_all(c, ev);
    cluster_group_settle(c); /* within the merge: what nobody wishes after it is ended */
    cluster_underlay_settle(c);
    arena_fini(&arena);
}
