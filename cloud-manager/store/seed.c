/* seed.c - see seed.h. */
#include "cloud-manager/store/seed.h"

static void load(const struct query *q, struct arena *arena, struct cloud_seed *row)
{
    int column = 1;
    ROW_LOAD(CLOUD_SEED_ROW)
}

void cloud_seed_want(struct store *st, const char *node, const char *image, bool is_wanted)
{
    store_run(st,
              "INSERT INTO seed(node,image,generation,is_wanted,is_dirty) SELECT ?1,?2,1,1,1 WHERE"
              " ?3 ON CONFLICT DO UPDATE SET is_wanted=1,generation=generation+1,is_dirty=1,"
              "hosts=0,whole=0,detail='' WHERE is_wanted=0",
              "ssi", node, image, (int64_t)is_wanted);
    store_run(st,
              "UPDATE seed SET is_wanted=0,generation=generation+1,is_dirty=1"
              " WHERE node=?1 AND image=?2 AND is_wanted=1 AND NOT ?3",
              "ssi", node, image, (int64_t)is_wanted);
}

/* No change since is told under a generation that the cluster has recorded. */
void cloud_seed_recover(struct store *st, const char *node, const char *image, int64_t generation,
                        bool is_wanted)
{
    if (store_has(st, "SELECT 1 FROM seed WHERE node=? AND image=? AND generation>?", "ssi", node,
                  image, generation))
        return;
    cloud_seed_want(st, node, image, is_wanted);
    store_run(st, "UPDATE seed SET generation=max(generation,?) WHERE node=? AND image=?", "iss",
              generation, node, image);
}

void cloud_seed_end(struct store *st, const char *image)
{
    store_run(st,
              "UPDATE seed SET is_wanted=0,generation=generation+1,is_dirty=1"
              " WHERE image=? AND is_wanted=1",
              "s", image);
}

void cloud_seed_forget(struct store *st, const char *image)
{
    store_run(st, "DELETE FROM seed WHERE image=?", "s", image);
}

void cloud_seed_set_seen(struct store *st, const struct cloud_seed *row)
{
    store_run(
        st, "UPDATE seed SET hosts=?,whole=?,detail=? WHERE node=? AND image=? AND generation<=?",
        "iisssi", row->hosts, row->whole, row->detail, row->node, row->image, row->generation);
}

static struct cloud_seed *list(struct store *st, struct arena *arena, const char *sql, size_t *len)
{
    struct cloud_seed *rows = NULL;
    struct query q;
    *len = 0;
    STORE_EACH (st, q, sql, "") {
        rows = row_grow(arena, rows, *len, sizeof *rows);
        load(&q, arena, &rows[(*len)++]);
    }
    return rows;
}

struct cloud_seed *cloud_seed_list(struct store *st, struct arena *arena, size_t *len)
{
    return list(st, arena,
                ROW_SELECT(CLOUD_SEED_ROW) " FROM seed t WHERE is_wanted=1 ORDER BY image,node",
                len);
}

struct cloud_seed *cloud_seed_list_dirty(struct store *st, struct arena *arena, size_t *len)
{
    return list(st, arena,
                ROW_SELECT(CLOUD_SEED_ROW) " FROM seed t WHERE is_dirty=1 ORDER BY node,image",
                len);
}

void cloud_seed_settled(struct store *st, const char *node, const char *image)
{
    store_run(st, "UPDATE seed SET is_dirty=0 WHERE node=? AND image=?", "ss", node, image);
}
