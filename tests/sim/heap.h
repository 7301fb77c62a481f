/* heap.h - what is due, in order of (time, order of asking): the simulator's only queue.
 *
 * Nothing is ever taken out before its time: whoever no longer wants it compares `number` with
 * its own when it fires. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct sim_world;

struct sim_due {
    int64_t at_ms; /* virtual time */
    uint64_t seq;  /* breaks ties: first asked, first fired */
    void (*fire)(struct sim_world *w, const struct sim_due *due);
    void *what;      /* borrowed; lives as long as the world */
    uint64_t number; /* meaning is the owner's */
};

struct sim_heap {
    struct sim_due *dues; /* owned */
    size_t len, cap;
    uint64_t seq;
};

void sim_heap_push(struct sim_heap *h, struct sim_due due);
/* The earliest; the heap is not empty. */
struct sim_due sim_heap_pop(struct sim_heap *h);
void sim_heap_fini(struct sim_heap *h);
