/* id.h - names of things: "i-" and 17 hex digits, as EC2 makes them; and UUIDs for requests. */
#pragma once

#include "base/rng.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ID_SIZE = 32,      /* the longest prefix ("eni-attach"), '-', 17 digits, NUL */
    ID_UUID_SIZE = 37, /* 8-4-4-4-12 and NUL */
    ID_DIGITS_OF_TIME = 5,
};

/* "i" -> "i-0123456789abcdef0". */
void id_new(char out[ID_SIZE], const char *prefix, const struct rng *rng);
/* The same with the seconds of `wall_ms` as its first five digits (they come round in twelve days):
 * what is made together lies together in an index, so that a burst of new rows touches few pages of
 * a store, however large it has become. The other twelve are random. */
void id_new_at(char out[ID_SIZE], const char *prefix, int64_t wall_ms, const struct rng *rng);
/* Has `text` the shape prefix-xxxxxxxx (8 or 17 lower-case hex digits)? */
bool id_is(const char *text, const char *prefix);
/* A random version 4 UUID. */
void id_uuid(char out[ID_UUID_SIZE], const struct rng *rng);
