/* gate.c - the rows of RELIABILITY, "The HTTP gate", one function each. */
#include "proto/http/gate.h"

#include "base/str.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* One byte at least, and each a letter, a digit or one of `marks`. */
static bool consists_of(const char *text, size_t len, const char *marks)
{
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool is_alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (c == '\0' || (!is_alnum && strchr(marks, c) == NULL))
            return false;
    }
    return len > 0;
}

/* RFC 9110, section 5.6.2. */
static bool is_token(const char *text, size_t len)
{
    return consists_of(text, len, "!#$%&'*+-.^_`|~");
}

/* A name or a numeric address, and perhaps a port. */
static bool is_host(const char *text, size_t len)
{
    return consists_of(text, len, "-._:[]");
}

/* Bytes above 0x7f stay: metadata of objects may hold them. */
static bool is_clean(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* The names that may stand once; a second one is how two parsers come to differ. */
enum single { HOST, LENGTH, CODING, AUTHORIZATION, DATE, EXPECT, SINGLES };
static const char *const single_names[SINGLES] = {
    "host", "content-length", "transfer-encoding", "authorization", "x-amz-date", "expect"};

static enum single single_of(const struct gate_header *h)
{
    for (int i = 0; i < SINGLES; i++)
        if (strlen(single_names[i]) == h->name_len &&
            strncasecmp(single_names[i], h->name, h->name_len) == 0)
            return (enum single)i;
    return SINGLES;
}

static bool value_is(const struct gate_header *h, const char *word)
{
    return h->value_len == strlen(word) && strncasecmp(h->value, word, h->value_len) == 0;
}

static bool parse_length(const struct gate_header *h, int64_t *out)
{
    int64_t n = 0;
    if (h->value_len == 0 || h->value_len > 18)
        return false;
    for (size_t i = 0; i < h->value_len; i++) {
        if (h->value[i] < '0' || h->value[i] > '9')
            return false;
        n = n * 10 + (h->value[i] - '0');
    }
    *out = n;
    return true;
}

static struct gate_verdict refuse(int status, const char *reason)
{
    return (struct gate_verdict){.status = status, .reason = reason};
}

static const struct gate_verdict passed = {.status = 0, .reason = ""};

static bool is_known_method(const char *method)
{
    static const char *const known[] = {"GET",    "HEAD",    "POST",  "PUT",
                                        "DELETE", "OPTIONS", "PATCH", NULL};
    for (size_t i = 0; known[i] != NULL; i++)
        if (str_eq(known[i], method))
            return true;
    return false;
}

/* Visible ASCII in origin form: what a signature is computed over must have one reading. */
static struct gate_verdict judge_line(const struct gate_request *r)
{
    size_t len = strlen(r->target);
    if (!str_eq(r->version, "HTTP/1.1") && !str_eq(r->version, "HTTP/1.0"))
        return refuse(505, "only HTTP/1.0 and 1.1 are spoken here");
    if (!is_known_method(r->method))
        return refuse(501, "this method is not known here");
    if (len > GATE_TARGET_MAX)
        return refuse(414, "the target is too long");
    if (r->target[0] != '/')
        return refuse(400, "the target does not begin with a slash");
    for (size_t i = 0; i < len; i++)
        if (r->target[i] <= ' ' || r->target[i] > '~' || r->target[i] == '#')
            return refuse(400, "the target holds a byte that must be escaped");
    return passed;
}

static struct gate_verdict judge_headers(const struct gate_request *r,
                                         const struct gate_header *single[SINGLES])
{
    if (r->headers_len > GATE_HEADERS_MAX)
        return refuse(431, "too many headers");
    for (size_t i = 0; i < r->headers_len; i++) {
        const struct gate_header *h = &r->headers[i];
        if (!is_token(h->name, h->name_len))
            return refuse(400, "a header name is not a token");
        if (!is_clean(h->value, h->value_len))
            return refuse(400, "a header value holds a control byte");
        enum single kind = single_of(h);
        if (kind == SINGLES)
            continue;
        if (single[kind] != NULL)
            return refuse(400, "a header that may stand once stands twice");
        single[kind] = h;
    }
    return passed;
}

/* How long the body is: the one question that must never have two answers. */
static struct gate_verdict judge_body(const struct gate_request *r,
                                      const struct gate_header *const single[SINGLES])
{
    struct gate_verdict verdict = passed;
    if (single[CODING] != NULL) {
        if (single[LENGTH] != NULL)
            return refuse(400, "both a length and a transfer coding");
        if (!value_is(single[CODING], "chunked") || str_eq(r->version, "HTTP/1.0"))
            return refuse(400, "the only transfer coding is chunked, in HTTP/1.1");
        verdict.length = -1;
    } else if (single[LENGTH] != NULL && !parse_length(single[LENGTH], &verdict.length)) {
        return refuse(400, "the length is not a number");
    }
    return verdict;
}

struct gate_verdict gate_judge(const struct gate_request *r)
{
    const struct gate_header *single[SINGLES] = {NULL};
    struct gate_verdict verdict = judge_line(r);
    if (verdict.status == 0)
        verdict = judge_headers(r, single);
    if (verdict.status != 0)
        return verdict;
    if (single[HOST] == NULL)
        return refuse(400, "no host header");
    if (!is_host(single[HOST]->value, single[HOST]->value_len))
        return refuse(400, "the host is no name and no address");
    if (single[EXPECT] != NULL && !value_is(single[EXPECT], "100-continue"))
        return refuse(417, "the only expectation is 100-continue");
    return judge_body(r, single);
}
