/* metadata_request.c - reads one hostile little HTTP request. */
#include "computer-manager/model/metadata_request.h"

#include "base/check.h"
#include "base/str.h"

#include <string.h>
#include <strings.h>

enum {
    BAD_REQUEST = 400,
    NO_METHOD = 405,
    TOO_LARGE = 413,
    URI_TOO_LONG = 414,
    HEAD_TOO_LARGE = 431,
    NO_TRANSFER = 501,
    NO_VERSION = 505
};

/* A run of bytes inside what arrived. */
struct piece {
    const char *at;
    size_t len;
};

static bool is(struct piece p, const char *text)
{
    return p.len == strlen(text) && strncasecmp(p.at, text, p.len) == 0;
}

static bool is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct piece p)
{
    for (size_t i = 0; i < p.len; i++)
        if (!is_token_char(p.at[i]))
            return false;
    return p.len > 0;
}

/* Cuts `rest` at the first `end`; the piece before it, or nothing at all of it. */
static bool cut(struct piece *rest, char end, struct piece *before)
{
    const char *at = rest->len > 0 ? memchr(rest->at, end, rest->len) : NULL;
    if (at == NULL)
        return false;
    *before = (struct piece){rest->at, (size_t)(at - rest->at)};
    *rest = (struct piece){at + 1, rest->len - before->len - 1};
    return true;
}

/* Cuts the next line, which ends in CR LF and holds no other CR and no NUL. */
static bool cut_line(struct piece *rest, struct piece *line)
{
    if (!cut(rest, '\n', line) || line->len == 0 || line->at[line->len - 1] != '\r')
        return false;
    line->len--;
    return memchr(line->at, '\r', line->len) == NULL && memchr(line->at, '\0', line->len) == NULL;
}

static int read_method(struct metadata_request *out, struct piece method)
{
    static const struct {
        const char *name;
        enum metadata_method method;
    } known[] = {{"GET", METADATA_GET}, {"HEAD", METADATA_HEAD}, {"PUT", METADATA_PUT}};
    if (!is_token(method))
        return BAD_REQUEST;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (method.len == strlen(known[i].name) &&
            memcmp(method.at, known[i].name, method.len) == 0) {
            out->method = known[i].method;
            return METADATA_WHOLE;
        }
    return NO_METHOD;
}

/* Keeps the path of an origin-form target; a query says nothing here and is dropped. */
static int read_target(struct metadata_request *out, struct piece target)
{
    if (target.len == 0 || target.at[0] != '/')
        return BAD_REQUEST;
    for (size_t i = 0; i < target.len; i++)
        if (target.at[i] < 0x21 || target.at[i] > 0x7e)
            return BAD_REQUEST;
    struct piece path = target, all = target;
    if (!cut(&all, '?', &path))
        path = target;
    if (path.len >= sizeof out->path)
        return URI_TOO_LONG;
    memcpy(out->path, path.at, path.len);
    out->path[path.len] = '\0';
    return METADATA_WHOLE;
}

static int read_request_line(struct metadata_request *out, struct piece line)
{
    struct piece method, target;
    if (!cut(&line, ' ', &method) || !cut(&line, ' ', &target))
        return BAD_REQUEST;
    if (line.len != 8 || memcmp(line.at, "HTTP/", 5) != 0)
        return BAD_REQUEST;
    int got = read_method(out, method);
    if (got != METADATA_WHOLE)
        return got;
    if (memcmp(line.at, "HTTP/1.1", 8) != 0 && memcmp(line.at, "HTTP/1.0", 8) != 0)
        return NO_VERSION;
    return read_target(out, target);
}

static int64_t read_seconds(struct piece value)
{
    char text[16];
    int64_t seconds;
    if (value.len == 0 || value.len >= sizeof text || memchr(value.at, '-', value.len) != NULL)
        return -1;
    memcpy(text, value.at, value.len);
    text[value.len] = '\0';
    return str_parse_i64(text, 0, INT32_MAX, &seconds) ? seconds : -1;
}

/* What of one request may come at most once. */
struct once {
    bool length, host;
};

static bool again(bool *seen)
{
    bool before = *seen;
    *seen = true;
    return before;
}

static int read_header(struct metadata_request *out, struct once *once, struct piece name,
                       struct piece value)
{
    if (is(name, "Transfer-Encoding"))
        return NO_TRANSFER;
    if (is(name, "Host"))
        return again(&once->host) ? BAD_REQUEST : METADATA_WHOLE;
    if (is(name, "Content-Length")) {
        int64_t body = read_seconds(value);
        if (again(&once->length) || body < 0)
            return BAD_REQUEST;
        return body == 0 ? METADATA_WHOLE : TOO_LARGE;
    }
    if (is(name, "X-Forwarded-For"))
        out->forwarded = true;
    if (is(name, "X-aws-ec2-metadata-token-ttl-seconds")) {
        if (again(&out->has_ttl))
            return BAD_REQUEST;
        out->ttl_s = read_seconds(value);
    }
    if (is(name, "X-aws-ec2-metadata-token")) {
        if (again(&out->has_token))
            return BAD_REQUEST;
        if (value.len < sizeof out->token)
            memcpy(out->token, value.at, value.len); /* zeroed before: ends in NUL */
    }
    return METADATA_WHOLE;
}

static int read_header_line(struct metadata_request *out, struct once *once, struct piece line)
{
    struct piece name;
    if (!cut(&line, ':', &name) || !is_token(name))
        return BAD_REQUEST; /* also a folded line, and a blank before the colon */
    while (line.len > 0 && (line.at[0] == ' ' || line.at[0] == '\t'))
        line = (struct piece){line.at + 1, line.len - 1};
    while (line.len > 0 && (line.at[line.len - 1] == ' ' || line.at[line.len - 1] == '\t'))
        line.len--;
    for (size_t i = 0; i < line.len; i++)
        if ((line.at[i] >= 0 && line.at[i] < 0x20 && line.at[i] != '\t') || line.at[i] == 0x7f)
            return BAD_REQUEST;
    return read_header(out, once, name, line);
}

int metadata_request_parse(struct metadata_request *out, const char *data, size_t len)
{
    PRE(out != NULL && (data != NULL || len == 0));
    *out = (struct metadata_request){.ttl_s = -1};
    size_t seen = len < METADATA_HEAD_MAX ? len : METADATA_HEAD_MAX;
    if (seen == 0 || memmem(data, seen, "\r\n\r\n", 4) == NULL)
        return len < METADATA_HEAD_MAX ? METADATA_MORE : HEAD_TOO_LARGE;
    struct piece rest = {data, seen}, line;
    struct once once = {false, false};
    int got = cut_line(&rest, &line) ? read_request_line(out, line) : BAD_REQUEST;
    while (got == METADATA_WHOLE) {
        if (!cut_line(&rest, &line))
            return BAD_REQUEST;
        if (line.len == 0)
            break; /* the empty line that ends the head */
        got = read_header_line(out, &once, line);
    }
    return got;
}
