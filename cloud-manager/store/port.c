/* port.c - tables port and port_group (network.h). */
#include "cloud-manager/store/network.h"

static void load(const struct query *q, struct arena *arena, struct cloud_port *row)
{
    int column = 1;
    ROW_LOAD(CLOUD_PORT_ROW)
}

bool cloud_address_is_taken(struct store *st, const char *vpc, int64_t address)
{
    return store_has(st, "SELECT 1 FROM port WHERE vpc=? AND address=?", "si", vpc, address);
}

bool cloud_mac_is_taken(struct store *st, const char *mac)
{
    return store_has(st, "SELECT 1 FROM port WHERE mac=?", "s", mac);
}

static void add_groups(struct store *st, const struct cloud_port *row, const char *node,
                       const char *const *groups, size_t groups_len)
{
    for (size_t i = 0; i < groups_len; i++)
        store_run(st, "INSERT INTO port_group VALUES(?,?,?,?,?)", "sissi", row->id, (int64_t)i,
                  groups[i], node, row->address);
}

void cloud_port_insert(struct store *st, const struct cloud_port *row, const char *node,
                       const char *const *groups, size_t groups_len)
{
    store_run(st, ROW_INSERT_BY("port", id, CLOUD_PORT_REST),
              ROW_FORMAT(CLOUD_PORT_ROW) ROW_ARGS(CLOUD_PORT_ROW));
    add_groups(st, row, node, groups, groups_len);
}

void cloud_port_set_groups(struct store *st, const struct cloud_port *row, const char *node,
                           const char *const *groups, size_t groups_len)
{
    store_run(st, "DELETE FROM port_group WHERE port=?", "s", row->id);
    add_groups(st, row, node, groups, groups_len);
}

void cloud_port_delete(struct store *st, const char *id)
{
    store_run(st, "DELETE FROM port_group WHERE port=?", "s", id);
    store_run(st, "DELETE FROM port WHERE id=?", "s", id);
}

struct cloud_port *cloud_port_list(struct store *st, struct arena *arena, const char *account,
                                   size_t *len)
{
    struct cloud_port *rows = NULL;
    struct query q;
    *len = 0;
    STORE_EACH (st, q,
                ROW_SELECT(CLOUD_PORT_ROW) " FROM vpc v CROSS JOIN port t ON t.vpc=v.id"
                                           " WHERE v.account=? ORDER BY t.id",
                "s", account) {
        rows = row_grow(arena, rows, *len, sizeof *rows);
        load(&q, arena, &rows[(*len)++]);
    }
    return rows;
}

static bool take_one(struct query *q, struct arena *arena, struct cloud_port *out)
{
    if (!query_next(q))
        return false;
    load(q, arena, out);
    query_close(q);
    return true;
}

bool cloud_port_get(struct store *st, struct arena *arena, const char *id, struct cloud_port *out)
{
    struct query q;
    query_open(&q, st, ROW_SELECT(CLOUD_PORT_ROW) " FROM port t WHERE id=?", "s", id);
    return take_one(&q, arena, out);
}

bool cloud_port_of_instance(struct store *st, struct arena *arena, const char *instance,
                            struct cloud_port *out)
{
    struct query q;
    query_open(&q, st, ROW_SELECT(CLOUD_PORT_ROW) " FROM port t WHERE instance=?", "s", instance);
    return take_one(&q, arena, out);
}

bool cloud_port_by_address(struct store *st, struct arena *arena, const char *vpc, int64_t address,
                           const char *mac, struct cloud_port *out)
{
    struct query q;
    query_open(&q, st,
               ROW_SELECT(CLOUD_PORT_ROW) " FROM port t WHERE (vpc=?1 AND address=?2) OR mac=?3"
                                          " ORDER BY id",
               "sis", vpc, address, mac);
    return take_one(&q, arena, out);
}

struct cloud_port_group *cloud_port_groups(struct store *st, struct arena *arena, const char *port,
                                           size_t *len)
{
    struct cloud_port_group *rows = NULL;
    struct query q;
    *len = 0;
    STORE_EACH (st, q,
                "SELECT g.id,g.name FROM port_group p JOIN security_group g ON g.id=p.grp"
                " WHERE p.port=? ORDER BY p.place",
                "s", port) {
        rows = row_grow(arena, rows, *len, sizeof *rows);
        rows[(*len)++] = (struct cloud_port_group){arena_strdup(arena, query_text(&q, 0)),
                                                   arena_strdup(arena, query_text(&q, 1))};
    }
    return rows;
}
