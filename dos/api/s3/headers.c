/* headers.c - the headers that an object keeps. The gate has refused control bytes in them. */
#include "dos/api/s3/headers.h"

#include "base/str.h"
#include "dos/op.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *const kept[] = {"content-type",     "cache-control",    "content-disposition",
                                   "content-encoding", "content-language", "expires"};

static bool is_kept(const char *name)
{
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (strcasecmp(name, kept[i]) == 0)
            return true;
    return false;
}

static void add(struct buf *out, const struct header *h)
{
    for (const char *at = h->name; *at != '\0'; at++)
        buf_char(out, (char)tolower((unsigned char)*at));
    buf_printf(out, ": %s\n", h->value);
}

enum err_code s3_headers_collect(struct buf *out, const struct request *r, struct err *err)
{
    size_t meta = 0, before = out->len;
    for (size_t i = 0; i < r->headers_len; i++) {
        const struct header *h = &r->headers[i];
        bool is_meta = strncasecmp(h->name, "x-amz-meta-", 11) == 0;
        if (is_meta)
            meta += strlen(h->name) - 11 + strlen(h->value);
        if (is_meta || is_kept(h->name))
            add(out, h);
    }
    if (meta > S3_METADATA_MAX || out->len - before > DOS_HEADERS_MAX)
        return err_set(err, ERR_METADATA_SIZE,
                       "Your metadata headers exceed the maximum allowed metadata size");
    return ERR_OK;
}

size_t s3_headers_replay(const char *lines, struct arena *arena, const char **content_type,
                         struct header *headers, size_t max)
{
    size_t len = 0;
    *content_type = "binary/octet-stream";
    for (const char *at = lines; *at != '\0' && len < max;) {
        const char *colon = strstr(at, ": "), *end = strchr(at, '\n');
        if (colon == NULL || end == NULL || colon > end)
            break;
        const char *name = arena_strndup(arena, at, (size_t)(colon - at));
        const char *value = arena_strndup(arena, colon + 2, (size_t)(end - colon) - 2);
        if (str_eq(name, "content-type"))
            *content_type = value;
        else
            headers[len++] = (struct header){name, value};
        at = end + 1;
    }
    return len;
}
