/* rule.c - table rule (group.h). */
#include "cloud-manager/store/group.h"

static void load(const struct query *q, struct arena *arena, struct cloud_rule *row)
{
    int column = 1;
    ROW_LOAD(CLOUD_RULE_ROW)
}

static bool take_one(struct query *q, struct arena *arena, struct cloud_rule *out)
{
    if (!query_next(q))
        return false;
    load(q, arena, out);
    query_close(q);
    return true;
}

bool cloud_rule_insert(struct store *st, const struct cloud_rule *row)
{
    return store_try(st, ROW_INSERT("rule", CLOUD_RULE_ROW),
                     ROW_FORMAT(CLOUD_RULE_ROW) ROW_ARGS(CLOUD_RULE_ROW));
}

void cloud_rule_delete(struct store *st, const char *id)
{
    store_run(st, "DELETE FROM rule WHERE id=?", "s", id);
}

void cloud_rule_describe(struct store *st, const char *id, const char *description)
{
    store_run(st, "UPDATE rule SET description=? WHERE id=?", "ss", description, id);
}

int64_t cloud_rule_count(struct store *st, const char *group, bool egress)
{
    return store_i64(st, 0, "SELECT count(*) FROM rule WHERE grp=? AND egress=?", "si", group,
                     (int64_t)egress);
}

static struct cloud_rule *take_all(struct query *q, struct arena *arena, size_t *len)
{
    struct cloud_rule *rows = NULL;
    for (*len = 0; query_next(q);) {
        rows = row_grow(arena, rows, *len, sizeof *rows);
        load(q, arena, &rows[(*len)++]);
    }
    return rows;
}

struct cloud_rule *cloud_rule_list(struct store *st, struct arena *arena, const char *group,
                                   size_t *len)
{
    struct query q;
    query_open(&q, st,
               ROW_SELECT(CLOUD_RULE_ROW) " FROM rule t WHERE grp=? ORDER BY"
                                          " egress,protocol,from_port,to_port,cidr,peer",
               "s", group);
    return take_all(&q, arena, len);
}

struct cloud_rule *cloud_rule_list_account(struct store *st, struct arena *arena,
                                           const char *account, size_t *len)
{
    struct query q;
    query_open(&q, st, ROW_SELECT(CLOUD_RULE_ROW) " FROM rule t WHERE account=? ORDER BY id", "s",
               account);
    return take_all(&q, arena, len);
}

bool cloud_rule_of(struct store *st, struct arena *arena, const char *account, const char *id,
                   struct cloud_rule *out)
{
    struct query q;
    query_open(&q, st, ROW_SELECT(CLOUD_RULE_ROW) " FROM rule t WHERE account=? AND id=?", "ss",
               account, id);
    return take_one(&q, arena, out);
}

bool cloud_rule_get(struct store *st, struct arena *arena, const char *group, const char *id,
                    struct cloud_rule *out)
{
    struct query q;
    query_open(&q, st, ROW_SELECT(CLOUD_RULE_ROW) " FROM rule t WHERE grp=? AND id=?", "ss", group,
               id);
    return take_one(&q, arena, out);
}

bool cloud_rule_find(struct store *st, struct arena *arena, const struct cloud_rule *like,
                     struct cloud_rule *out)
{
    struct query q;
    query_open(&q, st,
               ROW_SELECT(CLOUD_RULE_ROW) " FROM rule t WHERE grp=? AND egress=? AND protocol=?"
                                          " AND from_port=? AND to_port=? AND cidr=? AND peer=?",
               "siiiiss", like->grp, like->egress, like->protocol, like->from_port, like->to_port,
               like->cidr, like->peer);
    return take_one(&q, arena, out);
}
