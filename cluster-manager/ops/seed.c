/* seed.c - the wish that an image be on every host, passed on to each with leave to fetch it, and
 * what they make of it, summed for the cloud. */
#include "cluster-manager/ops/seed.h"

#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "cluster-manager/ops/grant.h"
#include "cluster-manager/ops/share.h"
#include "proto/wire/states.h"

#include <string.h>

/* Said again whenever one of them says something else; the same again writes nothing. */
static void say(struct cluster_core *c, const char *image)
{
    struct arena arena = {0};
    struct wire_seed_sum sum = {.detail = ""};
    CLEANUP(buf_fini) struct buf body = {0};
    struct query q;
    int64_t generation = store_i64(
        c->store, -1, "SELECT generation FROM got WHERE kind='seed' AND id=? AND gone=''", "s",
        image);
    sum.hosts = store_i64(c->store, 0, "SELECT count(*) FROM child WHERE removed=0", "");
    STORE_EACH (c->store, q,
                "SELECT s.host, s.state, s.detail FROM seeded s JOIN child h ON h.node=s.host AND"
                " h.removed=0 WHERE s.image=? ORDER BY s.host",
                "s", image) {
        sum.whole += seed_state_parse(query_text(&q, 1)) == SEED_WHOLE;
        if (*sum.detail == '\0' && *query_text(&q, 2) != '\0')
            sum.detail = arena_printf(&arena, "%s: %s", query_text(&q, 0), query_text(&q, 2));
    }
    wire_encode(&body, &wire_seed_sum_type, &sum);
    if (generation >= 0)
        sync_child_say(&c->up, "seed", image, generation, 0, buf_str(&body));
    arena_fini(&arena);
}

/* ---- down ---------------------------------------------------------------------------------- */

struct seed {
    const char *image;
    int64_t generation;
    struct wire_seed body;
};

/* What a host makes of a seed that it is told of; false: that says nothing. */
static bool take_seen(struct cluster_core *c, const char *host, const struct wire_item *fact)
{
    struct arena arena = {0};
    struct wire_seed_seen seen = {.state = "", .detail = fact->error};
    struct err err;
    bool is_read = *fact->error != '\0' ||
                   wire_decode(&wire_seed_seen_type, fact->body, strlen(fact->body), &arena, &seen,
                               &err) == ERR_OK;
    if (*fact->gone == '\0' && !is_read)
        log_warn("fact.malformed", "host", host, "id", fact->id, "why", err.text, NULL);
    else if (*fact->gone == '\0')
        store_run(c->store,
                  "UPDATE seeded SET state=?, detail=? WHERE image=? AND host=? AND generation<=?",
                  "ssssi", seen.state, seen.detail, fact->id, host, fact->generation);
    arena_fini(&arena);
    return *fact->gone == '\0' && is_read;
}

/* A host that had been told of it before this store went back has said what it has, and says the
 * same no second time. */
static void hear_again(struct cluster_core *c, const char *host, const char *image,
                       struct arena *arena)
{
    struct wire_item fact = {.id = image, .gone = ""};
    struct query q;
    query_open(&q, c->store,
               "SELECT generation, error, body FROM heard WHERE node=? AND kind='seed' AND id=?"
               " AND number>0",
               "ss", host, image);
    if (!query_next(&q))
        return;
    fact.generation = query_i64(&q, 0);
    fact.error = arena_strdup(arena, query_text(&q, 1));
    fact.body = arena_strdup(arena, query_text(&q, 2));
    query_close(&q);
    take_seen(c, host, &fact);
}

static void tell(struct cluster_core *c, const char *host, struct seed *s, struct arena *arena,
                 const struct event *ev)
{
    CLEANUP(buf_fini) struct buf body = {0};
    s->body.grant = cluster_grant(c, host, s->body.manifest, arena, ev);
    s->body.sources = cluster_share_sources(c, host, s->body.manifest, &s->body.sources_len, arena,
                                            ev);
    wire_encode(&body, &wire_seed_type, &s->body);
    sync_parent_want(&c->down, host, "seed", s->image, s->generation, 0, buf_str(&body));
    store_run(c->store,
              "INSERT INTO seeded(image, host, generation, granted_wall_ms) VALUES(?1, ?2, ?3, ?4)"
              " ON CONFLICT DO UPDATE SET generation=?3, granted_wall_ms=?4",
              "ssii", s->image, host, s->generation, *s->body.grant != '\0' ? ev->at.wall_ms : 0);
    hear_again(c, host, s->image, arena);
    say(c, s->image);
}

/* What the host was not told, or what it was told so long ago that its grant may end before it has
 * the image whole. */
