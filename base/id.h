/* id.h - names of things: "i-" and 17 hex digits, as EC2 makes them; and UUIDs for requests. */
#pragma once

#include "base/rng.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ID_SIZE = 32,      /* the longest prefix ("eni-attach"), '-', 17 digits, NUL */
    ID_UUID_SIZE = 37, /* 8-4-4-4-12 and NUL */
    ID_DIGITS_OF_TIME = 5,
    ID_DIGITS_OF_NUMBER = 4, /* behind those */
};

/* "i" -> "i-0123456789abcdef0". */
void id_new(char out[ID_SIZE], const char *prefix, const struct rng *rng);
/* The same with the seconds of `wall_ms` as its first five digits (they come round in twelve days)
 * and the low 16 bits of `number` as the next four, which its maker counts up: what is made
 * together lies together in an index, in the order in which it was made, so that a burst of new
 * rows touches few pages of a store, however large it has become. The other eight are random: they
 * keep ids apart that two makers gave, and one from before a restore. */
void id_new_at(char out[ID_SIZE], const char *prefix, int64_t wall_ms, uint64_t number,
               const struct rng *rng);
/* Has `text` the shape prefix-xxxxxxxx (8 or 17 lower-case hex digits)? */
bool id_is(const char *text, const char *prefix);
/* A random version 4 UUID. */
void id_uuid(char out[ID_UUID_SIZE], const struct rng *rng);
