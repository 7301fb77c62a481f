/* target.c - decodes a raw target. Called once for each request, before anything is believed. */
#include "dos/api/s3/target.h"

#include "base/str.h"
#include "dos/model/name.h"

#include <string.h>

/* Decodes [from, end); NULL for a bad escape, a NUL or what is not UTF-8. */
static char *decode(struct arena *arena, const char *from, const char *end, bool plus_is_blank)
{
    char *out = arena_alloc(arena, (size_t)(end - from) + 1);
    size_t len = 0;
    for (; from < end; from++) {
        char c = *from == '+' && plus_is_blank ? ' ' : *from;
        if (*from == '%') {
            char hex[3] = {0};
            if (end - from < 3)
                return NULL;
            memcpy(hex, from + 1, 2);
            if (!str_unhex(&c, 1, hex))
                return NULL;
            from += 2;
        }
        out[len++] = c;
    }
    return dos_name_is_utf8(out, len) ? out : NULL;
}

static enum err_code read_query(struct s3_target *t, const char *at, struct arena *arena,
                                struct err *err)
{
    while (*at != '\0') {
        const char *end = at + strcspn(at, "&");
        const char *equals = memchr(at, '=', (size_t)(end - at));
        const char *name = decode(arena, at, equals != NULL ? equals : end, true);
        const char *value = equals != NULL ? decode(arena, equals + 1, end, true) : "";
        if (name == NULL || value == NULL || t->params_len == S3_PARAMS_MAX)
            return err_set(err, ERR_BAD_REQUEST, "The query could not be read");
        if (*name != '\0')
            t->params[t->params_len++] = (struct s3_param){name, value};
        at = *end == '&' ? end + 1 : end;
    }
    return ERR_OK;
}

enum err_code s3_target_read(struct s3_target *t, const char *raw, struct arena *arena,
                             struct err *err)
{
    *t = (struct s3_target){.bucket = "", .key = ""};
    if (*raw != '/')
        return err_set(err, ERR_BAD_REQUEST, "The target is not a path");
    const char *path = raw + 1, *end = path + strcspn(path, "?");
    const char *slash = memchr(path, '/', (size_t)(end - path));
    t->bucket = decode(arena, path, slash != NULL ? slash : end, false);
    if (slash != NULL)
        t->key = decode(arena, slash + 1, end, false);
    if (t->bucket == NULL || t->key == NULL)
        return err_set(err, ERR_BAD_REQUEST, "Could not parse the specified URI");
    if (strlen(t->key) >= DOS_KEY_SIZE)
        return err_set(err, ERR_KEY_TOO_LONG, "Your key is too long");
    return *end == '?' ? read_query(t, end + 1, arena, err) : ERR_OK;
}

const char *s3_target_param(const struct s3_target *t, const char *name)
{
    for (size_t i = 0; i < t->params_len; i++)
        if (str_eq(t->params[i].name, name))
            return t->params[i].value;
    return NULL;
}
