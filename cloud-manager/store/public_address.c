/* public_address.c - table public_address. */
#include "cloud-manager/store/public_address.h"

static void load(const struct query *q, struct arena *arena, struct cloud_public *row)
{
    int column = 1;
    ROW_LOAD(CLOUD_PUBLIC_ROW)
}

static bool take_one(struct query *q, struct arena *arena, struct cloud_public *out)
{
    if (!query_next(q))
        return false;
    load(q, arena, out);
    query_close(q);
    return true;
}

static struct cloud_publics take_all(struct query *q, struct arena *arena)
{
    struct cloud_publics rows = {0};
    while (query_next(q)) {
        rows.list = row_grow(arena, rows.list, rows.len, sizeof *rows.list);
        load(q, arena, &rows.list[rows.len++]);
    }
    return rows;
}

void cloud_public_insert(struct store *st, const struct cloud_public *row)
{
    store_run(st, ROW_INSERT("public_address", CLOUD_PUBLIC_ROW),
              ROW_FORMAT(CLOUD_PUBLIC_ROW) ROW_ARGS(CLOUD_PUBLIC_ROW));
}

void cloud_public_save(struct store *st, const struct cloud_public *row)
{
    store_run(st,
              "UPDATE public_address SET account=?,allocation=?,association=?,want=?,held=?,"
              "held_generation=?,is_dirty=1 WHERE address=?",
              "sssssii", row->account, row->allocation, row->association, row->want, row->held,
              row->held_generation, row->address);
}

void cloud_public_settled(struct store *st, int64_t address)
{
    store_run(st, "UPDATE public_address SET is_dirty=0 WHERE address=?", "i", address);
}

void cloud_public_delete(struct store *st, int64_t address)
{
    store_run(st, "DELETE FROM public_address WHERE address=?", "i", address);
}

bool cloud_public_get(struct store *st, struct arena *arena, int64_t address,
                      struct cloud_public *out)
{
    struct query q;
    query_open(&q, st, ROW_SELECT(CLOUD_PUBLIC_ROW) " FROM public_address t WHERE address=?", "i",
               address);
    return take_one(&q, arena, out);
}

bool cloud_public_by_allocation(struct store *st, struct arena *arena, const char *allocation,
                                struct cloud_public *out)
{
    struct query q;
    query_open(&q, st,
               ROW_SELECT(CLOUD_PUBLIC_ROW) " FROM public_address t"
                                            " WHERE allocation=? AND allocation<>''",
               "s", allocation);
    return take_one(&q, arena, out);
}

bool cloud_public_by_association(struct store *st, struct arena *arena, const char *association,
                                 struct cloud_public *out)
{
    struct query q;
    query_open(&q, st,
               ROW_SELECT(CLOUD_PUBLIC_ROW) " FROM public_address t"
                                            " WHERE association=? AND association<>''",
               "s", association);
    return take_one(&q, arena, out);
}

bool cloud_public_of_instance(struct store *st, struct arena *arena, const char *instance,
                              struct cloud_public *out)
{
    struct query q;
    query_open(&q, st,
               ROW_SELECT(CLOUD_PUBLIC_ROW) " FROM public_address t WHERE want=? AND want<>''", "s",
               instance);
    return take_one(&q, arena, out);
}

bool cloud_public_held_by(struct store *st, struct arena *arena, const char *instance,
                          struct cloud_public *out)
{
    struct query q;
    query_open(&q, st,
               ROW_SELECT(CLOUD_PUBLIC_ROW) " FROM public_address t WHERE held=? AND held<>''"
                                            " ORDER BY held_generation DESC, address LIMIT 1",
               "s", instance);
    return take_one(&q, arena, out);
}

struct cloud_publics cloud_public_list(struct store *st, struct arena *arena, const char *account)
{
    struct query q;
    query_open(&q, st,
               ROW_SELECT(CLOUD_PUBLIC_ROW) " FROM public_address t"
                                            " WHERE account=? AND allocation<>'' ORDER BY address",
               "s", account);
    return take_all(&q, arena);
}

struct cloud_publics cloud_public_list_dirty(struct store *st, struct arena *arena)
{
    struct query q;
    query_open(&q, st,
               ROW_SELECT(CLOUD_PUBLIC_ROW) " FROM public_address t WHERE is_dirty=1"
                                            " ORDER BY address",
               "");
    return take_all(&q, arena);
}

int64_t cloud_public_count(struct store *st, const char *account)
{
    return store_i64(st, 0,
                     "SELECT count(*) FROM public_address WHERE account=? AND allocation<>''", "s",
                     account);
}

void cloud_public_given_up(struct store *st, const char *instance, int64_t generation,
                           int64_t in_place)
{
    store_run(st,
              "UPDATE public_address SET held='',is_dirty=1 WHERE held=?1 AND want<>?1"
              " AND held_generation<=?2 AND address<>?3",
              "sii", instance, generation, in_place);
}

void cloud_public_ended(struct store *st, const char *instance)
{
    store_run(st, "UPDATE public_address SET held='',is_dirty=1 WHERE held=?", "s", instance);
    store_run(st, "UPDATE public_address SET want='',association='',is_dirty=1 WHERE want=?", "s",
              instance);
}
