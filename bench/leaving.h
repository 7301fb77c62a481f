/* leaving.h - who leaves next: a heap of numbers by time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct leaving {
    struct leaving_one {
        double at_s;
        size_t who;
    } * all;
    size_t len, cap;
};

void leaving_init(struct leaving *l, size_t cap);
void leaving_fini(struct leaving *l);
void leaving_put(struct leaving *l, double at_s, size_t who);
/* Does anybody leave at that time or before it? */
bool leaving_before(const struct leaving *l, double at_s);
/* Takes the one who leaves first out of it. */
size_t leaving_take(struct leaving *l);
