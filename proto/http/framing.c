/* framing.c - one state per byte in heads and chunk lines; bodies are skipped in one step.
 *
 *   METHOD -> TARGET -> VERSION -> LINE_LF -> NAME_FIRST -> NAME -> VALUE -> VALUE_LF -+
 *      ^                                       ^    | (empty line)                     |
 *      |                                       +----|----------------------------------+
 *      |                                            v
 *      +------ (no body) ------------------------ HEAD_LF -> BODY -------------------> METHOD
 *      |                                              \-> CHUNK_FIRST -> CHUNK_SIZE ->
 *      |                                      CHUNK_SIZE_LF -> CHUNK_DATA -> CHUNK_CR -> CHUNK_LF
 *      +-- (last chunk: trailers, read as headers are) <-------------------------------+       */
#include "proto/http/framing.h"

#include "base/check.h"

#include <string.h>
#include <strings.h>

enum state {
    IN_METHOD, /* 0: where a zeroed struct begins */
    IN_TARGET,
    IN_VERSION,
    IN_LINE_LF,
    IN_NAME_FIRST,
    IN_NAME,
    IN_VALUE,
    IN_VALUE_LF,
    IN_HEAD_LF,
    IN_BODY,
    IN_CHUNK_FIRST,
    IN_CHUNK_SIZE,
    IN_CHUNK_SIZE_LF,
    IN_CHUNK_DATA,
    IN_CHUNK_CR,
    IN_CHUNK_LF,
};

static bool is_token_char(char c)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr(marks, c) != NULL);
}

static void bad(struct framing *f, const char *reason)
{
    f->reason = reason;
}

/* The byte must be `want`. */
static void expect(struct framing *f, char c, char want, enum state next)
{
    f->state = (int)next;
    if (c != want)
        bad(f, "a line does not end with CR LF");
}

static void keep(char word[FRAMING_WORD], size_t *len, char c)
{
    if (*len < FRAMING_WORD - 1)
        word[*len] = c;
    ++*len;
}

/* Is the kept word exactly this one, in any case? */
static bool is_word(const char word[FRAMING_WORD], size_t len, const char *want)
{
    return len == strlen(want) && len < FRAMING_WORD && strncasecmp(word, want, len) == 0;
}

static void begin_name(struct framing *f)
{
    f->state = IN_NAME_FIRST;
    f->name_len = f->value_len = 0;
}

/* What headers say about the body. */

static void take_length(struct framing *f)
{
    uint64_t n = 0;
    if (f->value_len == 0 || f->value_len > 18 || f->has_length || f->has_coding) {
        bad(f, "the length is given twice, or is not a number");
        return;
    }
    for (size_t i = 0; i < f->value_len; i++) {
        if (f->value[i] < '0' || f->value[i] > '9')
            bad(f, "the length is not a number");
        n = n * 10 + (uint64_t)(unsigned char)f->value[i] - '0';
    }
    f->has_length = true;
    f->left = n;
}

static void take_coding(struct framing *f)
{
    if (f->has_coding || f->has_length || !is_word(f->value, f->value_len, "chunked"))
        bad(f, "the only transfer coding is chunked, alone");
    f->has_coding = true;
}

static void end_header(struct framing *f)
{
    size_t kept = f->value_len < FRAMING_WORD ? f->value_len : FRAMING_WORD;
    while (kept == f->value_len && kept > 0 &&
           (f->value[kept - 1] == ' ' || f->value[kept - 1] == '\t'))
        kept = --f->value_len;
    if (f->is_trailer)
        return;
    if (is_word(f->name, f->name_len, "content-length"))
        take_length(f);
    else if (is_word(f->name, f->name_len, "transfer-encoding"))
        take_coding(f);
}

static void end_request(struct framing *f)
{
    *f = (struct framing){.state = IN_METHOD};
}

static void end_head(struct framing *f)
{
    if (f->is_trailer || (!f->has_coding && f->left == 0))
        end_request(f);
    else
        f->state = f->has_coding ? IN_CHUNK_FIRST : IN_BODY;
}

/* The steps, by place. */

static void step_version(struct framing *f, char c)
{
    if (c != '\r') {
        keep(f->value, &f->value_len, c);
        if (c <= ' ' || f->value_len > 8)
            bad(f, "this is no request line");
        return;
    }
    if (f->value_len != 8 ||
        (memcmp(f->value, "HTTP/1.1", 8) != 0 && memcmp(f->value, "HTTP/1.0", 8) != 0))
        bad(f, "only HTTP/1.0 and 1.1 are spoken here");
    f->state = IN_LINE_LF;
}

