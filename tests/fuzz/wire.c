/* wire.c - target: the codec of every message between the tiers (proto/wire/wire.h).
 *
 * First byte: which message; then its JSON. Holds: what was decoded and encoded decodes again, and
 * to the same bytes; what is encoded is JSON; a refusal names a reason. */
#include "proto/wire/messages.h"

#include "base/check.h"
#include "proto/wire/json.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define WIRE_BEGIN(t)               {&t##_type},
#define WIRE_TEXT(t, name, max)     /* fields are the tables' */
#define WIRE_RAW(t, name, max)      /* fields are the tables' */
#define WIRE_INT(t, name, min, max) /* fields are the tables' */
#define WIRE_BOOL(t, name)          /* fields are the tables' */
#define WIRE_SUM(t, name)           /* fields are the tables' */
#define WIRE_ONE(t, name, type)     /* fields are the tables' */
#define WIRE_MANY(t, name, type, n) /* fields are the tables' */
#define WIRE_TEXTS(t, name, max)    /* fields are the tables' */
#define WIRE_END(t)                 /* fields are the tables' */
static const struct {
    const struct wire_type *type;
} types[] = {
/* clang-format off */
#include "proto/wire/sync.def"
#include "proto/wire/objects.def"
    /* clang-format on */
};
enum { TYPES_LEN = sizeof types / sizeof *types };

/* Decodes and encodes; false: refused. */
static bool pass(const struct wire_type *type, struct buf *out, const char *json, size_t len)
{
    CLEANUP(arena_fini) struct arena arena = {0};
    struct err err = {0};
    void *message = arena_alloc(&arena, type->size);
    enum err_code code = wire_decode(type, json, len, &arena, message, &err);
    INV(code == err.code && (code == ERR_OK) == (err.text[0] == '\0'));
    if (code == ERR_OK)
        wire_encode(out, type, message);
    return code == ERR_OK;
}

static void hold_json(const struct buf *text)
{
    CLEANUP(arena_fini) struct arena arena = {0};
    struct wire_json value;
    INV(wire_json_parse(&value, &arena, text->data, text->len, NULL) == ERR_OK);
    INV(value.kind == WIRE_JSON_OBJECT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz input = {data, len};
    CLEANUP(buf_fini) struct buf first = {0};
    CLEANUP(buf_fini) struct buf second = {0};
    const struct wire_type *type = types[fuzz_byte(&input) % TYPES_LEN].type;
    char *json = fuzz_rest(&input, &len);
    if (pass(type, &first, json, len)) {
        hold_json(&first);
        INV(pass(type, &second, first.data, first.len));
        INV(fuzz_same(&first, &second));
    }
    CLEANUP(buf_fini) struct buf quoted = {0};
    wire_quote(&quoted, json);
    INV(fuzz_is_utf8(quoted.data, quoted.len));
    free(json);
    return 0;
}
