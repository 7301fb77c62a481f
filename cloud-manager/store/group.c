/* group.c - table security_group. */
#include "cloud-manager/store/group.h"

static void load(const struct query *q, struct arena *arena, struct cloud_group *row)
{
    int column = 1;
    ROW_LOAD(CLOUD_GROUP_ROW)
}

static bool take_one(struct query *q, struct arena *arena, struct cloud_group *out)
{
    if (!query_next(q))
        return false;
    load(q, arena, out);
    query_close(q);
    return true;
}

static struct cloud_group *take_all(struct query *q, struct arena *arena, size_t *len)
{
    struct cloud_group *rows = NULL;
    for (*len = 0; query_next(q);) {
        rows = row_grow(arena, rows, *len, sizeof *rows);
        load(q, arena, &rows[(*len)++]);
    }
    return rows;
}

void cloud_group_insert(struct store *st, const struct cloud_group *row)
{
    store_run(st, ROW_INSERT("security_group", CLOUD_GROUP_ROW),
              ROW_FORMAT(CLOUD_GROUP_ROW) ROW_ARGS(CLOUD_GROUP_ROW));
}

bool cloud_group_get(struct store *st, struct arena *arena, const char *account, const char *id,
                     struct cloud_group *out)
{
    struct query q;
    query_open(&q, st,
               ROW_SELECT(CLOUD_GROUP_ROW) " FROM security_group t"
                                           " WHERE account=? AND id=? AND is_gone=0",
               "ss", account, id);
    return take_one(&q, arena, out);
}

bool cloud_group_any(struct store *st, struct arena *arena, const char *id, struct cloud_group *out)
{
    struct query q;
    query_open(&q, st, ROW_SELECT(CLOUD_GROUP_ROW) " FROM security_group t WHERE id=?", "s", id);
    return take_one(&q, arena, out);
}

bool cloud_group_by_name(struct store *st, struct arena *arena, const char *vpc, const char *name,
                         struct cloud_group *out)
{
    struct query q;
    query_open(&q, st,
               ROW_SELECT(CLOUD_GROUP_ROW) " FROM security_group t"
                                           " WHERE vpc=? AND name=? AND is_gone=0",
               "ss", vpc, name);
    return take_one(&q, arena, out);
}

struct cloud_group *cloud_group_list(struct store *st, struct arena *arena, const char *account,
                                     size_t *len)
{
    struct query q;
    query_open(&q, st,
               ROW_SELECT(CLOUD_GROUP_ROW) " FROM security_group t"
                                           " WHERE account=? AND is_gone=0 ORDER BY id",
               "s", account);
    return take_all(&q, arena, len);
}

struct cloud_group *cloud_group_list_dirty(struct store *st, struct arena *arena, size_t *len)
{
    struct query q;
    query_open(&q, st,
               ROW_SELECT(CLOUD_GROUP_ROW) " FROM security_group t WHERE is_dirty=1 ORDER BY id",
               "");
    return take_all(&q, arena, len);
}

void cloud_group_touch(struct store *st, const char *id)
{
    store_run(st,
              "UPDATE security_group SET is_dirty=1,"
              "generation=generation+(is_dirty=0) WHERE id=?",
              "s", id);
}

void cloud_group_mark(struct store *st, const char *id)
{
    store_run(st, "UPDATE security_group SET is_dirty=1 WHERE id=?", "s", id);
}

void cloud_group_touch_all(struct store *st)
{
    store_run(st, "UPDATE security_group SET is_dirty=1,generation=generation+1", "");
}

void cloud_group_raise(struct store *st, const char *id, int64_t generation)
{
    store_run(st, "UPDATE security_group SET generation=max(generation,?) WHERE id=?", "is",
              generation, id);
}

void cloud_group_settled(struct store *st, const char *id)
{
    store_run(st, "UPDATE security_group SET is_dirty=0 WHERE id=?", "s", id);
}

int64_t cloud_group_count(struct store *st, const char *account)
{
    return store_i64(st, 0, "SELECT count(*) FROM security_group WHERE account=? AND is_gone=0",
                     "s", account);
}

bool cloud_group_is_needed(struct store *st, const char *id)
{
    return store_has(st,
                     "SELECT 1 FROM port_group WHERE grp=?1 UNION ALL"
                     " SELECT 1 FROM rule WHERE peer=?1 AND grp<>?1",
                     "s", id);
}

void cloud_group_end(struct store *st, const char *id)
{
    store_run(st, "UPDATE security_group SET is_gone=1,is_dirty=1 WHERE id=?", "s", id);
}

void cloud_group_delete(struct store *st, const char *id)
{
    store_run(st, "DELETE FROM security_group WHERE id=?", "s", id);
}

const char **cloud_group_nodes(struct store *st, struct arena *arena, const char *group,
                               size_t *len)
{
    const char **nodes = NULL;
    struct query q;
    *len = 0;
    STORE_EACH (st, q,
                "SELECT name FROM node WHERE kind='cluster' AND (EXISTS(SELECT 1 FROM port_group"
                " WHERE grp=?1 AND node=name) OR EXISTS(SELECT 1 FROM rule r JOIN port_group g"
                " ON g.grp=r.grp AND g.node=name WHERE r.peer=?1)) ORDER BY name",
                "s", group) {
        nodes = row_grow(arena, nodes, *len, sizeof *nodes);
        nodes[(*len)++] = arena_strdup(arena, query_text(&q, 0));
    }
    return nodes;
}
