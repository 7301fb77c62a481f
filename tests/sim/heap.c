/* heap.c - a binary heap of values. */
#include "tests/sim/heap.h"

#include "base/check.h"

#include <stdbool.h>
#include <stdlib.h>

static bool is_before(const struct sim_due *a, const struct sim_due *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->seq < b->seq;
}

void sim_heap_push(struct sim_heap *h, struct sim_due due)
{
    if (h->len == h->cap) {
        h->cap = h->cap == 0 ? 256 : 2 * h->cap;
        h->dues = check_realloc(h->dues, h->cap * sizeof *h->dues);
    }
    due.seq = ++h->seq;
    size_t at = h->len++;
    while (at > 0 && is_before(&due, &h->dues[(at - 1) / 2])) {
        h->dues[at] = h->dues[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    h->dues[at] = due;
}

struct sim_due sim_heap_pop(struct sim_heap *h)
{
    PRE(h->len > 0);
    struct sim_due first = h->dues[0], last = h->dues[--h->len];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < h->len; at = child) {
        if (child + 1 < h->len && is_before(&h->dues[child + 1], &h->dues[child]))
            child++;
        if (!is_before(&h->dues[child], &last))
            break;
        h->dues[at] = h->dues[child];
    }
    if (h->len > 0)
        h->dues[at] = last;
    return first;
}

void sim_heap_fini(struct sim_heap *h)
{
    free(h->dues);
    *h = (struct sim_heap){0};
}
