/* sigv4_canonical.h - the canonical request of SigV4, piece by piece. For sigv4.c only; pure. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/event.h"

#include <stdbool.h>

/* Appends "path\nquery\n" of a raw target. ERR_BAD_REQUEST: not a path, a bad percent escape, or
 * too many parameters. */
enum err_code sigv4_canonical_target(struct buf *out, const char *target, const char *service,
                                     struct err *err);

/* Appends "name:value\n" for each name in "a;b;c"; values of a name that is there more than once
 * are joined by commas in their order. ERR_INCOMPLETE_SIGNATURE: one is not there. */
enum err_code sigv4_canonical_headers(struct buf *out, const struct header *headers,
                                      size_t headers_len, const char *signed_headers,
                                      struct err *err);

/* Is `name` (any case) in "a;b;c"? */
bool sigv4_is_signed(const char *signed_headers, const char *name);
