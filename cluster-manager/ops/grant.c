/* grant.c - leave to read an image's chunks, by HMAC with the key that dos shares. */
#include "cluster-manager/ops/grant.h"

#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "cluster-manager/ops/share.h"
#include "proto/auth/grant.h"
#include "proto/auth/seal.h"

#include <string.h>

bool cluster_grant_key(struct cluster_core *c, unsigned char key[GRANT_KEY_SIZE],
                       struct arena *arena)
{
    struct query q;
    const char *sealed = NULL;
    query_open(&q, c->store, "SELECT sealed FROM secret WHERE name='grant'", "");
    if (query_next(&q)) {
        sealed = arena_strdup(arena, query_text(&q, 0));
        query_close(&q);
    }
    if (sealed == NULL)
        return false;
    struct seal_key link;
    memcpy(link.bytes, c->config->link_key, sizeof link.bytes);
    CLEANUP(seal_wipe) struct buf hex = {0};
    struct err err;
    bool opened = seal_unwrap(&link, "secret|grant", sealed, &hex, &err) == ERR_OK &&
                  str_unhex(key, GRANT_KEY_SIZE, buf_str(&hex));
    seal_key_wipe(&link);
    if (!opened)
        log_error("grant.key_unreadable", "try", "join this cluster anew", NULL);
    return opened;
}

const char *cluster_grant(struct cluster_core *c, const char *host, const char *manifest,
                          struct arena *arena, const struct event *ev)
{
    CLEANUP(buf_fini) struct buf grant = {0};
    unsigned char key[GRANT_KEY_SIZE];
    if (strlen(manifest) == 64 && cluster_grant_key(c, key, arena))
        grant_make(&grant, key, host, manifest, ev->at.wall_ms + CLUSTER_GRANT_LIFE_MS);
    explicit_bzero(key, sizeof key);
    return arena_strdup(arena, buf_str(&grant));
}

const char *cluster_grant_body(struct cluster_core *c, const char *id, const char *host,
                               const struct wire_instance *size, struct arena *arena,
                               const struct event *ev)
{
    struct query q;
    const char *json = "";
    query_open(&q, c->store, "SELECT body FROM got WHERE kind='instance' AND id=? AND pepoch=1",
               "s", id);
    if (query_next(&q)) {
        json = arena_strdup(arena, query_text(&q, 0));
        query_close(&q);
    }
    struct wire_instance body;
    struct err err;
    if (wire_decode(&wire_instance_type, json, strlen(json), arena, &body, &err) != ERR_OK)
        IMPOSSIBLE("a wish that was taken does not decode");
    body.grant = cluster_grant(c, host, body.manifest, arena, ev);
    body.sources = cluster_share_sources(c, host, body.manifest, &body.sources_len, arena, ev);
    if (size != NULL) {
        body.memory_mib = size->memory_mib;
        body.vcpus = size->vcpus;
    }
    CLEANUP(buf_fini) struct buf out = {0};
    wire_encode(&out, &wire_instance_type, &body);
    return arena_strdup(arena, out.data);
}
