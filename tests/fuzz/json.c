/* json.c - target: JSON as a tree (proto/wire/json.h), and manifests of images
 * (proto/wire/manifest.h).
 *
 * First byte: which of them. Holds: what was read, written and read again is written alike; what is
 * read is UTF-8 without a NUL, no name is there twice, nothing is deeper than 32. */
#include "proto/wire/json.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/wire/depth.h"
#include "proto/wire/manifest.h"
#include "proto/wire/wire.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void write_value(struct buf *out, const struct wire_json *value, int depth);

static void write_members(struct buf *out, const struct wire_json *value, int depth)
{
    bool is_object = value->kind == WIRE_JSON_OBJECT;
    buf_char(out, is_object ? '{' : '[');
    for (size_t i = 0; i < value->len; i++) {
        if (i > 0)
            buf_char(out, ',');
        if (is_object) {
            INV(wire_json_get(value, value->members[i].name) == &value->members[i].value);
            wire_quote(out, value->members[i].name);
            buf_char(out, ':');
        }
        write_value(out, &value->members[i].value, depth + 1);
    }
    buf_char(out, is_object ? '}' : ']');
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as it says itself
static void write_value(struct buf *out, const struct wire_json *value, int depth)
{
    INV(depth <= WIRE_DEPTH_MAX);
    switch (value->kind) {
    case WIRE_JSON_NULL:
        buf_text(out, "null");
        return;
    case WIRE_JSON_BOOL:
        buf_text(out, value->is_true ? "true" : "false");
        return;
    case WIRE_JSON_INT:
        buf_i64(out, value->number);
        return;
    case WIRE_JSON_FRACTION: /* its value is not kept */
        buf_text(out, "0.5");
        return;
    case WIRE_JSON_TEXT:
        INV(fuzz_is_utf8(value->text, strlen(value->text)));
        wire_quote(out, value->text);
        return;
    case WIRE_JSON_LIST:
    case WIRE_JSON_OBJECT:
        write_members(out, value, depth);
        return;
    }
}

static bool pass_tree(struct buf *out, const char *text, size_t len)
{
    CLEANUP(arena_fini) struct arena arena = {0};
    struct wire_json value;
    struct err err = {0};
    if (wire_json_parse(&value, &arena, text, len, &err) != ERR_OK)
        return false;
    INV(value.kind == WIRE_JSON_OBJECT || wire_json_get(&value, "no such name") == NULL);
    write_value(out, &value, 0);
    return true;
}

static bool pass_manifest(struct buf *out, const char *text, size_t len)
{
    struct manifest m;
    struct err err = {0};
    if (manifest_decode(&m, text, len, &err) != ERR_OK)
        return false;
    uint64_t sum = 0;
    for (size_t i = 0; i < m.len; i++)
        sum += manifest_chunk_len(&m, i);
    INV(m.len > 0 && sum == m.size_bytes);
    manifest_encode(out, &m);
    manifest_fini(&m);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz input = {data, len};
    CLEANUP(buf_fini) struct buf first = {0};
    CLEANUP(buf_fini) struct buf second = {0};
    bool is_tree = (fuzz_byte(&input) & 1) == 0;
    bool (*pass)(struct buf *, const char *, size_t) = is_tree ? pass_tree : pass_manifest;
    char *text = fuzz_rest(&input, &len);
    if (pass(&first, text, len)) {
        INV(pass(&second, first.data, first.len));
        INV(fuzz_same(&first, &second));
    }
    free(text);
    return 0;
}
