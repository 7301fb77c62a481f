/* wire.c - encodes by the field tables. */
#include "proto/wire/wire.h"

#include "base/check.h"
#include "proto/wire/letter.h"

#include <inttypes.h>
#include <string.h>

/* ---- encode ---------------------------------------------------------------------------- */

/* What is no UTF-8 becomes U+FFFD: the other end would refuse the whole message for it. */
void wire_quote(struct buf *out, const char *text)
{
    const char *p = text, *run = p, *end = p + strlen(p);
    buf_char(out, '"');
    while (p < end) {
        size_t len = wire_letter_len(p, (size_t)(end - p));
        unsigned char c = (unsigned char)*p;
        if (len > 0 && c != '"' && c != '\\' && c >= ' ') {
            p += len;
            continue;
        }
        buf_append(out, run, (size_t)(p - run));
        if (len == 0)
            buf_text(out, "\xef\xbf\xbd");
        else
            buf_printf(out, c < ' ' ? "\\u%04x" : "\\%c", c);
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
