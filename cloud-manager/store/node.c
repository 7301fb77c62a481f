/* node.c - tables node and wished. */
#include "cloud-manager/store/node.h"

#include "cloud-manager/model/address.h"

static void load(const struct query *q, struct arena *arena, struct cloud_node *row)
{
    int column = 1;
    ROW_LOAD(CLOUD_NODE_ROW)
}

void cloud_node_save(struct store *st, const struct cloud_node *row)
{
    const char *letter = *row->letter != '\0' ? row->letter : NULL; /* many dos have none */
    store_run(st,
              "INSERT INTO node VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT(name) DO UPDATE SET"
              " kind=?2,letter=?3,link_key=?4,joins=?5,dos_url=?6",
              "ssssis", row->name, row->kind, letter, row->link_key, row->joins, row->dos_url);
}

bool cloud_node_get(struct store *st, struct arena *arena, const char *name, struct cloud_node *out)
{
    struct query q;
    query_open(&q, st, ROW_SELECT(CLOUD_NODE_ROW) " FROM node t WHERE name=?", "s", name);
    if (!query_next(&q))
        return false;
    load(&q, arena, out);
    query_close(&q);
    return true;
}

bool cloud_node_by_letter(struct store *st, struct arena *arena, const char *letter,
                          struct cloud_node *out)
{
    struct query q;
    query_open(&q, st, ROW_SELECT(CLOUD_NODE_ROW) " FROM node t WHERE letter=?", "s", letter);
    if (!query_next(&q))
        return false;
    load(&q, arena, out);
    query_close(&q);
    return true;
}

struct cloud_node *cloud_node_list(struct store *st, struct arena *arena, const char *kind,
                                   size_t *len)
{
    struct cloud_node *rows = NULL;
    struct query q;
    *len = 0;
    STORE_EACH (st, q, ROW_SELECT(CLOUD_NODE_ROW) " FROM node t WHERE kind=? ORDER BY letter,name",
                "s", kind) {
        rows = row_grow(arena, rows, *len, sizeof *rows);
        load(&q, arena, &rows[(*len)++]);
    }
    return rows;
}

char cloud_node_free_letter(struct store *st)
{
    for (int i = 0; i < CLOUD_ZONES_MAX; i++) {
        char letter[2] = {(char)('a' + i), '\0'};
        if (!store_has(st, "SELECT 1 FROM node WHERE letter=?", "s", letter))
            return letter[0];
    }
    return 0;
}

void cloud_node_set_dos_url(struct store *st, const char *name, const char *url)
{
    store_run(st, "UPDATE node SET dos_url=?2 WHERE name=?1 AND dos_url<>?2", "ss", name, url);
}

const char *cloud_node_dos_url(struct store *st, struct arena *arena)
{
    struct query q;
    query_open(&q, st,
               "SELECT dos_url FROM node WHERE kind='dos' AND dos_url<>'' ORDER BY name LIMIT 1",
               "");
    if (!query_next(&q))
        return "";
    const char *url = arena_strdup(arena, query_text(&q, 0));
    query_close(&q);
    return url;
}

int64_t cloud_wished_get(struct store *st, const char *node, const char *kind, const char *id)
{
    return store_i64(st, -1, "SELECT generation FROM wished WHERE node=? AND kind=? AND id=?",
                     "sss", node, kind, id);
}

void cloud_wished_set(struct store *st, const char *node, const char *kind, const char *id,
                      int64_t generation)
{
    store_run(st, "INSERT INTO wished VALUES(?1,?2,?3,?4) ON CONFLICT DO UPDATE SET generation=?4",
              "sssi", node, kind, id, generation);
}

void cloud_wished_drop(struct store *st, const char *node, const char *kind, const char *id)
{
    store_run(st, "DELETE FROM wished WHERE node=? AND kind=? AND id=?", "sss", node, kind, id);
}

const char **cloud_wished_nodes(struct store *st, struct arena *arena, const char *kind,
                                const char *id, size_t *len)
{
    const char **nodes = NULL;
    struct query q;
    *len = 0;
    STORE_EACH (st, q, "SELECT node FROM wished WHERE kind=? AND id=? ORDER BY node", "ss", kind,
                id) {
        nodes = row_grow(arena, nodes, *len, sizeof *nodes);
        nodes[(*len)++] = arena_strdup(arena, query_text(&q, 0));
    }
    return nodes;
}
