/* network.c - tables vpc and subnet. */
#include "cloud-manager/store/network.h"

static void load_vpc(const struct query *q, struct arena *arena, struct cloud_vpc *row)
{
    int column = 1;
    ROW_LOAD(CLOUD_VPC_ROW)
}

static void load_subnet(const struct query *q, struct arena *arena, struct cloud_subnet *row)
{
    int column = 1;
    ROW_LOAD(CLOUD_SUBNET_ROW)
}

static bool take_vpc(struct query *q, struct arena *arena, struct cloud_vpc *out)
{
    if (!query_next(q))
        return false;
    load_vpc(q, arena, out);
    query_close(q);
    return true;
}

static bool take_subnet(struct query *q, struct arena *arena, struct cloud_subnet *out)
{
    if (!query_next(q))
        return false;
    load_subnet(q, arena, out);
    query_close(q);
    return true;
}

int64_t cloud_vpc_next_vni(struct store *st)
{
    return store_i64(st, 0, "SELECT ifnull(max(vni),99)+1 FROM vpc", "");
}

void cloud_vpc_insert(struct store *st, const struct cloud_vpc *row)
{
    store_run(st, ROW_INSERT("vpc", CLOUD_VPC_ROW),
              ROW_FORMAT(CLOUD_VPC_ROW) ROW_ARGS(CLOUD_VPC_ROW));
}

struct cloud_vpc *cloud_vpc_list(struct store *st, struct arena *arena, const char *account,
                                 size_t *len)
{
    struct cloud_vpc *rows = NULL;
    struct query q;
    *len = 0;
    STORE_EACH (st, q, ROW_SELECT(CLOUD_VPC_ROW) " FROM vpc t WHERE account=? ORDER BY id", "s",
                account) {
        rows = row_grow(arena, rows, *len, sizeof *rows);
        load_vpc(&q, arena, &rows[(*len)++]);
    }
    return rows;
}

bool cloud_vpc_get(struct store *st, struct arena *arena, const char *account, const char *id,
                   struct cloud_vpc *out)
{
    struct query q;
    query_open(&q, st, ROW_SELECT(CLOUD_VPC_ROW) " FROM vpc t WHERE account=? AND id=?", "ss",
               account, id);
    return take_vpc(&q, arena, out);
}

const char *cloud_vpc_owner(struct store *st, struct arena *arena, const char *id)
{
    struct query q;
    query_open(&q, st, "SELECT account FROM vpc WHERE id=?", "s", id);
    if (!query_next(&q))
        return NULL;
    const char *account = arena_strdup(arena, query_text(&q, 0));
    query_close(&q);
    return account;
}

bool cloud_vpc_default(struct store *st, struct arena *arena, const char *account,
                       struct cloud_vpc *out)
{
    struct query q;
    query_open(&q, st, ROW_SELECT(CLOUD_VPC_ROW) " FROM vpc t WHERE account=? AND is_default=1",
               "s", account);
    return take_vpc(&q, arena, out);
}

void cloud_subnet_insert(struct store *st, const struct cloud_subnet *row)
{
    store_run(st, ROW_INSERT("subnet", CLOUD_SUBNET_ROW),
              ROW_FORMAT(CLOUD_SUBNET_ROW) ROW_ARGS(CLOUD_SUBNET_ROW));
}

struct cloud_subnet *cloud_subnet_list(struct store *st, struct arena *arena, const char *account,
                                       size_t *len)
{
    struct cloud_subnet *rows = NULL;
    struct query q;
    *len = 0;
    STORE_EACH (st, q,
                ROW_SELECT(CLOUD_SUBNET_ROW) " FROM subnet t WHERE account=? ORDER BY letter,id",
                "s", account) {
        rows = row_grow(arena, rows, *len, sizeof *rows);
        load_subnet(&q, arena, &rows[(*len)++]);
    }
    return rows;
}

bool cloud_subnet_get(struct store *st, struct arena *arena, const char *account, const char *id,
                      struct cloud_subnet *out)
{
    struct query q;
    query_open(&q, st, ROW_SELECT(CLOUD_SUBNET_ROW) " FROM subnet t WHERE account=? AND id=?", "ss",
               account, id);
    return take_subnet(&q, arena, out);
}

bool cloud_subnet_default(struct store *st, struct arena *arena, const char *account,
                          const char *letter, struct cloud_subnet *out)
{
    struct query q;
    query_open(&q, st,
               ROW_SELECT(CLOUD_SUBNET_ROW) " FROM subnet t"
                                            " WHERE account=? AND letter=? AND is_default=1",
               "ss", account, letter);
    return take_subnet(&q, arena, out);
}

void cloud_subnet_set_next(struct store *st, const char *id, int64_t next)
{
    store_run(st, "UPDATE subnet SET next=? WHERE id=?", "is", next, id);
}
