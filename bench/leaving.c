/* leaving.c - a heap. */
#include "bench/leaving.h"

#include "base/check.h"

#include <stdlib.h>

void leaving_init(struct leaving *l, size_t cap)
{
    *l = (struct leaving){.all = check_alloc(cap * sizeof *l->all), .cap = cap};
}

void leaving_fini(struct leaving *l)
{
    free(l->all);
}

static void swap(struct leaving *l, size_t a, size_t b)
{
    struct leaving_one kept = l->all[a];
    l->all[a] = l->all[b];
    l->all[b] = kept;
}

void leaving_put(struct leaving *l, double at_s, size_t who)
{
    size_t at = l->len++;
    PRE(at < l->cap);
    l->all[at] = (struct leaving_one){at_s, who};
    for (; at > 0 && l->all[at].at_s < l->all[(at - 1) / 2].at_s; at = (at - 1) / 2)
        swap(l, at, (at - 1) / 2);
}

bool leaving_before(const struct leaving *l, double at_s)
{
    return l->len > 0 && l->all[0].at_s <= at_s;
}

size_t leaving_take(struct leaving *l)
{
    PRE(l->len > 0);
    size_t who = l->all[0].who, at = 0;
    l->all[0] = l->all[--l->len];
    for (size_t child; (child = 2 * at + 1) < l->len; at = child) {
        child += child + 1 < l->len && l->all[child + 1].at_s < l->all[child].at_s;
        if (l->all[child].at_s >= l->all[at].at_s)
            break;
        swap(l, at, child);
    }
    return who;
}
