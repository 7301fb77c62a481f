/* row.c - arrays of rows that grow in an arena. */
#include "cloud-manager/store/row.h"

#include <string.h>

void *row_grow(struct arena *arena, void *items, size_t len, size_t size)
{
    if (len != 0 && (len < 8 || (len & (len - 1)) != 0))
        return items;
    void *more = arena_alloc(arena, (len < 8 ? 8 : 2 * len) * size);
    if (len > 0)
        memcpy(more, items, len * size);
    return more;
}
