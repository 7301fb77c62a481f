/* wrap.h - a text that is longer than the line goes on below its beginning. */
#pragma once

#include "base/buf.h"

#include <stddef.h>

/* What has been said already takes `indent` columns; `width` 0: lines have no end (a pipe). Breaks
 * at blanks only; control characters of others are shown (safe.h). Appends, without an end of line.
 */
void cli_wrap(struct buf *out, const char *text, size_t indent, size_t width);
