/* underlay.c - tells hosts who of a network lives on which host: a topic for each network, with one
 * item of kind "peer" for each port that lives on a host with an address for tunnels. Hosts follow
 * it while they have a guest of that network and such an address; nobody else does: what a host has
 * not been told of it neither sends to nor takes from.
 *
 * Triggers note what changed in the transaction that changes it, wherever that is; here, at the end
 * of the step, only that is looked at: a port is one row, whoever is told of it. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "cluster-manager/cluster.h"
#include "cluster-manager/store/port.h"

#include <inttypes.h>
#include <string.h>

/* Nothing is made from a peer that would have to be ended in order; its revision orders it. */
enum { PEER_GENERATION = 1 };

static const char *topic_of(int64_t vni, struct arena *arena)
{
    return arena_printf(arena, "net/%" PRId64, vni);
}

static void share(struct cluster_core *c, const struct cluster_port *port, const char *tunnel,
                  struct arena *arena)
{
    CLEANUP(buf_fini) struct buf body = {0};
    wire_encode(
        &body, &wire_peer_type,
        &(struct wire_peer){
            .vni = port->vni, .mac = port->mac, .address = port->address, .tunnel = tunnel});
    sync_parent_share(&c->down, topic_of(port->vni, arena), "peer", port->id, PEER_GENERATION,
                      buf_str(&body));
}

/* A port came, moved or went. */
static void settle_port(struct cluster_core *c, const char *id, struct arena *arena)
{
    struct cluster_port port;
    const char *tunnel = NULL;
    if (cluster_port_load(c->store, id, arena, &port) && *port.host != '\0')
        tunnel = cluster_tunnel_of(c->store, port.host, arena);
    if (tunnel != NULL)
        share(c, &port, tunnel, arena);
    else
        sync_parent_unshare(&c->down, "peer", id);
}

/* A host has its first guest of a network, or its last one is gone; or its tunnels do. */
static void settle_reach(struct cluster_core *c, const struct cluster_reach *reach,
                         struct arena *arena)
{
    const char *topic = topic_of(reach->vni, arena);
    if (cluster_reach_has(c->store, reach->vni, reach->host) &&
        cluster_tunnel_has(c->store, reach->host))
        sync_parent_follow(&c->down, reach->host, topic);
    else
        sync_parent_unfollow(&c->down, reach->host, topic);
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
