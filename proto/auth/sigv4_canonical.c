/* sigv4_canonical.c - one spelling for each request (AWS General Reference, "Create a canonical
 * request"). */
#include "proto/auth/sigv4_canonical.h"

#include "base/arena.h"
#include "base/check.h"
#include "base/str.h"
#include "proto/auth/sigv4.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How a piece of a raw target is read before each byte is encoded. */
enum piece {
    PIECE_AS_IS,   /* escapes are text: '%' becomes "%25" */
    PIECE_S3_PATH, /* decoded; '/' stays */
    PIECE_QUERY,   /* decoded, '+' is a blank */
};

static bool is_unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

/* The byte at *from, which moves on; -1 for a bad escape. */
static int next_byte(const char **from, const char *end, enum piece piece)
{
    unsigned char c = (unsigned char)*(*from)++;
    if (piece == PIECE_AS_IS)
        return c;
    if (piece == PIECE_QUERY && c == '+')
        return ' ';
    if (c != '%')
        return c;
    unsigned char byte;
    if (end - *from < 2 || !str_unhex(&byte, 1, (const char[]){(*from)[0], (*from)[1], '\0'}))
        return -1;
    *from += 2;
    return byte;
}

/* Encodes into `to`, which has room for 3 * len + 1; the end of it, or NULL for a bad escape. */
static char *encode(char *to, const char *from, size_t len, enum piece piece)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *end = from + len;
    while (from < end) {
        int c = next_byte(&from, end, piece);
        if (c < 0)
            return NULL;
        if (is_unreserved((unsigned char)c) || (c == '/' && piece == PIECE_S3_PATH)) {
            *to++ = (char)c;
        } else {
            *to++ = '%';
            *to++ = digits[c >> 4];
            *to++ = digits[c & 15];
        }
    }
    *to = '\0';
    return to;
}

static enum err_code bad_escape(struct err *err)
{
    return err_set(err, ERR_BAD_REQUEST, "the target has a bad percent escape");
}

static enum err_code s3_path(struct buf *out, struct arena *arena, const char *path, size_t len,
                             struct err *err)
{
    char *text = arena_alloc(arena, 3 * len + 1);
    char *end = encode(text, path, len, PIECE_S3_PATH);
    if (end == NULL)
        return bad_escape(err);
    buf_append(out, text, (size_t)(end - text));
    return ERR_OK;
}

/* Drops the last "/segment" after `start`. */
static void drop_segment(struct buf *out, size_t start)
{
    while (out->len > start && out->data[out->len - 1] != '/')
        out->len--;
    if (out->len > start)
        out->len--;
}

/* RFC 3986 5.2.4, and empty segments go too; what stays is encoded once more. */
static void normal_path(struct buf *out, struct arena *arena, const char *path, size_t len)
{
    size_t start = out->len;
    char *text = arena_alloc(arena, 3 * len + 1);
    for (size_t i = 0; i < len;) {
        const char *segment = path + i;
        const char *slash = memchr(segment, '/', len - i);
        size_t n = slash != NULL ? (size_t)(slash - segment) : len - i;
        i += n + 1;
        if (n == 0 || (n == 1 && segment[0] == '.'))
            continue;
        if (n == 2 && segment[0] == '.' && segment[1] == '.') {
            drop_segment(out, start);
            continue;
        }
        char *end = encode(text, segment, n, PIECE_AS_IS);
        buf_char(out, '/');
        buf_append(out, text, (size_t)(end - text));
    }
    if (out->len == start || path[len - 1] == '/')
        buf_char(out, '/');
}

struct param {
    const char *name, *value; /* encoded; in the arena */
};

static int param_order(const void *a, const void *b)
{
    const struct param *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : strcmp(x->value, y->value);
}

static const char *encoded(struct arena *arena, const char *text, size_t len)
{
    char *to = arena_alloc(arena, 3 * len + 1);
    return encode(to, text, len, PIECE_QUERY) != NULL ? to : NULL;
}

/* One "name=value" or "name". */
static bool param_read(struct param *out, struct arena *arena, const char *text, size_t len)
{
    const char *eq = memchr(text, '=', len);
    size_t name_len = eq != NULL ? (size_t)(eq - text) : len;
    out->name = encoded(arena, text, name_len);
    out->value = eq != NULL ? encoded(arena, eq + 1, len - name_len - 1) : "";
    return out->name != NULL && out->value != NULL;
}

