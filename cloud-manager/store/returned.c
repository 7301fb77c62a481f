/* returned.c - table returned. */
#include "cloud-manager/store/returned.h"

struct cloud_returned *cloud_returned_list(struct store *st, struct arena *arena, const char *kind,
                                           size_t *len)
{
    struct cloud_returned *rows = NULL;
    struct query q;
    *len = 0;
    STORE_EACH (st, q,
                "SELECT node,id,generation,gone,body FROM returned WHERE kind=? ORDER BY id,node",
                "s", kind) {
        rows = row_grow(arena, rows, *len, sizeof *rows);
        rows[(*len)++] = (struct cloud_returned){.node = arena_strdup(arena, query_text(&q, 0)),
                                                 .id = arena_strdup(arena, query_text(&q, 1)),
                                                 .generation = query_i64(&q, 2),
                                                 .gone = arena_strdup(arena, query_text(&q, 3)),
                                                 .body = arena_strdup(arena, query_text(&q, 4))};
    }
    return rows;
}

bool cloud_returned_lives(struct store *st, const char *kind, const char *id)
{
    return store_has(st, "SELECT 1 FROM returned WHERE kind=? AND id=? AND gone=''", "ss", kind,
                     id);
}
