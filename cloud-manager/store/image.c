/* image.c - table image. */
#include "cloud-manager/store/image.h"

static void load(const struct query *q, struct arena *arena, struct cloud_image *row)
{
    int column = 1;
    ROW_LOAD(CLOUD_IMAGE_ROW)
}

static struct cloud_image *take_all(struct query *q, struct arena *arena, size_t *len)
{
    struct cloud_image *rows = NULL;
    for (*len = 0; query_next(q);) {
        rows = row_grow(arena, rows, *len, sizeof *rows);
        load(q, arena, &rows[(*len)++]);
    }
    return rows;
}

bool cloud_image_insert(struct store *st, const struct cloud_image *row)
{
    return store_try(st, ROW_INSERT("image", CLOUD_IMAGE_ROW),
                     ROW_FORMAT(CLOUD_IMAGE_ROW) ROW_ARGS(CLOUD_IMAGE_ROW));
}

static bool take_one(struct query *q, struct arena *arena, struct cloud_image *out)
{
    if (!query_next(q))
        return false;
    load(q, arena, out);
    query_close(q);
    return true;
}

bool cloud_image_get(struct store *st, struct arena *arena, const char *id, struct cloud_image *out)
{
    struct query q;
    query_open(&q, st, ROW_SELECT(CLOUD_IMAGE_ROW) " FROM image t WHERE id=?", "s", id);
    return take_one(&q, arena, out);
}

bool cloud_image_get_shown(struct store *st, struct arena *arena, const char *id,
                           const char *account, struct cloud_image *out)
{
    struct query q;
    query_open(&q, st,
               ROW_SELECT(CLOUD_IMAGE_ROW) " FROM image t WHERE id=?1 AND is_named=1 AND"
                                           " (account=?2 OR EXISTS (SELECT 1 FROM launch_permission"
                                           " WHERE image=?1 AND user IN (?2,'all')))",
               "ss", id, account);
    return take_one(&q, arena, out);
}

struct cloud_image *cloud_image_list(struct store *st, struct arena *arena, const char *account,
                                     size_t *len)
{
    struct query q;
    query_open(&q, st,
               ROW_SELECT(CLOUD_IMAGE_ROW) " FROM image t WHERE is_named=1 AND (account=?1 OR id IN"
                                           " (SELECT image FROM launch_permission WHERE user=?1"
                                           " OR user='all')) ORDER BY created_wall_ms,id",
               "s", account);
    return take_all(&q, arena, len);
}

struct cloud_image *cloud_image_list_dirty(struct store *st, struct arena *arena, size_t *len)
{
    struct query q;
    query_open(&q, st, ROW_SELECT(CLOUD_IMAGE_ROW) " FROM image t WHERE is_dirty=1 ORDER BY id",
               "");
    return take_all(&q, arena, len);
}

bool cloud_image_name_is_taken(struct store *st, const char *account, const char *name)
{
    return store_has(st, "SELECT 1 FROM image WHERE account=? AND name=? AND is_named=1", "ss",
                     account, name);
}

bool cloud_image_is_needed(struct store *st, const char *id)
{
    return store_has(st, "SELECT 1 FROM instance WHERE image=? AND is_live=1", "s", id);
}

void cloud_image_set_progress(struct store *st, const char *id,
                              const struct cloud_image_progress *p)
{
    store_run(st,
              "UPDATE image SET state=?,manifest=?,detail=?,size_bytes=?,is_cdrom=?,disk_gib=?,"
              "percent=? WHERE id=?",
              "sssiiiis", p->state, p->manifest, p->detail, p->size_bytes, p->is_cdrom, p->disk_gib,
              p->percent, id);
}

void cloud_image_set_description(struct store *st, const char *id, const char *description)
{
    store_run(st, "UPDATE image SET description=? WHERE id=?", "ss", description, id);
}

void cloud_image_set_unnamed(struct store *st, const char *id)
{
    store_run(st, "DELETE FROM launch_permission WHERE image=?", "s", id);
    store_run(st, "UPDATE image SET is_named=0,generation=generation+1,is_dirty=1 WHERE id=?", "s",
              id);
}

void cloud_image_set_gone(struct store *st, const char *id)
{
    store_run(st, "UPDATE image SET is_gone=1,is_dirty=1 WHERE id=?", "s", id);
}

void cloud_image_raise(struct store *st, const char *id, int64_t generation)
{
    store_run(st, "UPDATE image SET generation=max(generation,?),is_dirty=1 WHERE id=?", "is",
              generation, id);
}

void cloud_image_touch(struct store *st, const char *id)
{
    store_run(st, "UPDATE image SET is_dirty=1 WHERE id=?", "s", id);
}

void cloud_image_settled(struct store *st, const char *id, int64_t sent_generation)
{
    store_run(st, "UPDATE image SET is_dirty=0,sent_generation=? WHERE id=?", "is", sent_generation,
              id);
}

void cloud_image_delete(struct store *st, const char *id)
{
    store_run(st, "DELETE FROM image WHERE id=?", "s", id);
}
