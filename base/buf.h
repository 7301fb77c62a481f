/* buf.h - a growable run of bytes, always followed by a NUL so that it can be read as text. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data; /* owned; NULL while empty */
    size_t len; /* bytes, without the NUL */
    size_t cap;
};

void buf_append(struct buf *b, const void *data, size_t len);
/* `len` bytes more, which the caller fills at once: where they begin. */
char *buf_extend(struct buf *b, size_t len);
void buf_text(struct buf *b, const char *text);
void buf_char(struct buf *b, char c);
void buf_i64(struct buf *b, int64_t number); /* in decimal */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Forgets the content, keeps the room. */
void buf_clear(struct buf *b);
/* Frees; the buf may be used again. */
void buf_fini(struct buf *b);
/* The content as text ("" when empty); borrowed. */
const char *buf_str(const struct buf *b);
