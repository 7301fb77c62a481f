/* reader.h - JSON read once, from the front, without a tree: what wire_decode walks.
 *
 * Strict (RFC 8259): UTF-8, no name twice in an object however it is spelled, no NUL in a text,
 * whole numbers of 64 bits, depth at most WIRE_DEPTH_MAX. After the first fault nothing more is
 * read, and `why` says what it was. Each function reads the space before what it wants. */
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire_span {
    const char *text; /* borrowed */
    size_t len;
};

struct wire_reader {
    const char *at, *end;
    const char *why;     /* fixed text; NULL = no fault */
    struct arena *arena; /* for texts that are not written as they are meant */
    int depth;
    /* Names of the objects that are open, the innermost last; owned. */
    struct wire_span *names;
    size_t names_len, names_cap;
};

void wire_reader_init(struct wire_reader *r, const char *json, size_t len, struct arena *arena);
void wire_reader_fini(struct wire_reader *r);

/* The first character of the next value; '\0' at the end. */
char wire_reader_peek(struct wire_reader *r);
/* Nothing but space is left. */
bool wire_reader_is_at_end(struct wire_reader *r);

/* A text as it is meant: within the JSON, or in the arena. */
bool wire_reader_text(struct wire_reader *r, struct wire_span *out);
/* A number: whole, or `is_whole` is false and it has no value. */
bool wire_reader_number(struct wire_reader *r, int64_t *out, bool *is_whole);
bool wire_reader_bool(struct wire_reader *r, bool *out);
/* Any value, as it is written. */
bool wire_reader_value(struct wire_reader *r, struct wire_span *out);

/* A list, or an object: open, then each until false, at its end or at a fault. */
bool wire_reader_open(struct wire_reader *r, char bracket);
bool wire_reader_item(struct wire_reader *r, size_t index);
/* `from`: names_len when the object was opened. */
bool wire_reader_member(struct wire_reader *r, size_t from, struct wire_span *name);
