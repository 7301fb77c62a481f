/* wire_rig.h - every message type that there is, and random messages of each. */
#pragma once

#include "base/rng.h"
#include "proto/wire/messages.h"

struct wire_rig {
    struct arena arena;
    struct rng_seeded seed;
    struct rng rng;
};

extern const struct wire_type *const wire_rig_types[];
extern const size_t wire_rig_types_len;

/* Set-up and tear-down of a test: *state is the rig. */
int wire_rig_set_up(void **state);
int wire_rig_tear_down(void **state);
/* Decodes a text; `err` is fresh. */
enum err_code wire_rig_decode(struct wire_rig *f, const struct wire_type *type, const char *json,
                              void *message, struct err *err);
/* Each field takes a value that it may have; texts hold what is awkward in JSON. */
void wire_rig_fill(struct wire_rig *f, const struct wire_type *type, void *message);
/* Are they the same in every field, deep? */
bool wire_rig_is_same(const struct wire_type *type, const void *a, const void *b);
