/* messages.h - the structs of every message, made from the .def files.
 *
 * For each struct wire_x there is `extern const struct wire_type wire_x_type`. */
#pragma once

#include "proto/wire/wire.h"

#define WIRE_BEGIN(t)               struct t {
#define WIRE_TEXT(t, name, max)     const char *name;
#define WIRE_RAW(t, name, max)      const char *name;
#define WIRE_INT(t, name, min, max) int64_t name;
#define WIRE_BOOL(t, name)          bool name;
#define WIRE_SUM(t, name)           uint64_t name;
#define WIRE_ONE(t, name, type)     struct type *name;
#define WIRE_MANY(t, name, type, max) \
    struct type *name;                \
    size_t name##_len;
#define WIRE_TEXTS(t, name, max) \
    const char **name;           \
    size_t name##_len;
#define WIRE_END(t) \
    }               \
    ;               \
    extern const struct wire_type t##_type;
/* clang-format off */
#include "proto/wire/sync.def"
#include "proto/wire/objects.def"
/* clang-format on */
#undef WIRE_BEGIN
#undef WIRE_TEXT
#undef WIRE_RAW
#undef WIRE_INT
#undef WIRE_BOOL
#undef WIRE_SUM
#undef WIRE_ONE
#undef WIRE_MANY
#undef WIRE_TEXTS
#undef WIRE_END
