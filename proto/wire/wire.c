/* wire.c - the codec that walks the field tables. */
#include "proto/wire/wire.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/wire/depth.h"
#include "proto/wire/load.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- encode ---------------------------------------------------------------------------- */

/* Bytes of the letter at `p` in UTF-8 (RFC 3629), 0 = it is none. */
static size_t letter_len(const unsigned char *p)
{
    size_t len = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (len == 1)
        return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool outside = (p[0] == 0xed && p[1] >= 0xa0) || (p[0] == 0xf4 && p[1] >= 0x90);
    return overlong || outside ? 0 : len;
}

/* What is no UTF-8 becomes U+FFFD: the other end would refuse the whole message for it. */
void wire_quote(struct buf *out, const char *text)
{
    const unsigned char *p = (const unsigned char *)text, *run = p;
    buf_char(out, '"');
    while (*p != '\0') {
        size_t len = letter_len(p);
        if (len > 0 && *p != '"' && *p != '\\' && *p >= ' ') {
            p += len;
            continue;
        }
        buf_append(out, run, (size_t)(p - run));
        if (len == 0)
            buf_text(out, "\xef\xbf\xbd");
        else
            buf_printf(out, *p < ' ' ? "\\u%04x" : "\\%c", *p);
        run = ++p;
    }
    buf_append(out, run, (size_t)(p - run));
    buf_char(out, '"');
}

static const void *at(const void *message, size_t offset)
{
    return (const char *)message + offset;
}

static size_t count_of(const struct wire_field *f, const void *message)
{
    return *(const size_t *)at(message, f->len_offset);
}

static bool is_absent(const struct wire_field *f, const void *message)
{
    const void *field = at(message, f->offset);
    switch (f->kind) {
    case WIRE_KIND_TEXT:
    case WIRE_KIND_RAW: {
        const char *text = *(const char *const *)field;
        return text == NULL || *text == '\0';
    }
    case WIRE_KIND_INT:
        return *(const int64_t *)field == 0;
    case WIRE_KIND_BOOL:
        return !*(const bool *)field;
    case WIRE_KIND_SUM:
        return *(const uint64_t *)field == 0;
    case WIRE_KIND_ONE:
        return *(const void *const *)field == NULL;
    case WIRE_KIND_MANY:
    case WIRE_KIND_TEXTS:
        return count_of(f, message) == 0;
    }
    IMPOSSIBLE("wire kind");
}

static void encode_list(struct buf *out, const struct wire_field *f, const void *message)
{
    size_t len = count_of(f, message);
    const void *list = *(const void *const *)at(message, f->offset);
    buf_char(out, '[');
    for (size_t i = 0; i < len; i++) {
        if (i > 0)
            buf_char(out, ',');
        if (f->kind == WIRE_KIND_TEXTS)
            wire_quote(out, ((const char *const *)list)[i]);
        else
            wire_encode(out, f->type, (const char *)list + i * f->type->size);
    }
    buf_char(out, ']');
}

static void encode_field(struct buf *out, const struct wire_field *f, const void *message)
{
    const void *field = at(message, f->offset);
    switch (f->kind) {
    case WIRE_KIND_TEXT:
        wire_quote(out, *(const char *const *)field);
        return;
    case WIRE_KIND_RAW:
        buf_text(out, *(const char *const *)field);
        return;
    case WIRE_KIND_INT:
        buf_i64(out, *(const int64_t *)field);
        return;
    case WIRE_KIND_BOOL:
        buf_text(out, "true");
        return;
    case WIRE_KIND_SUM:
        buf_printf(out, "\"%016" PRIx64 "\"", *(const uint64_t *)field);
        return;
    case WIRE_KIND_ONE:
        wire_encode(out, f->type, *(const void *const *)field);
        return;
    case WIRE_KIND_MANY:
    case WIRE_KIND_TEXTS:
        encode_list(out, f, message);
        return;
    }
    IMPOSSIBLE("wire kind");
}

void wire_encode(struct buf *out, const struct wire_type *type, const void *message)
{
    bool first = true;
    buf_char(out, '{');
    for (size_t i = 0; i < type->len; i++) {
        const struct wire_field *f = &type->fields[i];
        if (is_absent(f, message))
            continue;
        buf_text(out, first ? "\"" : ",\"");
        buf_text(out, f->name);
        buf_text(out, "\":");
        encode_field(out, f, message);
        first = false;
    }
    buf_char(out, '}');
}

/* ---- decode ---------------------------------------------------------------------------- */

struct decode {
    struct arena *arena;
    struct err *err;
};

static enum err_code decode_object(struct decode *d, const struct wire_type *type,
                                   const json_t *object, void *message);

static enum err_code wrong(struct decode *d, const struct wire_field *f, const char *what)
{
    return err_set(d->err, ERR_MALFORMED_JSON, "field %s %s", f->name, what);
}

static enum err_code decode_text(struct decode *d, const struct wire_field *f, const json_t *value,
                                 const char **out)
{
    if (!json_is_string(value))
        return wrong(d, f, "is not a string");
    size_t len = json_string_length(value);
    if ((int64_t)len > f->max)
        return wrong(d, f, "is too long");
    *out = arena_strndup(d->arena, json_string_value(value), len);
    return ERR_OK;
}

