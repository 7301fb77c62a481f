/* metadata_request.h - the little HTTP that the metadata service understands.
 *
 * GET, HEAD and PUT without a body, at most 4 KiB of head, one request per connection. What
 * arrives was written by a tenant: whatever is not exactly that is refused with a status, and the
 * connection is closed. Pure; effect/metadata_server.c feeds it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    METADATA_HEAD_MAX = 4096,
    METADATA_PATH_SIZE = 1024,
    METADATA_TOKEN_SIZE = 128,
};

enum metadata_method { METADATA_GET, METADATA_HEAD, METADATA_PUT };

struct metadata_request {
    enum metadata_method method;
    char path[METADATA_PATH_SIZE]; /* begins with '/'; no query, no %, no byte outside 0x21..0x7e */
    bool has_token;                /* X-aws-ec2-metadata-token was sent */
    char token[METADATA_TOKEN_SIZE]; /* "" when it cannot be one of ours */
    bool has_ttl;                    /* X-aws-ec2-metadata-token-ttl-seconds was sent */
    int64_t ttl_s;                   /* -1: not a number */
    bool forwarded;                  /* X-Forwarded-For was sent */
};

enum {
    METADATA_MORE = 0,  /* the head is not complete yet */
    METADATA_WHOLE = 1, /* `out` is filled */
    /* else: the HTTP status to refuse it with */
};

/* Reads what has arrived so far. METADATA_MORE only while len < METADATA_HEAD_MAX. */
int metadata_request_parse(struct metadata_request *out, const char *data, size_t len);
