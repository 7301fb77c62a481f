/* decode.c - decodes by the field tables, in one walk over the text. */
#include "base/check.h"
#include "base/str.h"
#include "proto/wire/reader.h"
#include "proto/wire/wire.h"

#include <stdlib.h>
#include <string.h>

enum { ITEM_TEXT_MAX = 4096 };

struct decode {
    struct wire_reader in;
    struct arena *arena;
    struct err *err;
};

static enum err_code decode_object(struct decode *d, const struct wire_type *type, void *message);

static void *in(void *message, size_t offset)
{
    return (char *)message + offset;
}

static enum err_code malformed(struct decode *d)
{
    return err_set(d->err, ERR_MALFORMED_JSON, "not JSON: %s", d->in.why);
}

static enum err_code wrong(struct decode *d, const struct wire_field *f, const char *what)
{
    return err_set(d->err, ERR_MALFORMED_JSON, "field %s %s", f->name, what);
}

static enum err_code decode_text(struct decode *d, const struct wire_field *f, int64_t max,
                                 const char **out)
{
    struct wire_span text;
    if (wire_reader_peek(&d->in) != '"')
        return wrong(d, f, "is not a string");
    if (!wire_reader_text(&d->in, &text))
        return malformed(d);
    if ((int64_t)text.len > max)
        return wrong(d, f, "is too long");
    *out = arena_strndup(d->arena, text.text, text.len);
    return ERR_OK;
}

static enum err_code decode_raw(struct decode *d, const struct wire_field *f, const char **out)
{
    struct wire_span value;
    if (!wire_reader_value(&d->in, &value))
        return malformed(d);
    if ((int64_t)value.len > f->max)
        return wrong(d, f, "is too long");
    *out = arena_strndup(d->arena, value.text, value.len);
    return ERR_OK;
}

static bool is_number(char first)
{
    return first == '-' || (first >= '0' && first <= '9');
}

static enum err_code decode_int(struct decode *d, const struct wire_field *f, int64_t *out)
{
    bool is_whole;
    if (!is_number(wire_reader_peek(&d->in)))
        return wrong(d, f, "is not a whole number");
    if (!wire_reader_number(&d->in, out, &is_whole))
        return malformed(d);
    if (!is_whole)
        return wrong(d, f, "is not a whole number");
    return *out >= f->min && *out <= f->max ? ERR_OK : wrong(d, f, "is out of range");
}

static enum err_code decode_bool(struct decode *d, const struct wire_field *f, bool *out)
{
    char first = wire_reader_peek(&d->in);
    if (first != 't' && first != 'f')
        return wrong(d, f, "is neither true nor false");
    return wire_reader_bool(&d->in, out) ? ERR_OK : malformed(d);
}

static enum err_code decode_sum(struct decode *d, const struct wire_field *f, uint64_t *out)
{
    const char *text = "";
    unsigned char bytes[8];
    if (decode_text(d, f, 2 * (int64_t)sizeof bytes, &text) != ERR_OK ||
        !str_unhex(bytes, sizeof bytes, text))
        return d->in.why != NULL ? malformed(d) : wrong(d, f, "is not 16 hex digits");
    *out = strtoull(text, NULL, 16);
    return ERR_OK;
}

/* ---- lists --------------------------------------------------------------------------------- */

/* Grows by half as much again; what it grew out of stays in the arena until that is reset. */
struct grown {
    char *items;
    size_t size, len, cap;
};

static void *add(struct decode *d, struct grown *list)
{
    if (list->len == list->cap) {
        size_t cap = list->cap + list->cap / 2 + 4;
        char *items = arena_alloc(d->arena, cap * list->size);
        if (list->len > 0)
            memcpy(items, list->items, list->len * list->size);
        list->items = items;
        list->cap = cap;
    }
    return list->items + list->len++ * list->size;
}

static enum err_code decode_item(struct decode *d, const struct wire_field *f, void *item)
{
    return f->kind == WIRE_KIND_TEXTS ? decode_text(d, f, ITEM_TEXT_MAX, item)
                                      : decode_object(d, f->type, item);
}