static size_t params_count(const char *query)
{
    size_t count = 1;
    for (const char *p = query; *p != '\0'; p++)
        count += *p == '&';
    return count;
}

/* Reads all; empty ones ("a&&b") are none. */
static enum err_code params_read(struct param *params, size_t *len, struct arena *arena,
                                 const char *query, struct err *err)
{
    *len = 0;
    for (const char *p = query; *p != '\0';) {
        size_t n = strcspn(p, "&");
        if (n > 0 && !param_read(&params[(*len)++], arena, p, n))
            return bad_escape(err);
        p += n + (p[n] == '&');
    }
    return ERR_OK;
}

static enum err_code canonical_query(struct buf *out, struct arena *arena, const char *query,
                                     struct err *err)
{
    size_t count = params_count(query), len;
    if (count > SIGV4_QUERY_MAX)
        return err_set(err, ERR_BAD_REQUEST, "more than %d parameters in the query",
                       SIGV4_QUERY_MAX);
    struct param *params = arena_alloc(arena, count * sizeof *params);
    enum err_code code = params_read(params, &len, arena, query, err);
    if (code != ERR_OK)
        return code;
    qsort(params, len, sizeof *params, param_order);
    for (size_t i = 0; i < len; i++) {
        if (i > 0)
            buf_char(out, '&');
        buf_text(out, params[i].name);
        buf_char(out, '=');
        buf_text(out, params[i].value);
    }
    return ERR_OK;
}

enum err_code sigv4_canonical_target(struct buf *out, const char *target, const char *service,
                                     struct err *err)
{
    if (target[0] != '/')
        return err_set(err, ERR_BAD_REQUEST, "the target is not a path");
    CLEANUP(arena_fini) struct arena arena = {0};
    size_t path_len = strcspn(target, "?");
    enum err_code code = ERR_OK;
    if (str_eq(service, "s3"))
        code = s3_path(out, &arena, target, path_len, err);
    else
        normal_path(out, &arena, target, path_len);
    if (code != ERR_OK)
        return code;
    buf_char(out, '\n');
    const char *query = target + path_len + (target[path_len] == '?');
    code = canonical_query(out, &arena, query, err);
    buf_char(out, '\n');
    return code;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Without blanks at the ends; runs of them inside become one. */
static void canonical_value(struct buf *out, const char *value)
{
    while (is_blank(*value))
        value++;
    for (; *value != '\0'; value++) {
        if (!is_blank(*value))
            buf_char(out, *value);
        else if (value[1] != '\0' && !is_blank(value[1]))
            buf_char(out, ' ');
    }
}

static bool name_is(const char *name, const char *signed_name, size_t len)
{
    return strncasecmp(name, signed_name, len) == 0 && name[len] == '\0';
}

static bool canonical_header(struct buf *out, const struct header *headers, size_t headers_len,
                             const char *name, size_t name_len)
{
    size_t found = 0;
    for (size_t i = 0; i < headers_len; i++) {
        if (!name_is(headers[i].name, name, name_len))
            continue;
        if (found++ == 0)
            buf_append(out, name, name_len);
        buf_char(out, found == 1 ? ':' : ',');
        canonical_value(out, headers[i].value);
    }
    buf_char(out, '\n');
    return found > 0;
}

enum err_code sigv4_canonical_headers(struct buf *out, const struct header *headers,
                                      size_t headers_len, const char *signed_headers,
                                      struct err *err)
{
    for (const char *name = signed_headers; *name != '\0';) {
        size_t len = strcspn(name, ";");
        if (!canonical_header(out, headers, headers_len, name, len))
            return err_set(err, ERR_INCOMPLETE_SIGNATURE, "signed header %.*s is not there",
                           (int)len, name);
        name += len + (name[len] == ';');
    }
    return ERR_OK;
}

bool sigv4_is_signed(const char *signed_headers, const char *name)
{
    for (const char *p = signed_headers; *p != '\0';) {
        size_t len = strcspn(p, ";");
        if (name_is(name, p, len))
            return true;
        p += len + (p[len] == ';');
    }
    return false;
}
