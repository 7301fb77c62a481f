/* sigv4_naive.c - see sigv4_naive.h. */
#include "tests/fuzz/sigv4_naive.h"

#include "base/check.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { PIECES_MAX = 2048 };

/* UriEncode of one byte. */
static void put_encoded(struct buf *out, unsigned char c, bool keeps_slash)
{
    if (isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~' || (c == '/' && keeps_slash))
        buf_char(out, (char)c);
    else
        buf_printf(out, "%%%02X", c);
}

/* What the bytes of `text` stand for; false: a bad escape. */
static bool decode(struct buf *out, const char *text, size_t len, bool plus_is_blank)
{
    buf_text(out, "");
    for (size_t i = 0; i < len; i++) {
        char hex[3] = "";
        if (text[i] == '+' && plus_is_blank) {
            buf_char(out, ' ');
        } else if (text[i] != '%') {
            buf_char(out, text[i]);
        } else {
            if (len - i < 3 || !isxdigit((unsigned char)text[i + 1]) ||
                !isxdigit((unsigned char)text[i + 2]))
                return false;
            memcpy(hex, text + i + 1, 2);
            buf_char(out, (char)strtoul(hex, NULL, 16));
            i += 2;
        }
    }
    return true;
}

static bool put_decoded(struct buf *out, const char *text, size_t len, bool is_query)
{
    CLEANUP(buf_fini) struct buf plain = {0};
    if (!decode(&plain, text, len, is_query))
        return false;
    for (size_t i = 0; i < plain.len; i++)
        put_encoded(out, (unsigned char)plain.data[i], !is_query);
    return true;
}

/* Segments on a stack: "." and nothing are none, ".." takes one away. */
static void put_normal_path(struct buf *out, const char *path, size_t len)
{
    struct {
        size_t at, len;
    } stack[PIECES_MAX];
    size_t depth = 0;
    for (size_t at = 0, n; at < len; at += n + 1) {
        for (n = 0; at + n < len && path[at + n] != '/';)
            n++;
        if (n == 2 && path[at] == '.' && path[at + 1] == '.') {
            depth -= depth > 0;
        } else if (n > 0 && !(n == 1 && path[at] == '.')) {
            INV(depth < PIECES_MAX);
            stack[depth].at = at;
            stack[depth++].len = n;
        }
    }
    for (size_t i = 0; i < depth; i++) {
        buf_char(out, '/');
        for (size_t k = 0; k < stack[i].len; k++)
            put_encoded(out, (unsigned char)path[stack[i].at + k], false);
    }
    if (depth == 0 || path[len - 1] == '/')
        buf_char(out, '/');
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "name\1value": sorted by name, then by value, since nothing encoded is below '\1'. */
static bool put_query(struct buf *out, const char *query)
{
    char *params[PIECES_MAX];
    size_t len = 0;
    bool fine = true;
    for (size_t n; *query != '\0' && fine; query += n + (query[n] == '&')) {
        struct buf one = {0};
        n = strcspn(query, "&");
        size_t name = strcspn(query, "=&");
        if (n == 0)
            continue;
        fine = len < PIECES_MAX && put_decoded(&one, query, name, true);
        buf_char(&one, '\1');
        fine = fine && (name == n || put_decoded(&one, query + name + 1, n - name - 1, true));
        if (fine)
            params[len++] = one.data;
        else
            buf_fini(&one);
    }
    qsort(params, len, sizeof *params, by_text);
    for (size_t i = 0; i < len; i++) {
        *strchr(params[i], '\1') = '=';
        buf_printf(out, "%s%s", i > 0 ? "&" : "", params[i]);
        free(params[i]);
    }
    return fine;
}

/* Words with one blank between them. */
static void put_trimmed(struct buf *out, const char *value)
{
    for (const char *blank = ""; *value != '\0';) {
        size_t n = strcspn(value, " \t\r\n");
        if (n > 0) {
            buf_text(out, blank);
            buf_append(out, value, n);
            blank = " ";
        }
        value += n + strspn(value + n, " \t\r\n");
    }
}

static bool is_called(const char *name, const char *lower, size_t len)
{
    if (strlen(name) != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (tolower((unsigned char)name[i]) != lower[i])
            return false;
    return true;
}

static bool put_header(struct buf *out, const struct naive_request *r, const char *name, size_t len)
{
    const char *between = ":";
    buf_append(out, name, len);
    for (size_t i = 0; i < r->headers_len; i++)
        if (is_called(r->headers[i].name, name, len)) {
            buf_text(out, between);
            put_trimmed(out, r->headers[i].value);
            between = ",";
        }
    buf_char(out, '\n');
    return *between == ',';
}

bool sigv4_naive(struct buf *out, const struct naive_request *r)
{
    size_t path = strcspn(r->target, "?");
    if (r->target[0] != '/')
        return false;
    buf_printf(out, "%s\n", r->method);
    if (!r->is_s3)
        put_normal_path(out, r->target, path);
    else if (!put_decoded(out, r->target, path, false))
        return false;
    buf_char(out, '\n');
    if (!put_query(out, r->target + path + (r->target[path] == '?')))
        return false;
    buf_char(out, '\n');
    for (const char *name = r->signed_headers; *name != '\0';) {
        size_t len = strcspn(name, ";");
        if (!put_header(out, r, name, len))
            return false;
        name += len + (name[len] == ';');
    }
    buf_printf(out, "\n%s\n%s", r->signed_headers, r->payload);
    return true;
}