static enum err_code decode_raw(struct decode *d, const struct wire_field *f, const json_t *value,
                                const char **out)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (text == NULL || (int64_t)strlen(text) > f->max) {
        free(text);
        return wrong(d, f, "is too long");
    }
    *out = arena_strdup(d->arena, text);
    free(text);
    return ERR_OK;
}

static enum err_code decode_int(struct decode *d, const struct wire_field *f, const json_t *value,
                                int64_t *out)
{
    if (!json_is_integer(value))
        return wrong(d, f, "is not a whole number");
    *out = json_integer_value(value);
    return *out >= f->min && *out <= f->max ? ERR_OK : wrong(d, f, "is out of range");
}

static enum err_code decode_sum(struct decode *d, const struct wire_field *f, const json_t *value,
                                uint64_t *out)
{
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    unsigned char bytes[8];
    if (!str_unhex(bytes, sizeof bytes, text))
        return wrong(d, f, "is not 16 hex digits");
    *out = strtoull(text, NULL, 16);
    return ERR_OK;
}

static enum err_code decode_texts(struct decode *d, const struct wire_field *f, const json_t *value,
                                  void *message)
{
    size_t len = json_array_size(value);
    const char **list = arena_alloc(d->arena, len * sizeof *list + 1);
    struct wire_field item = *f;
    item.max = 4096;
    for (size_t i = 0; i < len; i++)
        if (decode_text(d, &item, json_array_get(value, i), &list[i]) != ERR_OK)
            return d->err->code;
    *(const char ***)((void *)((char *)message + f->offset)) = list;
    return ERR_OK;
}

static enum err_code decode_many(struct decode *d, const struct wire_field *f, const json_t *value,
                                 void *message)
{
    size_t len = json_array_size(value);
    char *list = arena_alloc(d->arena, len * f->type->size + 1);
    for (size_t i = 0; i < len; i++)
        if (decode_object(d, f->type, json_array_get(value, i), list + i * f->type->size) != ERR_OK)
            return err_wrap(d->err, "%s[%zu]", f->name, i);
    *(void **)((void *)((char *)message + f->offset)) = list;
    return ERR_OK;
}

static enum err_code decode_list(struct decode *d, const struct wire_field *f, const json_t *value,
                                 void *message)
{
    if (!json_is_array(value))
        return wrong(d, f, "is not a list");
    if ((int64_t)json_array_size(value) > f->max)
        return wrong(d, f, "has too many items");
    *(size_t *)((void *)((char *)message + f->len_offset)) = json_array_size(value);
    return f->kind == WIRE_KIND_TEXTS ? decode_texts(d, f, value, message)
                                      : decode_many(d, f, value, message);
}

static enum err_code decode_field(struct decode *d, const struct wire_field *f, const json_t *value,
                                  void *message)
{
    void *field = (char *)message + f->offset;
    switch (f->kind) {
    case WIRE_KIND_TEXT:
        return decode_text(d, f, value, field);
    case WIRE_KIND_RAW:
        return decode_raw(d, f, value, field);
    case WIRE_KIND_INT:
        return decode_int(d, f, value, field);
    case WIRE_KIND_BOOL:
        *(bool *)field = json_is_true(value);
        return json_is_boolean(value) ? ERR_OK : wrong(d, f, "is neither true nor false");
    case WIRE_KIND_SUM:
        return decode_sum(d, f, value, field);
    case WIRE_KIND_ONE: {
        void *one = arena_alloc(d->arena, f->type->size);
        *(void **)field = one;
        return decode_object(d, f->type, value, one);
    }
    case WIRE_KIND_MANY:
    case WIRE_KIND_TEXTS:
        return decode_list(d, f, value, message);
    }
    IMPOSSIBLE("wire kind");
}

/* What is absent reads as "", never as NULL. */
static void decode_absent(const struct wire_field *f, void *message)
{
    if (f->kind == WIRE_KIND_TEXT || f->kind == WIRE_KIND_RAW)
        *(const char **)((void *)((char *)message + f->offset)) = "";
}

static enum err_code decode_object(struct decode *d, const struct wire_type *type,
                                   const json_t *object, void *message)
{
    memset(message, 0, type->size);
    if (!json_is_object(object))
        return err_set(d->err, ERR_MALFORMED_JSON, "%s is not an object", type->name);
    for (size_t i = 0; i < type->len; i++) {
        const struct wire_field *f = &type->fields[i];
        const json_t *value = json_object_get(object, f->name);
        if (value == NULL || json_is_null(value))
            decode_absent(f, message);
        else if (decode_field(d, f, value, message) != ERR_OK)
            return d->err->code;
    }
    return ERR_OK;
}

enum err_code wire_decode(const struct wire_type *type, const char *json, size_t len,
                          struct arena *arena, void *message, struct err *err)
{
    struct err unused;
    struct decode d = {.arena = arena, .err = err != NULL ? err : &unused};
    json_error_t why;
    if (wire_is_too_deep(json, len))
        return err_set(d.err, ERR_MALFORMED_JSON, "JSON is nested deeper than %d", WIRE_DEPTH_MAX);
    json_t *root = wire_load(json, len, 0, &why);
    if (root == NULL)
        return err_set(d.err, ERR_MALFORMED_JSON, "not JSON: %s", why.text);
    enum err_code code = decode_object(&d, type, root, message);
    json_decref(root);
    return code;
}
