/* framing.h - the strict shape of HTTP/1 requests in a stream of bytes: where each begins and ends.
 *
 * Called by front.c on what a client sends, before libmicrohttpd sees it, because that library
 * reads some bytes more kindly than others would: a folded header vanishes, a bare LF ends a line,
 * a NUL cuts a value, blanks repeat. Here there is one reading or none. It judges form only; what
 * headers may say is the gate's (gate.h), who sees every request, also those on plain loopback
 * listeners, which do not pass through here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAMING_WORD = 24 };

struct framing {
    int state;
    bool is_trailer;
    bool has_length, has_coding;
    uint64_t left;                                /* of a body or chunk */
    char name[FRAMING_WORD], value[FRAMING_WORD]; /* beginnings; `_len` tells of longer ones */
    size_t name_len, value_len;
    const char *reason;
};

/* A zeroed struct framing stands before the first request. Reads `len` bytes on; NULL as long as
 * they are well formed, then a reason (static text), and the same for ever after. `*good` bytes
 * may be handed on. */
const char *framing_feed(struct framing *f, const char *data, size_t len, size_t *good);
/* Where is the next byte: in a head (or before it), in the line of a chunk? */
bool framing_is_in_head(const struct framing *f);
bool framing_is_in_chunk(const struct framing *f);
