/* params.h - the parameters of an EC2 Query request, in order. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct cli_param {
    const char *name, *value; /* in the arena */
};

struct cli_params {
    struct arena *arena;
    struct cli_param *list;
    size_t len, cap;
};

/* Both are copied. */
void cli_params_add(struct cli_params *p, const char *name, const char *value);
/* The value, or NULL. */
const char *cli_params_get(const struct cli_params *p, const char *name);
/* Is NAME there, and VALUE? */
bool cli_params_is(const struct cli_params *p, const char *name, const char *value);
/* PREFIX.N.* are there for N < the result: the next free index, from 1. */
unsigned cli_params_next(const struct cli_params *p, const char *prefix);
/* A tag of what the request makes: TagSpecification of `type`, which is made when missing. */
void cli_params_tag(struct cli_params *p, const char *type, const char *key, const char *value);
/* application/x-www-form-urlencoded; appends. */
void cli_params_encode(const struct cli_params *p, struct buf *out);
/* Percent-encoding of everything but A-Z a-z 0-9 - . _ ~ and what is in `kept`; appends. */
void cli_percent(struct buf *out, const char *text, const char *kept);
