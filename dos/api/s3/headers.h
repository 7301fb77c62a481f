/* headers.h - what an object says of itself besides its bytes: Content-Type and its sisters, and
 * x-amz-meta-*. Kept as "name: value\n" lines from PUT to GET. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/event.h"

enum { S3_HEADERS_LEN_MAX = 128, S3_METADATA_MAX = 2048 /* bytes of names and values */ };

/* Appends the lines of a request. ERR_METADATA_SIZE. */
enum err_code s3_headers_collect(struct buf *out, const struct request *r, struct err *err);
/* Reads lines back; `content_type` gets its own. At most `max`; returns their number. */
size_t s3_headers_replay(const char *lines, struct arena *arena, const char **content_type,
                         struct header *headers, size_t max);
