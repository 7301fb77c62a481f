/* permission.c - table launch_permission. */
#include "cloud-manager/store/permission.h"

void cloud_permission_add(struct store *st, const char *image, const char *user)
{
    store_run(st, "INSERT INTO launch_permission VALUES(?,?) ON CONFLICT DO NOTHING", "ss", image,
              user);
}

void cloud_permission_remove(struct store *st, const char *image, const char *user)
{
    store_run(st, "DELETE FROM launch_permission WHERE image=? AND user=?", "ss", image, user);
}

void cloud_permission_remove_all(struct store *st, const char *image)
{
    store_run(st, "DELETE FROM launch_permission WHERE image=?", "s", image);
}

bool cloud_permission_has(struct store *st, const char *image, const char *user)
{
    return store_has(st, "SELECT 1 FROM launch_permission WHERE image=? AND user=?", "ss", image,
                     user);
}

const char **cloud_permission_list(struct store *st, struct arena *arena, const char *image,
                                   size_t *len)
{
    const char **users = NULL;
    struct query q;
    *len = 0;
    STORE_EACH (st, q, "SELECT user FROM launch_permission WHERE image=? ORDER BY user", "s",
                image) {
        users = row_grow(arena, users, *len, sizeof *users);
        users[(*len)++] = arena_strdup(arena, query_text(&q, 0));
    }
    return users;
}
