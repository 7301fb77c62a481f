/* json.h - JSON of a stranger as a tree of values, for whoever has no struct to put it in.
 *
 * Strict: one value, no name twice in an object, no NUL in a text, depth at most 32, whole numbers
 * of 64 bits. A number with a fraction or an exponent is kept as such, without its value. Between
 * tiers messages have tables (wire.h). Everything is in the arena that was given. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_json_kind {
    WIRE_JSON_NULL,
    WIRE_JSON_BOOL,
    WIRE_JSON_INT,
    WIRE_JSON_FRACTION,
    WIRE_JSON_TEXT,
    WIRE_JSON_LIST,
    WIRE_JSON_OBJECT,
};

struct wire_json_member;

struct wire_json {
    enum wire_json_kind kind;
    bool is_true;
    int64_t number;
    const char *text;
    struct wire_json_member *members; /* of a list (without names) and of an object, in its order */
    size_t len;
};

struct wire_json_member {
    const char *name;
    struct wire_json value;
};

/* ERR_MALFORMED_JSON says where. */
enum err_code wire_json_parse(struct wire_json *out, struct arena *arena, const char *text,
                              size_t len, struct err *err);
/* NULL when `object` has no such member. */
const struct wire_json *wire_json_get(const struct wire_json *object, const char *name);
