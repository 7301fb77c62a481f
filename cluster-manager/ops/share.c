/* share.c - see share.h.
 *
 * Grants that are shown to a host are made with a key of its own: one that is taken over can give
 * away what it has, and make no grants for dos or another host. */
#include "cluster-manager/ops/share.h"

#include "base/check.h"
#include "base/str.h"
#include "cluster-manager/ops/grant.h"
#include "proto/auth/digest.h"

#include <string.h>

enum { SOURCES_MAX = 3, SHARE_GENERATION = 1, SHARE_PEPOCH = 0 };

static void key_of(unsigned char out[GRANT_KEY_SIZE], const unsigned char key[GRANT_KEY_SIZE],
                   const char *host, struct arena *arena)
{
    const char *text = arena_printf(arena, "neighbour|%s", host);
    digest_hmac_sha256(out, key, GRANT_KEY_SIZE, text, strlen(text));
}

static void forward(struct cluster_core *c, const char *host)
{
    struct arena arena = {0};
    unsigned char key[GRANT_KEY_SIZE], own[GRANT_KEY_SIZE];
    char hex[2 * GRANT_KEY_SIZE + 1];
    CLEANUP(buf_fini) struct buf body = {0};
    bool can = !sync_parent_in_recovery(&c->down) && cluster_grant_key(c, key, &arena);
    if (can) {
        key_of(own, key, host, &arena);
        str_hex(hex, own, sizeof own);
        wire_encode(&body, &wire_share_type, &(struct wire_share){.key = hex});
    }
    if (can && !store_has(c->store,
                          "SELECT 1 FROM wish WHERE node=? AND kind='share' AND id='self' AND"
                          " gone='' AND body=?",
                          "ss", host, buf_str(&body)))
        sync_parent_want(&c->down, host, "share", "self", SHARE_GENERATION, SHARE_PEPOCH,
                         buf_str(&body));
    explicit_bzero(key, sizeof key);
    explicit_bzero(own, sizeof own);
    arena_fini(&arena);
}

void cluster_share_forward_new(struct cluster_core *c, const char *host)
{
    if (!store_has(c->store,
                   "SELECT 1 FROM wish WHERE node=? AND kind='share' AND id='self' AND pepoch=0"
                   " AND gone=''",
                   "s", host))
        forward(c, host);
}

/* Also to one that was removed: it may be let in again. */
void cluster_share_forward_all(struct cluster_core *c)
{
    struct arena arena = {0};
    struct query q;
    STORE_EACH (c->store, q, "SELECT node FROM child ORDER BY node", "")
        forward(c, arena_strdup(&arena, query_text(&q, 0)));
    arena_fini(&arena);
}

/* By name between two: those after its own come first, so that not all ask the same one. */
#define HOLDERS                                                                           \
    "SELECT b.node, s.body FROM heard b JOIN heard s ON s.node=b.node AND s.kind='share'" \
    " AND s.id='self' AND s.number>0 JOIN child h ON h.node=b.node AND h.removed=0"       \
    " WHERE b.kind='base' AND b.id=?1 AND b.number>0 AND b.node>?2 AND b.node<?3 ORDER BY b.node"

/* The one that was told last comes first: each serves the next one, and nobody follows himself. */
#define COMERS                                                                               \
    "SELECT o.host, s.body FROM coming o JOIN heard s ON s.node=o.host AND s.kind='share'"   \
    " AND s.id='self' AND s.number>0 JOIN child h ON h.node=o.host AND h.removed=0"          \
    " WHERE o.manifest=?1 AND o.host<>?2 AND o.since_wall_ms>?3 AND o.number<ifnull((SELECT" \
    " number FROM coming WHERE manifest=?1 AND host=?2), 9223372036854775807)"               \
    " ORDER BY o.number DESC"

static const char *grant_for(const unsigned char key[GRANT_KEY_SIZE], const char *node,
                             const char *host, const char *manifest, struct arena *arena,
                             const struct event *ev)
{
    unsigned char own[GRANT_KEY_SIZE];
    CLEANUP(buf_fini) struct buf grant = {0};
    key_of(own, key, node, arena);
    grant_make(&grant, own, host, manifest, ev->at.wall_ms + CLUSTER_GRANT_LIFE_MS);
    explicit_bzero(own, sizeof own);
    return arena_strdup(arena, buf_str(&grant));
}

