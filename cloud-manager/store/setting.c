/* setting.c - table setting. */
#include "cloud-manager/store/setting.h"

const char *cloud_setting_get(struct store *st, struct arena *arena, const char *name)
{
    struct query q;
    query_open(&q, st, "SELECT value FROM setting WHERE name=?", "s", name);
    if (!query_next(&q))
        return NULL;
    const char *value = arena_strdup(arena, query_text(&q, 0));
    query_close(&q);
    return value;
}

void cloud_setting_save(struct store *st, const char *name, const char *value)
{
    store_run(st, "INSERT INTO setting VALUES(?1,?2) ON CONFLICT DO UPDATE SET value=?2", "ss",
              name, value);
}
