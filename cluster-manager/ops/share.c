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

void cluster_share_forward(struct cluster_core *c, const char *host)
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

void cluster_share_forward_all(struct cluster_core *c)
{
    struct arena arena = {0};
    struct query q;
    STORE_EACH (c->store, q, "SELECT node FROM child WHERE removed=0 ORDER BY node", "")
        cluster_share_forward(c, arena_strdup(&arena, query_text(&q, 0)));
    arena_fini(&arena);
}

/* Those after its own name come first, so that not all ask the same one. */
#define HOLDERS                                                                                \
    "SELECT b.node, s.body FROM heard b JOIN heard s ON s.node=b.node AND s.kind='share'"      \
    " AND s.id='self' AND s.number>0 JOIN child h ON h.node=b.node AND h.removed=0"            \
    " WHERE b.kind='base' AND b.id=?1 AND b.number>0 AND b.node<>?2"                           \
    " AND NOT EXISTS (SELECT 1 FROM heard o WHERE o.node=?2 AND o.kind='base' AND o.id=?1 AND" \
    " o.number>0) ORDER BY b.node<?2, b.node"

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

struct wire_source *cluster_share_sources(struct cluster_core *c, const char *host,
                                          const char *manifest, size_t *len, struct arena *arena,
                                          const struct event *ev)
{
    struct wire_source *out = arena_alloc(arena, SOURCES_MAX * sizeof *out);
    unsigned char key[GRANT_KEY_SIZE];
    struct query q;
    *len = 0;
    if (strlen(manifest) != 64 || !cluster_grant_key(c, key, arena))
        return out;
    STORE_EACH (c->store, q, HOLDERS, "ss", manifest, host) {
        const char *node = arena_strdup(arena, query_text(&q, 0));
        const char *json = arena_strdup(arena, query_text(&q, 1));
        struct wire_share_seen seen;
        struct err err;
        if (*len == SOURCES_MAX ||
            sync_parent_child_state(&c->down, node, ev->at.mono_ms) != SYNC_CHILD_UP ||
            wire_decode(&wire_share_seen_type, json, strlen(json), arena, &seen, &err) != ERR_OK ||
            *seen.url == '\0')
            continue;
        out[(*len)++] = (struct wire_source){node, seen.url,
                                             grant_for(key, node, host, manifest, arena, ev)};
    }
    explicit_bzero(key, sizeof key);
    return out;
}