/* What is being put together for one host. */
struct offer {
    struct cluster_core *c;
    const char *host, *manifest;
    unsigned char key[GRANT_KEY_SIZE];
    struct wire_source *out;
    size_t len;
    struct arena *arena;
    const struct event *ev;
};

static bool is_offered(const struct offer *o, const char *node)
{
    for (size_t i = 0; i < o->len; i++)
        if (str_eq(o->out[i].node, node))
            return true;
    return false;
}

static void add(struct offer *o, const char *node, const char *json)
{
    struct wire_share_seen seen;
    struct err err;
    if (o->len < SOURCES_MAX && !is_offered(o, node) &&
        sync_parent_child_state(&o->c->down, node, o->ev->at.mono_ms) == SYNC_CHILD_UP &&
        wire_decode(&wire_share_seen_type, json, strlen(json), o->arena, &seen, &err) == ERR_OK &&
        *seen.url != '\0')
        o->out[o->len++] = (struct wire_source){
            node, seen.url, grant_for(o->key, node, o->host, o->manifest, o->arena, o->ev)};
}

static void add_holders(struct offer *o, const char *after, const char *before)
{
    struct query q;
    STORE_EACH (o->c->store, q, HOLDERS, "sss", o->manifest, after, before) {
        add(o, arena_strdup(o->arena, query_text(&q, 0)),
            arena_strdup(o->arena, query_text(&q, 1)));
        if (o->len < SOURCES_MAX)
            continue;
        query_close(&q);
        break;
    }
}

/* Nobody fetches for so long; who was told before is not on the way any more. */
static const int64_t COMING_MS = 10 * 60 * 1000;

static void add_comers(struct offer *o)
{
    struct query q;
    STORE_EACH (o->c->store, q, COMERS, "ssi", o->manifest, o->host,
                o->ev->at.wall_ms - COMING_MS) {
        if (o->len == SOURCES_MAX) {
            query_close(&q);
            break;
        }
        add(o, arena_strdup(o->arena, query_text(&q, 0)),
            arena_strdup(o->arena, query_text(&q, 1)));
    }
}

/* Keeps its place where it has one; what is older than anybody's fetch goes, one at a time. */
static void note_coming(const struct offer *o)
{
    int64_t wall_ms = o->ev->at.wall_ms;
    store_run(o->c->store,
              "DELETE FROM coming WHERE since_wall_ms<=?1 AND (number=(SELECT min(number) FROM"
              " coming) OR (manifest=?2 AND host=?3))",
              "iss", wall_ms - COMING_MS, o->manifest, o->host);
    store_run(o->c->store,
              "INSERT INTO coming(manifest, host, since_wall_ms) VALUES(?, ?, ?)"
              " ON CONFLICT DO NOTHING",
              "ssi", o->manifest, o->host, wall_ms);
}

static bool has_it(struct cluster_core *c, const char *host, const char *manifest)
{
    return store_has(c->store,
                     "SELECT 1 FROM heard WHERE node=? AND kind='base' AND id=? AND number>0", "ss",
                     host, manifest);
}

struct wire_source *cluster_share_sources(struct cluster_core *c, const char *host,
                                          const char *manifest, size_t *len, struct arena *arena,
                                          const struct event *ev)
{
    struct offer o = {.c = c,
                      .host = host,
                      .manifest = manifest,
                      .out = arena_alloc(arena, SOURCES_MAX * sizeof *o.out),
                      .arena = arena,
                      .ev = ev};
    *len = 0;
    if (strlen(manifest) != 64 || has_it(c, host, manifest) || !cluster_grant_key(c, o.key, arena))
        return o.out;
    add_holders(&o, host, "\x7f"); /* beyond every name */
    if (o.len < SOURCES_MAX)
        add_holders(&o, "", host);
    add_comers(&o);
    note_coming(&o);
    explicit_bzero(o.key, sizeof o.key);
    *len = o.len;
    return o.out;
}

void cluster_share_hear(struct cluster_core *c, const char *host, const struct wire_item *fact)
{
    if (*fact->gone == '\0')
        store_run(c->store, "DELETE FROM coming WHERE manifest=? AND host=?", "ss", fact->id, host);
}
