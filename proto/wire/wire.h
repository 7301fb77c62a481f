/* wire.h - structs to JSON and back, from field tables (*.def).
 *
 * A .def file states each message once; from it come the struct (messages.h), the table that
 * drives this codec (messages.c) and the tests. jansson's json_t never leaves this folder.
 *
 * Encoding writes the fields in the table's order and leaves out what is zero or empty, so the
 * same struct gives the same bytes. Decoding bounds every field, refuses duplicate names and
 * wrong kinds, and ignores unknown fields: between tiers a newer peer may send more (PROTOCOL
 * 9). What must be kept verbatim travels as RAW. Depth is at most 32. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_kind {
    WIRE_KIND_TEXT,  /* const char *, "" when absent; `max` bytes */
    WIRE_KIND_INT,   /* int64_t in [min, max]; 0 when absent */
    WIRE_KIND_BOOL,  /* bool */
    WIRE_KIND_SUM,   /* uint64_t, 16 hex digits on the wire */
    WIRE_KIND_RAW,   /* const char *: any JSON value as text, "" when absent; `max` bytes */
    WIRE_KIND_ONE,   /* struct *, NULL when absent */
    WIRE_KIND_MANY,  /* struct *name and size_t name_len; at most `max` */
    WIRE_KIND_TEXTS, /* const char **name and size_t name_len; at most `max` */
};

struct wire_type;

struct wire_field {
    const char *name;
    enum wire_kind kind;
    size_t offset, len_offset;
    int64_t min, max;
    const struct wire_type *type; /* of ONE and MANY */
};

struct wire_type {
    const char *name;
    size_t size;
    const struct wire_field *fields;
    size_t len;
};

/* Appends the JSON object. */
void wire_encode(struct buf *out, const struct wire_type *type, const void *message);
/* Fills `message` (type->size bytes); everything it points to is in `arena`. ERR_MALFORMED_JSON
 * names the field. */
enum err_code wire_decode(const struct wire_type *type, const char *json, size_t len,
                          struct arena *arena, void *message, struct err *err);
/* Appends `text` as a JSON string, quotes included. */
void wire_quote(struct buf *out, const char *text);
