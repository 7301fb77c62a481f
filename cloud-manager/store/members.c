/* members.c - port_group by pages, and member_changed (members.h). */
#include "cloud-manager/store/members.h"

#include <string.h>

bool cloud_members_read(struct store *st, const struct cloud_members_page *page,
                        unsigned char bits[CLOUD_MEMBERS_PAGE_BYTES])
{
    struct query q;
    bool has_any = false;
    memset(bits, 0, CLOUD_MEMBERS_PAGE_BYTES);
    STORE_EACH (st, q,
                "SELECT address-?2 FROM port_group WHERE grp=?1 AND address BETWEEN ?2 AND ?2+255"
                " ORDER BY address",
                "si", page->grp, page->base) {
        int64_t at = query_i64(&q, 0);
        bits[at / 8] |= (unsigned char)(0x80 >> at % 8);
        has_any = true;
    }
    return has_any;
}

static struct cloud_members_page *take_all(struct query *q, struct arena *arena, size_t *len)
{
    struct cloud_members_page *pages = NULL;
    for (*len = 0; query_next(q);) {
        pages = row_grow(arena, pages, *len, sizeof *pages);
        pages[(*len)++] = (struct cloud_members_page){.grp = arena_strdup(arena, query_text(q, 0)),
                                                      .base = query_i64(q, 1)};
    }
    return pages;
}

struct cloud_members_page *cloud_members_list(struct store *st, struct arena *arena,
                                              const char *group, size_t *len)
{
    struct query q;
    query_open(&q, st, "SELECT DISTINCT grp, address&~255 FROM port_group WHERE grp=? ORDER BY 2",
               "s", group);
    return take_all(&q, arena, len);
}

struct cloud_members_page *cloud_members_take_changed(struct store *st, struct arena *arena,
                                                      size_t *len)
{
    struct query q;
    query_open(&q, st, "SELECT grp, base FROM member_changed ORDER BY grp, base", "");
    struct cloud_members_page *pages = take_all(&q, arena, len);
    if (*len > 0)
        store_run(st, "DELETE FROM member_changed", "");
    return pages;
}

bool cloud_members_any_changed(struct store *st)
{
    return store_has(st, "SELECT 1 FROM member_changed LIMIT 1", "");
}
