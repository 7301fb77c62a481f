/* messages.c - the field tables of every message, made from the .def files. */
#include "proto/wire/messages.h"

#define AT(t, name)                 offsetof(struct t, name)
#define WIRE_BEGIN(t)               static const struct wire_field t##_fields[] = {
#define WIRE_TEXT(t, name, max)     {#name, WIRE_KIND_TEXT, AT(t, name), 0, 0, max, NULL},
#define WIRE_RAW(t, name, max)      {#name, WIRE_KIND_RAW, AT(t, name), 0, 0, max, NULL},
#define WIRE_INT(t, name, min, max) {#name, WIRE_KIND_INT, AT(t, name), 0, min, max, NULL},
#define WIRE_BOOL(t, name)          {#name, WIRE_KIND_BOOL, AT(t, name), 0, 0, 0, NULL},
#define WIRE_SUM(t, name)           {#name, WIRE_KIND_SUM, AT(t, name), 0, 0, 0, NULL},
#define WIRE_ONE(t, name, type)     {#name, WIRE_KIND_ONE, AT(t, name), 0, 0, 0, &type##_type},
#define WIRE_MANY(t, name, type, max) \
    {#name, WIRE_KIND_MANY, AT(t, name), AT(t, name##_len), 0, max, &type##_type},
#define WIRE_TEXTS(t, name, max) \
    {#name, WIRE_KIND_TEXTS, AT(t, name), AT(t, name##_len), 0, max, NULL},
#define WIRE_END(t)                                                      \
    }                                                                    \
    ;                                                                    \
    const struct wire_type t##_type = {#t, sizeof(struct t), t##_fields, \
                                       sizeof t##_fields / sizeof t##_fields[0]};
/* clang-format off */
#include "proto/wire/sync.def"
#include "proto/wire/objects.def"
/* clang-format on */
