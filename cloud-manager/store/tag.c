/* tag.c - table tag. */
#include "cloud-manager/store/tag.h"

static void add(struct cloud_tags *tags, const struct query *q, struct arena *arena)
{
    tags->list = row_grow(arena, tags->list, tags->len, sizeof *tags->list);
    tags->list[tags->len++] = (struct cloud_tag){
        arena_strdup(arena, query_text(q, 0)),
        arena_strdup(arena, query_text(q, 1)),
        arena_strdup(arena, query_text(q, 2)),
    };
}

struct cloud_tags cloud_tag_list(struct store *st, struct arena *arena, const char *resource)
{
    struct cloud_tags tags = {0};
    struct query q;
    STORE_EACH (st, q, "SELECT resource,key,value FROM tag WHERE resource=? ORDER BY key", "s",
                resource)
        add(&tags, &q, arena);
    return tags;
}

struct cloud_tags cloud_tag_list_account(struct store *st, struct arena *arena, const char *account)
{
    struct cloud_tags tags = {0};
    struct query q;
    STORE_EACH (st, q, "SELECT resource,key,value FROM tag WHERE account=? ORDER BY resource,key",
                "s", account)
        add(&tags, &q, arena);
    return tags;
}

void cloud_tag_save(struct store *st, const char *account, const struct cloud_tag *tag)
{
    store_run(st, "INSERT INTO tag VALUES(?1,?2,?3,?4) ON CONFLICT DO UPDATE SET value=?4", "ssss",
              account, tag->resource, tag->key, tag->value);
}

void cloud_tag_delete(struct store *st, const char *account, const char *resource, const char *key,
                      const char *value)
{
    store_run(st,
              "DELETE FROM tag WHERE account=?1 AND resource=?2 AND key=?3"
              " AND (?4 IS NULL OR value=?4)",
              "ssss", account, resource, key, value);
}

void cloud_tag_delete_all(struct store *st, const char *resource)
{
    store_run(st, "DELETE FROM tag WHERE resource=?", "s", resource);
}

int64_t cloud_tag_count(struct store *st, const char *resource)
{
    return store_i64(st, 0, "SELECT count(*) FROM tag WHERE resource=? AND key NOT LIKE 'aws:%'",
                     "s", resource);
}

bool cloud_resource_is_of(struct store *st, const char *id, const char *account)
{
    return store_has(st,
                     "SELECT 1 FROM image WHERE (id=?1 OR snapshot=?1) AND account=?2 AND is_named"
                     " UNION ALL SELECT 1 FROM volume WHERE id=?1 AND account=?2"
                     " UNION ALL SELECT 1 FROM key_pair WHERE id=?1 AND account=?2"
                     " UNION ALL SELECT 1 FROM vpc WHERE (id=?1 OR dhcp_options=?1 OR"
                     "  substr(?1,1,4) IN ('rtb-','igw-','acl-') AND id='vpc-'||substr(?1,5))"
                     "  AND account=?2"
                     " UNION ALL SELECT 1 FROM subnet WHERE id=?1 AND account=?2"
                     " UNION ALL SELECT 1 FROM security_group WHERE id=?1 AND account=?2"
                     " AND is_gone=0"
                     " UNION ALL SELECT 1 FROM rule WHERE id=?1 AND account=?2"
                     " UNION ALL SELECT 1 FROM port WHERE id=?1 AND account=?2"
                     " UNION ALL SELECT 1 FROM public_address WHERE allocation=?1"
                     " AND allocation<>'' AND account=?2",
                     "ss", id, account);
}
