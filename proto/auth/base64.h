/* base64.h - base64 (RFC 4648 section 4) and its URL form without padding (section 5).
 *
 * Decoding is strict, so that each value has one spelling: no blanks, padding exactly as the form
 * wants it, and the unused bits of the last digit are zero. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* Appends. */
void base64_encode(struct buf *out, const void *data, size_t len);
void base64_url_encode(struct buf *out, const void *data, size_t len);

/* Appends what `len` characters of `text` stand for; false (and `out` as it was) when malformed. */
bool base64_decode(struct buf *out, const char *text, size_t len);
bool base64_url_decode(struct buf *out, const char *text, size_t len);
