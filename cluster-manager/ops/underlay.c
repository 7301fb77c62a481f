/* underlay.c - tells hosts who of a network lives on which other host: one wish of kind "peer" for
 * each port and each host that has a guest of its network (model/underlay.h).
 *
 * Triggers note what changed in the transaction that changes it, wherever that is; here, at the end
 * of the step, only that is looked at. A port that moves or ends costs one wish for each host of
 * its network, a host that joins or leaves a network one for each port of it, and nothing else
 * costs. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "cluster-manager/cluster.h"
#include "cluster-manager/model/underlay.h"
#include "cluster-manager/store/port.h"

#include <string.h>

/* Nothing is made from a peer that would have to be ended in order; its revision orders it. */
enum { PEER_GENERATION = 1, PEER_PEPOCH = 0 };

/* A port with what is known of its host. */
struct located {
    struct cluster_port port;
    struct underlay_port at;
    const char *body; /* of the wish; NULL = nobody is told */
};

static const char *encode(const struct located *l, struct arena *arena)
{
    CLEANUP(buf_fini) struct buf body = {0};
    wire_encode(&body, &wire_peer_type,
                &(struct wire_peer){.vni = l->port.vni,
                                    .mac = l->port.mac,
                                    .address = l->port.address,
                                    .tunnel = l->at.tunnel});
    return arena_strdup(arena, buf_str(&body));
}

/* Also of one that is no more: then nobody is told of it. */
static struct located locate(struct cluster_core *c, const char *id, struct arena *arena)
{
    struct located l = {.port = {.id = id, .host = ""}};
    cluster_port_load(c->store, id, arena, &l.port);
    l.at.host = l.port.host;
    l.at.tunnel = cluster_tunnel_of(c->store, l.port.host, arena);
    l.body = *l.at.host != '\0' && l.at.tunnel != NULL ? encode(&l, arena) : NULL;
    return l;
}

static void tell(struct cluster_core *c, const char *host, const struct located *l)
{
    if (!sync_parent_wishes(&c->down, host, "peer", l->port.id, l->body))
        sync_parent_want(&c->down, host, "peer", l->port.id, PEER_GENERATION, PEER_PEPOCH, l->body);
}

/* Told or withdrawn; what is as it should be already writes nothing. */
static void settle_one(struct cluster_core *c, const struct located *l,
                       const struct underlay_host *host)
{
    if (underlay_tells(&l->at, host))
        tell(c, host->name, l);
    else
        sync_parent_drop(&c->down, host->name, "peer", l->port.id);
}

static struct underlay_host host_of(struct cluster_core *c, const char *name, int64_t vni,
                                    struct arena *arena)
{
    return (struct underlay_host){.name = name,
                                  .tunnel = cluster_tunnel_of(c->store, name, arena),
                                  .has_guest = cluster_reach_has(c->store, vni, name)};
}

/* A port came, moved or went: those that know of it, and those that should. */
static void settle_port(struct cluster_core *c, const char *id, struct arena *arena)
{
    struct located l = locate(c, id, arena);
    const char **told = sync_parent_told(&c->down, "peer", id, arena);
    const char **need = cluster_reach_hosts(c->store, l.port.vni, l.port.host, arena);
    for (; *told != NULL; told++) {
        struct underlay_host host = host_of(c, *told, l.port.vni, arena);
        settle_one(c, &l, &host);
    }
    for (; *need != NULL; need++) {
        struct underlay_host host = host_of(c, *need, l.port.vni, arena);
        settle_one(c, &l, &host);
    }
}

/* A host has its first guest of a network, or its last one is gone: all ports of that network. */
static void settle_reach(struct cluster_core *c, const struct cluster_reach *reach,
                         struct arena *arena)
{
    struct underlay_host host = host_of(c, reach->host, reach->vni, arena);
    for (const char **id = cluster_port_ids(c->store, reach->vni, arena); *id != NULL; id++) {
        struct located l = locate(c, *id, arena);
        settle_one(c, &l, &host);
    }
}

void cluster_underlay_settle(struct cluster_core *c)
{
    struct arena arena = {0};
    size_t len;
    if (sync_parent_in_recovery(&c->down))
        return; /* what is marked stays marked */
    const struct cluster_reach *reach = cluster_reach_take_changed(c->store, &arena, &len);
    for (size_t i = 0; i < len; i++)
        settle_reach(c, &reach[i], &arena);
    for (const char **id = cluster_port_take_changed(c->store, &arena); *id != NULL; id++)
        settle_port(c, *id, &arena);
    arena_fini(&arena);
}

/* ---- where tunnels end --------------------------------------------------------------------- */

static void take(struct cluster_core *c, const char *host, const char *body)
{
    struct arena arena = {0};
    struct wire_tunnel tunnel;
    struct err err;
    if (wire_decode(&wire_tunnel_type, body, strlen(body), &arena, &tunnel, &err) != ERR_OK)
        log_warn("fact.malformed", "host", host, "id", "tunnel", "why", err.text, NULL);
    else if (!cluster_tunnel_save(c->store, host, tunnel.address))
        log_error("host.tunnel_taken", "host", host, "address", tunnel.address, NULL);
    arena_fini(&arena);
}

/* An address that one gives up may be what another one waits for. */
void cluster_underlay_hear(struct cluster_core *c, const char *host, const struct wire_item *fact)
{
    struct arena arena = {0};
    struct query q;
    bool gives_up = cluster_tunnel_has(c->store, host);
    take(c, host, fact->body);
    if (!gives_up)
        return;
    STORE_EACH (c->store, q,
                "SELECT node, body FROM heard WHERE kind='tunnel' AND node<>? AND node NOT IN"
                " (SELECT host FROM tunnel) ORDER BY node",
                "s", host)
        take(c, arena_strdup(&arena, query_text(&q, 0)), arena_strdup(&arena, query_text(&q, 1)));
    arena_fini(&arena);
}
