/* port.c - tables port, reach, tunnel, port_changed, reach_changed. */
#include "cluster-manager/store/port.h"

#include "base/str.h"

#include <string.h>

void cluster_port_save(struct store *st, const char *instance, const struct wire_port *port)
{
    store_run(st,
              "INSERT INTO port(id, instance, vni, mac, address, host) SELECT ?1, id, ?3, ?4, ?5,"
              " iif(ending, '', host) FROM instance WHERE id=?2"
              " ON CONFLICT DO UPDATE SET vni=?3, mac=?4, address=?5",
              "ssiss", port->id, instance, port->vni, port->mac, port->address);
}

bool cluster_port_load(struct store *st, const char *id, struct arena *arena,
                       struct cluster_port *out)
{
    struct query q;
    query_open(&q, st, "SELECT id, vni, mac, address, host FROM port WHERE id=?", "s", id);
    if (!query_next(&q))
        return false;
    *out = (struct cluster_port){.id = arena_strdup(arena, query_text(&q, 0)),
                                 .vni = query_i64(&q, 1),
                                 .mac = arena_strdup(arena, query_text(&q, 2)),
                                 .address = arena_strdup(arena, query_text(&q, 3)),
                                 .host = arena_strdup(arena, query_text(&q, 4))};
    query_close(&q);
    return true;
}

/* A list that ends with NULL, grown one by one. */
struct names {
    const char **list;
    size_t len, cap;
};

static void names_add(struct names *n, struct arena *arena, const char *name)
{
    if (n->len + 1 >= n->cap) {
        n->cap = n->cap > 0 ? 2 * n->cap : 16;
        const char **grown = arena_alloc(arena, n->cap * sizeof *grown);
        if (n->len > 0)
            memcpy(grown, n->list, n->len * sizeof *grown);
        n->list = grown;
    }
    if (name != NULL)
        n->list[n->len++] = arena_strdup(arena, name);
    n->list[n->len] = NULL;
}

const char **cluster_port_take_changed(struct store *st, struct arena *arena)
{
    struct names n = {0};
    struct query q;
    names_add(&n, arena, NULL);
    STORE_EACH (st, q, "SELECT id FROM port_changed ORDER BY id", "")
        names_add(&n, arena, query_text(&q, 0));
    if (n.len > 0)
        store_run(st, "DELETE FROM port_changed", "");
    return n.list;
}

struct cluster_reach *cluster_reach_take_changed(struct store *st, struct arena *arena, size_t *len)
{
    struct query q;
    int64_t count = store_i64(st, 0, "SELECT count(*) FROM reach_changed", "");
    struct cluster_reach *list = arena_alloc(arena, (size_t)(count + 1) * sizeof *list);
    *len = 0;
    if (count == 0)
        return list;
    STORE_EACH (st, q, "SELECT vni, host FROM reach_changed ORDER BY vni, host", "")
        list[(*len)++] = (struct cluster_reach){query_i64(&q, 0),
                                                arena_strdup(arena, query_text(&q, 1))};
    store_run(st, "DELETE FROM reach_changed", "");
    return list;
}

const char *cluster_tunnel_of(struct store *st, const char *host, struct arena *arena)
{
    struct query q;
    const char *address = NULL;
    query_open(&q, st, "SELECT address FROM tunnel WHERE host=?", "s", host);
    if (query_next(&q)) {
        address = arena_strdup(arena, query_text(&q, 0));
        query_close(&q);
    }
    return address;
}

/* An address that changes is one that goes and one that comes: the triggers see both. */
bool cluster_tunnel_has(struct store *st, const char *host)
{
    return store_has(st, "SELECT 1 FROM tunnel WHERE host=?", "s", host);
}

bool cluster_tunnel_save(struct store *st, const char *host, const char *address)
{
    if (store_has(st, "SELECT 1 FROM tunnel WHERE host=? AND address=?", "ss", host, address))
        return true;
    store_run(st, "DELETE FROM tunnel WHERE host=?", "s", host);
    if (*address == '\0')
        return true;
    return store_run(st, "INSERT INTO tunnel VALUES(?, ?) ON CONFLICT DO NOTHING", "ss", host,
                     address) > 0;
}

bool cluster_reach_has(struct store *st, int64_t vni, const char *host)
{
    return store_has(st, "SELECT 1 FROM reach WHERE vni=? AND host=?", "is", vni, host);
}
