/* due.c - a binary heap of links that know their place. */
#include "base/due.h"

#include "base/check.h"

#include <stdlib.h>

static void put(struct due_heap *h, size_t place, struct due *d)
{
    h->links[place - 1] = d;
    d->place = place;
}

static void rise(struct due_heap *h, struct due *d)
{
    size_t at = d->place;
    for (; at > 1 && d->at_ms < h->links[at / 2 - 1]->at_ms; at /= 2)
        put(h, at, h->links[at / 2 - 1]);
    put(h, at, d);
}

static void sink(struct due_heap *h, struct due *d)
{
    size_t at = d->place;
    for (size_t child; (child = 2 * at) <= h->len; at = child) {
        if (child < h->len && h->links[child]->at_ms < h->links[child - 1]->at_ms)
            child++;
        if (h->links[child - 1]->at_ms >= d->at_ms)
            break;
        put(h, at, h->links[child - 1]);
    }
    put(h, at, d);
}

static void append(struct due_heap *h, struct due *d)
{
    if (h->len == h->cap) {
        h->cap = h->cap == 0 ? 16 : 2 * h->cap;
        h->links = check_realloc(h->links, h->cap * sizeof(struct due *));
    }
    put(h, ++h->len, d);
}

/* The last one takes its place. */
static void take_out(struct due_heap *h, struct due *d)
{
    struct due *last = h->links[--h->len];
    if (last != d) {
        put(h, d->place, last);
        rise(h, last);
        sink(h, last);
    }
    d->place = 0;
}

void due_set(struct due_heap *h, struct due *d, int64_t at_ms)
{
    PRE(d->place == 0 || (d->place <= h->len && h->links[d->place - 1] == d));
    d->at_ms = at_ms;
    if (at_ms == INT64_MAX) {
        if (d->place != 0)
            take_out(h, d);
        return;
    }
    if (d->place == 0)
        append(h, d);
    rise(h, d);
    sink(h, d);
}

struct due *due_first(const struct due_heap *h)
{
    return h->len > 0 ? h->links[0] : NULL;
}

void due_fini(struct due_heap *h)
{
    free(h->links);
    *h = (struct due_heap){0};
}