static void step_line(struct framing *f, char c)
{
    if (f->state == IN_METHOD) {
        if (c == ' ' && f->name_len > 0)
            f->state = IN_TARGET;
        else if (!is_token_char(c))
            bad(f, "this is no request line");
        f->name_len++;
    } else if (f->state == IN_TARGET) {
        if (c == ' ' && f->value_len > 0) {
            f->state = IN_VERSION;
            f->value_len = 0;
        } else if (c <= ' ' || c > '~') {
            bad(f, "the target holds a byte that must be escaped");
        } else {
            f->value_len++;
        }
    } else {
        step_version(f, c);
    }
}

static void step_header(struct framing *f, char c)
{
    unsigned char u = (unsigned char)c;
    if (f->state == IN_NAME_FIRST && c == '\r') {
        f->state = IN_HEAD_LF;
    } else if (f->state == IN_NAME && c == ':') {
        f->state = IN_VALUE;
    } else if (f->state != IN_VALUE) {
        f->state = IN_NAME;
        if (!is_token_char(c))
            bad(f, "a header name is not a token, or a header is folded");
        keep(f->name, &f->name_len, c);
    } else if (c == '\r') {
        end_header(f);
        f->state = IN_VALUE_LF;
    } else if ((u < ' ' && c != '\t') || u == 0x7f) {
        bad(f, "a header value holds a control byte");
    } else if (f->value_len > 0 || (c != ' ' && c != '\t')) {
        keep(f->value, &f->value_len, c);
    }
}

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    char lower = (char)(c >= 'A' && c <= 'F' ? c + 'a' - 'A' : c);
    const char *at = c != '\0' ? strchr(digits, lower) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* Chunk extensions are refused: nobody sends them, and they are one more thing to read in two
 * ways. (aws-chunked is inside the body, not here.) */
static void step_chunk_size(struct framing *f, char c)
{
    int digit = hex_value(c);
    if (f->state == IN_CHUNK_FIRST)
        f->left = 0;
    if (f->state == IN_CHUNK_SIZE && c == '\r')
        f->state = IN_CHUNK_SIZE_LF;
    else if (digit < 0 || f->left >> 56 != 0)
        bad(f, "the size of a chunk is not a number");
    else {
        f->state = IN_CHUNK_SIZE;
        f->left = f->left * 16 + (uint64_t)digit;
    }
}

static void end_chunk_size(struct framing *f, char c)
{
    expect(f, c, '\n', IN_CHUNK_DATA);
    if (f->left > 0)
        return;
    f->is_trailer = true;
    begin_name(f);
}

static void step(struct framing *f, char c)
{
    switch ((enum state)f->state) {
    case IN_METHOD:
    case IN_TARGET:
    case IN_VERSION:
        step_line(f, c);
        break;
    case IN_LINE_LF:
    case IN_VALUE_LF:
        expect(f, c, '\n', IN_NAME_FIRST);
        begin_name(f);
        break;
    case IN_NAME_FIRST:
    case IN_NAME:
    case IN_VALUE:
        step_header(f, c);
        break;
    case IN_HEAD_LF:
        expect(f, c, '\n', IN_METHOD);
        if (f->reason == NULL)
            end_head(f);
        break;
    case IN_CHUNK_FIRST:
    case IN_CHUNK_SIZE:
        step_chunk_size(f, c);
        break;
    case IN_CHUNK_SIZE_LF:
        end_chunk_size(f, c);
        break;
    case IN_CHUNK_CR:
        expect(f, c, '\r', IN_CHUNK_LF);
        break;
    case IN_CHUNK_LF:
        expect(f, c, '\n', IN_CHUNK_FIRST);
        break;
    case IN_BODY:
    case IN_CHUNK_DATA:
        IMPOSSIBLE("a body is not stepped through");
    }
}

/* As much of a body as is there. */
static size_t skip(struct framing *f, size_t len)
{
    size_t n = f->left < len ? (size_t)f->left : len;
    f->left -= n;
    if (f->left == 0 && f->state == IN_BODY)
        end_request(f);
    else if (f->left == 0)
        f->state = IN_CHUNK_CR;
    return n;
}

const char *framing_feed(struct framing *f, const char *data, size_t len, size_t *good)
{
    size_t at = 0;
    while (at < len && f->reason == NULL) {
        if (f->state == IN_BODY || f->state == IN_CHUNK_DATA) {
            at += skip(f, len - at);
            continue;
        }
        step(f, data[at]);
        if (f->reason == NULL)
            at++;
    }
    *good = at;
    return f->reason;
}

bool framing_is_in_head(const struct framing *f)
{
    return f->state <= (int)IN_HEAD_LF && !f->is_trailer;
}

bool framing_is_in_chunk(const struct framing *f)
{
    return f->state > (int)IN_BODY && !f->is_trailer;
}
