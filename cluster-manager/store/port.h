/* port.h - ports, the hosts they live on, and where those hosts' tunnels end. Tables port, reach,
 * tunnel, and the two of what changed. */
#pragma once

#include "base/arena.h"
#include "base/store.h"
#include "proto/wire/messages.h"

struct cluster_port {
    const char *id;
    int64_t vni;
    const char *mac, *address;
    const char *host; /* "" = it lives nowhere */
};

/* Of an instance whose row is there; follows its host from then on. */
void cluster_port_save(struct store *st, const char *instance, const struct wire_port *port);
bool cluster_port_load(struct store *st, const char *id, struct arena *arena,
                       struct cluster_port *out);

/* What changed since it was taken last, in order; it is not there any more. NULL-terminated. */
const char **cluster_port_take_changed(struct store *st, struct arena *arena);
struct cluster_reach {
    int64_t vni;
    const char *host;
};
struct cluster_reach *cluster_reach_take_changed(struct store *st, struct arena *arena,
                                                 size_t *len);

/* Where the tunnels of a host end; NULL = it has said nothing that could be used. */
const char *cluster_tunnel_of(struct store *st, const char *host, struct arena *arena);
bool cluster_tunnel_has(struct store *st, const char *host);
/* "" = nowhere. False: another host has that address; then this one has none. */
bool cluster_tunnel_save(struct store *st, const char *host, const char *address);

/* Has the host a guest of that network? */
bool cluster_reach_has(struct store *st, int64_t vni, const char *host);
