/* sigv4_naive.h - the canonical request of Signature Version 4 a second time, after the published
 * algorithm (AWS, "Create a signed AWS API request") and after nothing of proto/auth: slow, flat,
 * easy to read against the text. */
#pragma once

#include "base/buf.h"
#include "base/event.h"

#include <stdbool.h>

struct naive_request {
    const char *method, *target;
    const struct header *headers;
    size_t headers_len;
    const char *signed_headers; /* "a;b;c" */
    const char *payload;
    bool is_s3;
};

/* False: no request has such a form. */
bool sigv4_naive(struct buf *out, const struct naive_request *r);
