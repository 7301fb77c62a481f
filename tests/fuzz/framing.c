/* framing.c - target: the stream of a client, as the TLS front reads it (proto/http/framing.h).
 *
 * Holds: pieces cut anywhere give one verdict; a refusal stays; and where a request is said to end
 * is where a plain reading of its head and body ends, with which the gate agrees. */
#include "proto/http/framing.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/http/gate.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static size_t feed(struct framing *f, const char *data, size_t len)
{
    size_t good = 0;
    const char *reason = framing_feed(f, data, len, &good);
    INV(good <= len && reason == f->reason && (reason != NULL || good == len));
    return good;
}

/* In pieces of sizes that `seed` draws. */
static size_t feed_pieces(struct framing *f, const char *data, size_t len, unsigned seed)
{
    size_t at = 0;
    while (at < len && f->reason == NULL) {
        seed = seed * 1103515245u + 12345u;
        size_t n = seed >> 16 & 31, left = len - at;
        at += feed(f, data + at, n < left ? n : left);
    }
    return at;
}

static bool is_equal(const struct framing *a, const struct framing *b)
{
    return a->state == b->state && a->is_trailer == b->is_trailer &&
           a->has_length == b->has_length && a->has_coding == b->has_coding && a->left == b->left &&
           a->name_len == b->name_len && a->value_len == b->value_len && a->reason == b->reason;
}

/* ---- a request that was let through, read plainly ------------------------------------------- */

struct plain {
    struct gate_header headers[GATE_HEADERS_MAX + 1];
    size_t headers_len;
    const char *length; /* value of that header; NULL = none */
    bool is_chunked;
    size_t head_len;
};

static const char *line_end(const char *at)
{
    const char *end = strstr(at, "\r\n");
    INV(end != NULL);
    return end;
}

static void plain_header(struct plain *p, const char *line, const char *end)
{
    const char *colon = memchr(line, ':', (size_t)(end - line));
    INV(colon != NULL);
    const char *value = colon + 1, *last = end;
    while (value < last && (*value == ' ' || *value == '\t'))
        value++;
    while (last > value && (last[-1] == ' ' || last[-1] == '\t'))
        last--;
    struct gate_header h = {line, (size_t)(colon - line), value, (size_t)(last - value)};
    if (h.name_len == 14 && strncasecmp(line, "content-length", 14) == 0)
        p->length = value;
    if (h.name_len == 17 && strncasecmp(line, "transfer-encoding", 17) == 0)
        p->is_chunked = true;
    if (p->headers_len <= GATE_HEADERS_MAX)
        p->headers[p->headers_len++] = h;
}

static void plain_head(struct plain *p, const char *text)
{
    const char *line = line_end(text) + 2;
    for (const char *end; (end = line_end(line)) != line; line = end + 2)
        plain_header(p, line, end);
    p->head_len = (size_t)(line + 2 - text);
}

static size_t plain_chunks(const char *text)
{
    const char *at = text;
    for (;;) {
        size_t n = strtoull(at, NULL, 16);
        at = line_end(at) + 2;
        if (n == 0)
            break;
        at += n + 2;
    }
    while (line_end(at) != at)
        at = line_end(at) + 2;
    return (size_t)(at + 2 - text);
}

/* Where the gate has an opinion on the body, it is this one. */
static void ask_gate(const struct plain *p)
{
    struct gate_verdict verdict = gate_judge(&(struct gate_request){.method = "POST",
                                                                    .target = "/",
                                                                    .version = "HTTP/1.1",
                                                                    .headers = p->headers,
                                                                    .headers_len = p->headers_len});
    if (verdict.status != 0)
        return;
    INV((verdict.length == -1) == p->is_chunked);
    INV(p->is_chunked ||
        verdict.length == (p->length != NULL ? (int64_t)strtoull(p->length, NULL, 10) : 0));
}

static size_t plain_len(const char *text)
{
    struct plain p = {.headers_len = 0};
    plain_head(&p, text);
    ask_gate(&p);
    if (p.is_chunked)
        return p.head_len + plain_chunks(text + p.head_len);
    return p.head_len + (p.length != NULL ? strtoull(p.length, NULL, 10) : 0);
}

/* Byte by byte: each time it stands before a request again, the one before has ended. */
static size_t feed_bytes(struct framing *f, const char *data, size_t len)
{
    size_t begin = 0, at = 0;
    static const struct framing before;
    while (at < len && f->reason == NULL) {
        at += feed(f, data + at, 1);
        if (f->reason != NULL || !is_equal(f, &before))
            continue;
        char *request = strndup(data + begin, at - begin);
        INV(request != NULL);
        /* A body may hold a NUL, a head may not. */
        if (memchr(data + begin, '\0', at - begin) == NULL)
            INV(plain_len(request) == at - begin);
        free(request);
        begin = at;
    }
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz input = {data, len};
    unsigned seed = fuzz_byte(&input);
    struct framing whole = {0}, pieces = {0}, bytes = {0};
    char *stream = fuzz_rest(&input, &len);
    size_t good = feed(&whole, stream, len);
    INV(feed_pieces(&pieces, stream, len, seed) == good && is_equal(&whole, &pieces));
    INV(feed_bytes(&bytes, stream, len) == good && is_equal(&whole, &bytes));
    if (whole.reason != NULL)
        INV(feed(&whole, stream, len) == 0 && whole.reason == bytes.reason);
    free(stream);
    return 0;
}