static enum err_code decode_list(struct decode *d, const struct wire_field *f, void *message)
{
    struct grown list = {.size = f->kind == WIRE_KIND_TEXTS ? sizeof(char *) : f->type->size};
    if (wire_reader_peek(&d->in) != '[')
        return wrong(d, f, "is not a list");
    if (!wire_reader_open(&d->in, '['))
        return malformed(d);
    while (wire_reader_item(&d->in, list.len)) {
        if ((int64_t)list.len == f->max)
            return wrong(d, f, "has too many items");
        if (decode_item(d, f, add(d, &list)) != ERR_OK)
            return err_wrap(d->err, "%s[%zu]", f->name, list.len - 1);
    }
    if (d->in.why != NULL)
        return malformed(d);
    *(size_t *)in(message, f->len_offset) = list.len;
    *(void **)in(message, f->offset) = list.items;
    return ERR_OK;
}

/* ---- objects ------------------------------------------------------------------------------- */

static enum err_code decode_field(struct decode *d, const struct wire_field *f, void *message)
{
    void *field = in(message, f->offset);
    switch (f->kind) {
    case WIRE_KIND_TEXT:
        return decode_text(d, f, f->max, field);
    case WIRE_KIND_RAW:
        return decode_raw(d, f, field);
    case WIRE_KIND_INT:
        return decode_int(d, f, field);
    case WIRE_KIND_BOOL:
        return decode_bool(d, f, field);
    case WIRE_KIND_SUM:
        return decode_sum(d, f, field);
    case WIRE_KIND_ONE:
        *(void **)field = arena_alloc(d->arena, f->type->size);
        return decode_object(d, f->type, *(void **)field);
    case WIRE_KIND_MANY:
    case WIRE_KIND_TEXTS:
        return decode_list(d, f, message);
    }
    IMPOSSIBLE("wire kind");
}

/* What is absent reads as "", never as NULL. */
static void decode_absent(const struct wire_type *type, void *message)
{
    memset(message, 0, type->size);
    for (size_t i = 0; i < type->len; i++)
        if (type->fields[i].kind == WIRE_KIND_TEXT || type->fields[i].kind == WIRE_KIND_RAW)
            *(const char **)in(message, type->fields[i].offset) = "";
}

static bool is_named(const struct wire_field *f, const struct wire_span *name)
{
    return strncmp(f->name, name->text, name->len) == 0 && f->name[name->len] == '\0';
}

/* Ours come in the order of the table: the search begins where the last one ended. */
static const struct wire_field *find(const struct wire_type *type, const struct wire_span *name,
                                     size_t *next)
{
    for (size_t i = 0; i < type->len; i++) {
        size_t at = *next + i < type->len ? *next + i : *next + i - type->len;
        if (is_named(&type->fields[at], name)) {
            *next = at + 1;
            return &type->fields[at];
        }
    }
    return NULL;
}

/* Whoever is newer may send more, and null says as much as nothing. */
static enum err_code decode_member(struct decode *d, const struct wire_field *f, void *message)
{
    struct wire_span unread;
    if (f != NULL && wire_reader_peek(&d->in) != 'n')
        return decode_field(d, f, message);
    return wire_reader_value(&d->in, &unread) ? ERR_OK : malformed(d);
}

static enum err_code decode_object(struct decode *d, const struct wire_type *type, void *message)
{
    struct wire_span name;
    size_t next = 0, from = d->in.names_len;
    decode_absent(type, message);
    if (wire_reader_peek(&d->in) != '{')
        return err_set(d->err, ERR_MALFORMED_JSON, "%s is not an object", type->name);
    if (!wire_reader_open(&d->in, '{'))
        return malformed(d);
    while (wire_reader_member(&d->in, from, &name))
        if (decode_member(d, find(type, &name, &next), message) != ERR_OK)
            return d->err->code;
    return d->in.why != NULL ? malformed(d) : ERR_OK;
}

enum err_code wire_decode(const struct wire_type *type, const char *json, size_t len,
                          struct arena *arena, void *message, struct err *err)
{
    struct err unused;
    struct decode d = {.arena = arena, .err = err != NULL ? err : &unused};
    wire_reader_init(&d.in, json, len, arena);
    enum err_code code = decode_object(&d, type, message);
    if (code == ERR_OK && !wire_reader_is_at_end(&d.in))
        code = err_set(d.err, ERR_MALFORMED_JSON, "not JSON: something behind its end");
    wire_reader_fini(&d.in);
    return code;
}
