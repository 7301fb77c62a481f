/* buf.c - growable bytes. */
#include "base/buf.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PRINTED_MOSTLY = 64 }; /* bytes of most that is printed: once is enough then */

static void reserve(struct buf *b, size_t more)
{
    size_t need = b->len + more + 1;
    if (need <= b->cap)
        return;
    size_t cap = b->cap > 0 ? b->cap : 64;
    while (cap < need)
        cap *= 2;
    b->data = check_realloc(b->data, cap);
    b->cap = cap;
}

char *buf_extend(struct buf *b, size_t len)
{
    reserve(b, len);
    char *begin = b->data + b->len;
    b->len += len;
    b->data[b->len] = '\0';
    return begin;
}

void buf_append(struct buf *b, const void *data, size_t len)
{
    char *begin = buf_extend(b, len);
    if (len > 0)
        memcpy(begin, data, len);
}

void buf_text(struct buf *b, const char *text)
{
    buf_append(b, text, strlen(text));
}

void buf_char(struct buf *b, char c)
{
    reserve(b, 1);
    b->data[b->len++] = c;
    b->data[b->len] = '\0';
}

void buf_i64(struct buf *b, int64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do
        digits[--at] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (number < 0)
        buf_char(b, '-');
    buf_append(b, digits + at, sizeof digits - at);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    reserve(b, PRINTED_MOSTLY);
    int len = vsnprintf(b->data + b->len, b->cap - b->len, fmt, args);
    va_end(args);
    INV(len >= 0);
    if (b->len + (size_t)len >= b->cap) {
        reserve(b, (size_t)len);
        vsnprintf(b->data + b->len, (size_t)len + 1, fmt, again);
    }
    va_end(again);
    b->len += (size_t)len;
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    if (b->data != NULL)
        b->data[0] = '\0';
}

void buf_fini(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

const char *buf_str(const struct buf *b)
{
    return b->data != NULL ? b->data : "";
}
