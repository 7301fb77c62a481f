/* group.c - tables instance_group, group_ref, group_host, group_changed. */
#include "cluster-manager/store/group.h"

#include "base/str.h"

static bool is_in(const struct wire_port *port, const char *group)
{
    for (size_t i = 0; port != NULL && i < port->groups_len; i++)
        if (str_eq(port->groups[i], group))
            return true;
    return false;
}

/* Only what is new is written: most wishes of an instance change none of its groups. */
void cluster_group_join(struct store *st, const char *instance, const struct wire_port *port)
{
    struct query q;
    STORE_EACH (st, q, "SELECT grp FROM instance_group WHERE instance=? ORDER BY grp", "s",
                instance)
        if (!is_in(port, query_text(&q, 0)))
            store_run(st, "DELETE FROM instance_group WHERE instance=? AND grp=?", "ss", instance,
                      query_text(&q, 0));
    for (size_t i = 0; port != NULL && i < port->groups_len; i++)
        store_run(st,
                  "INSERT INTO instance_group SELECT id, ?2, host FROM instance WHERE id=?1"
                  " ON CONFLICT DO NOTHING",
                  "ss", instance, port->groups[i]);
}

static bool names(const struct wire_group *group, const char *other)
{
    for (size_t i = 0; group != NULL && i < group->rules_len; i++)
        if (str_eq(group->rules[i].group, other))
            return true;
    return false;
}

void cluster_group_refer(struct store *st, const char *id, const struct wire_group *group)
{
    struct query q;
    STORE_EACH (st, q, "SELECT ref FROM group_ref WHERE grp=? ORDER BY ref", "s", id)
        if (!names(group, query_text(&q, 0)))
            store_run(st, "DELETE FROM group_ref WHERE grp=? AND ref=?", "ss", id,
                      query_text(&q, 0));
    for (size_t i = 0; group != NULL && i < group->rules_len; i++)
        if (*group->rules[i].group != '\0')
            store_run(st, "INSERT INTO group_ref VALUES(?, ?) ON CONFLICT DO NOTHING", "ss", id,
                      group->rules[i].group);
}

bool cluster_group_is_needed(struct store *st, const char *id, const char *host)
{
    return store_has(st,
                     "SELECT 1 FROM group_host WHERE grp=?1 AND host=?2 UNION ALL"
                     " SELECT 1 FROM group_ref r JOIN group_host h ON h.grp=r.grp AND h.host=?2"
                     " WHERE r.ref=?1",
                     "ss", id, host);
}

struct cluster_need *cluster_group_take_changed(struct store *st, struct arena *arena, size_t *len)
{
    struct query q;
    int64_t count = store_i64(st, 0, "SELECT count(*) FROM group_changed", "");
    struct cluster_need *list = arena_alloc(arena, (size_t)(count + 1) * sizeof *list);
    *len = 0;
    if (count == 0)
        return list;
    STORE_EACH (st, q, "SELECT grp, host FROM group_changed ORDER BY grp, host", "")
        list[(*len)++] = (struct cluster_need){arena_strdup(arena, query_text(&q, 0)),
                                               arena_strdup(arena, query_text(&q, 1))};
    store_run(st, "DELETE FROM group_changed", "");
    return list;
}
