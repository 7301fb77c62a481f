/* gate.h - may this request be looked at? A pure function over method, raw target and headers.
 *
 * Called by the server and the pool on the first sight of a request, before anything else reads
 * it. It refuses what two parsers could read differently (RELIABILITY, "The HTTP gate"); it knows
 * nothing of what the request means. A refusal closes the connection.
 *
 * On TLS listeners framing.h has read the raw bytes before. On plain loopback listeners the bytes
 * go to libmicrohttpd directly, and what it hides stays hidden: a folded header vanishes, a bare
 * LF ends a line, a NUL cuts a value. So no proxy that keeps connections of several clients may
 * stand in front of a plain listener. */
#pragma once

#include "base/event.h"

#include <stddef.h>
#include <stdint.h>

/* One line of a header block as it arrived; lengths, since a value may hold a NUL. */
struct gate_header {
    const char *name;
    size_t name_len;
    const char *value;
    size_t value_len;
};

struct gate_request {
    const char *method, *target, *version;
    const struct gate_header *headers;
    size_t headers_len;
};

enum { GATE_HEADERS_MAX = 100, GATE_TARGET_MAX = 8192 };

struct gate_verdict {
    int status;         /* 0 = pass */
    const char *reason; /* static text for the answer and the log */
    int64_t length;     /* of the body; -1 = chunked, 0 = none */
};

struct gate_verdict gate_judge(const struct gate_request *request);
