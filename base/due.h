/* due.h - what is due at a time, and what of it is next: a binary heap of links.
 *
 * The link lives in the thing it links and knows its place, so that a time is changed or taken
 * back without a search. Of equal times any may be first, the same one in each run. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct due {
    int64_t at_ms;
    size_t place; /* in the heap, from 1 on; 0 = it is in none */
};

struct due_heap {
    struct due **links; /* owned; what it points to is the caller's */
    size_t len, cap;
};

/* From now on it is due then; INT64_MAX = never, and the heap forgets it. */
void due_set(struct due_heap *h, struct due *d, int64_t at_ms);
/* The earliest; NULL where nothing is due ever. */
struct due *due_first(const struct due_heap *h);
/* Forgets all; what they live in may be gone. */
void due_fini(struct due_heap *h);
