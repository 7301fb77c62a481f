/* gate.c - target: may this request be looked at (proto/http/gate.h)?
 *
 * Lines: method, target, version, then headers. Holds: what passes has every property that the gate
 * is there for, asked here once more and plainly; the order of headers and the case of names change
 * nothing. */
#include "proto/http/gate.h"

#include "base/check.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEADERS_MAX = GATE_HEADERS_MAX + 20 };

struct written {
    struct gate_request gate;
    struct gate_header headers[HEADERS_MAX];
    char *lines[HEADERS_MAX];
};

static void read_header(struct written *r, struct fuzz *input)
{
    size_t len, i = r->gate.headers_len++;
    char *line = r->lines[i] = fuzz_until(input, '\n', &len);
    const char *colon = memchr(line, ':', len);
    size_t name_len = colon != NULL ? (size_t)(colon - line) : len;
    size_t used = name_len + (colon != NULL);
    r->headers[i] = (struct gate_header){line, name_len, line + used, len - used};
}

static size_t count(const struct gate_request *r, const char *name, const struct gate_header **last)
{
    size_t n = 0;
    for (size_t i = 0; i < r->headers_len; i++)
        if (r->headers[i].name_len == strlen(name) &&
            strncasecmp(r->headers[i].name, name, strlen(name)) == 0) {
            *last = &r->headers[i];
            n++;
        }
    return n;
}

static bool is_header_clean(const struct gate_header *h)
{
    for (size_t i = 0; i < h->name_len; i++)
        if (h->name[i] <= ' ' || h->name[i] >= 0x7f ||
            strchr("\"(),/:;<=>?@[\\]{}", h->name[i]) != NULL)
            return false;
    for (size_t i = 0; i < h->value_len; i++)
        if (iscntrl((unsigned char)h->value[i]) && h->value[i] != '\t')
            return false;
    return h->name_len > 0;
}

static void hold_single_headers(const struct gate_request *r)
{
    const struct gate_header *h = NULL;
    INV(count(r, "host", &h) == 1 && h->value_len > 0);
    INV(count(r, "authorization", &h) <= 1 && count(r, "x-amz-date", &h) <= 1);
    if (count(r, "expect", &h) > 0)
        INV(count(r, "expect", &h) == 1 && strncasecmp(h->value, "100-continue", 12) == 0);
}

static void hold_body(const struct gate_request *r, const struct gate_verdict *verdict)
{
    const struct gate_header *coding = NULL, *length = NULL;
    size_t codings = count(r, "transfer-encoding", &coding);
    size_t lengths = count(r, "content-length", &length);
    INV(codings + lengths <= 1);
    INV((verdict->length == -1) == (codings == 1));
    INV(codings == 0 || (str_eq(r->version, "HTTP/1.1") && coding->value_len == 7));
    if (lengths == 0)
        return;
    char *text = strndup(length->value, length->value_len), *end;
    INV(text != NULL && isdigit((unsigned char)*text));
    INV((int64_t)strtoull(text, &end, 10) == verdict->length && *end == '\0');
    free(text);
}

static void hold_passed(const struct gate_request *r, const struct gate_verdict *verdict)
{
    INV(r->headers_len <= GATE_HEADERS_MAX && strlen(r->target) <= GATE_TARGET_MAX);
    INV(r->target[0] == '/' && strchr(r->target, '#') == NULL);
    for (const char *p = r->target; *p != '\0'; p++)
        INV(isgraph((unsigned char)*p));
    for (size_t i = 0; i < r->headers_len; i++)
        INV(is_header_clean(&r->headers[i]));
    hold_single_headers(r);
    hold_body(r, verdict);
}

/* The same request, written the other way round. */
static void hold_order(struct written *r, const struct gate_verdict *verdict)
{
    size_t len = r->gate.headers_len;
    for (size_t i = 0; i < len / 2; i++) {
        struct gate_header h = r->headers[i];
        r->headers[i] = r->headers[len - 1 - i];
        r->headers[len - 1 - i] = h;
    }
    for (size_t i = 0; i < len; i++) {
        size_t name_len = strcspn(r->lines[i], ":");
        for (size_t k = 0; k < name_len; k++)
            if (isalpha((unsigned char)r->lines[i][k]))
                r->lines[i][k] = (char)(r->lines[i][k] ^ 0x20);
    }
    struct gate_verdict again = gate_judge(&r->gate);
    INV((again.status == 0) == (verdict->status == 0) && again.length == verdict->length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz input = {data, len};
    char *method = fuzz_line(&input), *target = fuzz_line(&input), *version = fuzz_line(&input);
    struct written r = {.gate = {.method = method, .target = target, .version = version}};
    r.gate.headers = r.headers;
    while (input.len > 0 && r.gate.headers_len < HEADERS_MAX)
        read_header(&r, &input);
    struct gate_verdict verdict = gate_judge(&r.gate);
    INV(verdict.reason != NULL && (verdict.status == 0 || verdict.status >= 400));
    if (verdict.status == 0)
        hold_passed(&r.gate, &verdict);
    hold_order(&r, &verdict);
    for (size_t i = 0; i < r.gate.headers_len; i++)
        free(r.lines[i]);
    free(method);
    free(target);
    free(version);
    return 0;
}