#define UNTOLD                                                                                 \
    "SELECT g.id, g.generation, g.body FROM got g WHERE g.kind='seed' AND g.gone='' AND NOT "  \
    "EXISTS"                                                                                   \
    " (SELECT 1 FROM seeded s JOIN wish w ON w.node=s.host AND w.kind='seed' AND w.id=s.image" \
    " AND w.gone='' WHERE s.image=g.id AND s.host=?1 AND s.generation=g.generation"            \
    " AND (s.state='whole' OR s.granted_wall_ms>?2)) ORDER BY g.id"

/* The first host fetches from dos; each that has the image whole serves two more. One that is away,
 * has trouble, or takes very long holds nobody up. */
static bool may_begin(struct cluster_core *c, const char *image, const struct event *ev)
{
    enum { LONG_MS = 10 * 60 * 1000, SERVED = 2 };
    int64_t whole = 0, busy = 0;
    struct query q;
    STORE_EACH (c->store, q,
                "SELECT host, state, detail='' AND granted_wall_ms>? FROM seeded WHERE image=?"
                " ORDER BY host",
                "is", ev->at.wall_ms - LONG_MS, image) {
        enum seed_state state = seed_state_parse(query_text(&q, 1));
        whole += state == SEED_WHOLE;
        busy += (state == SEED_NONE || state == SEED_FETCHING) && query_i64(&q, 2) != 0 &&
                sync_parent_child_state(&c->down, query_text(&q, 0), ev->at.mono_ms) ==
                    SYNC_CHILD_UP;
    }
    return busy < (whole > 0 ? SERVED * whole : 1);
}

static bool is_told(struct cluster_core *c, const char *image, const char *host)
{
    return store_has(c->store, "SELECT 1 FROM seeded WHERE image=? AND host=?", "ss", image, host);
}

static void tell_all(struct cluster_core *c, const char *host, struct arena *arena,
                     const struct event *ev)
{
    struct query q;
    struct err err;
    int64_t old_ms = ev->at.wall_ms - CLUSTER_GRANT_LIFE_MS / 2;
    STORE_EACH (c->store, q, UNTOLD, "si", host, old_ms) {
        struct seed s = {.image = arena_strdup(arena, query_text(&q, 0)),
                         .generation = query_i64(&q, 1)};
        const char *json = arena_strdup(arena, query_text(&q, 2));
        if ((is_told(c, s.image, host) || may_begin(c, s.image, ev)) &&
            wire_decode(&wire_seed_type, json, strlen(json), arena, &s.body, &err) == ERR_OK)
            tell(c, host, &s, arena, ev);
    }
}

static void take_back(struct cluster_core *c, const char *host, struct arena *arena)
{
    struct query q;
    STORE_EACH (c->store, q,
                "SELECT id FROM wish WHERE node=? AND kind='seed' AND gone='' AND id NOT IN"
                " (SELECT id FROM got WHERE kind='seed' AND gone='') ORDER BY id",
                "s", host) {
        const char *image = arena_strdup(arena, query_text(&q, 0));
        sync_parent_drop(&c->down, host, "seed", image);
        store_run(c->store, "DELETE FROM seeded WHERE image=? AND host=?", "ss", image, host);
    }
}

void cluster_seed_forward(struct cluster_core *c, const char *host, const struct event *ev)
{
    struct arena arena = {0};
    if (sync_parent_in_recovery(&c->down))
        return;
    tell_all(c, host, &arena, ev);
    take_back(c, host, &arena);
    arena_fini(&arena);
}

void cluster_seed_forward_all(struct cluster_core *c, const struct event *ev)
{
    struct arena arena = {0};
    struct query q;
    STORE_EACH (c->store, q, "SELECT node FROM child WHERE removed=0 ORDER BY node", "")
        cluster_seed_forward(c, arena_strdup(&arena, query_text(&q, 0)), ev);
    arena_fini(&arena);
}

void cluster_seed_take(struct cluster_core *c, const struct wire_item *wish, const struct event *ev)
{
    if (*wish->gone != '\0')
        sync_child_gone(&c->up, "seed", wish->id, wish->generation, wish->pepoch, ev);
    cluster_seed_forward_all(c, ev);
    if (*wish->gone == '\0')
        say(c, wish->id); /* also where there is no host yet */
}

/* ---- up ------------------------------------------------------------------------------------ */

void cluster_seed_hear(struct cluster_core *c, const char *host, const struct wire_item *fact,
                       const struct event *ev)
{
    if (!take_seen(c, host, fact))
        return;
    say(c, fact->id);
    cluster_seed_forward_all(c, ev); /* others may have waited for it */
}
