/* query.c - decoding the form encoding strictly, and asking for parameters. */
#include "cloud-manager/api/query.h"

#include "base/check.h"
#include "base/str.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

const char *cloud_query_unescape(struct arena *arena, const char *text, size_t len,
                                 bool plus_is_blank)
{
    char *out = arena_alloc(arena, len + 1);
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '%') {
            out[n++] = text[i] == '+' && plus_is_blank ? ' ' : text[i];
            continue;
        }
        int high = i + 1 < len ? hex_digit(text[i + 1]) : -1;
        int low = i + 2 < len ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0)
            return NULL;
        out[n++] = (char)(high << 4 | low);
        i += 2;
    }
    return utf8_is(out, n) ? out : NULL;
}

static enum err_code add_param(struct cloud_query *q, const char *text, size_t len, struct err *err)
{
    const char *equals = memchr(text, '=', len);
    size_t name_len = equals != NULL ? (size_t)(equals - text) : len;
    const char *name = cloud_query_unescape(q->arena, text, name_len, true);
    const char *value = "";
    if (equals != NULL)
        value = cloud_query_unescape(q->arena, equals + 1, len - name_len - 1, true);
    if (name == NULL || value == NULL)
        return err_set(err, ERR_BAD_REQUEST,
                       "a parameter is not well-formed percent-encoded UTF-8");
    if (*value == '\0')
        return ERR_OK;
    q->params[q->len++] = (struct cloud_param){name, value, false};
    return ERR_OK;
}

static enum err_code add_form(struct cloud_query *q, const char *text, size_t len, struct err *err)
{
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '&', len - at);
        size_t n = end != NULL ? (size_t)(end - text) - at : len - at;
        if (n > 0 && add_param(q, text + at, n, err) != ERR_OK)
            return err->code;
        at += n + 1;
    }
    return ERR_OK;
}

/* How many there are at most. */
static size_t count_form(const char *text, size_t len)
{
    size_t n = 1;
    for (size_t i = 0; i < len; i++)
        n += text[i] == '&';
    return n;
}

static int by_name(const void *a, const void *b)
{
    const struct cloud_param *x = a, *y = b;
    return strcmp(x->name, y->name);
}

enum err_code cloud_query_decode(struct cloud_query *q, struct arena *arena, const char *target,
                                 const char *body, size_t body_len, struct err *err)
{
    const char *mark = strchr(target, '?');
    if (body_len > CLOUD_QUERY_SIZE_MAX)
        return err_set(err, ERR_TOO_LARGE, "the parameters take more than %d bytes",
                       CLOUD_QUERY_SIZE_MAX);
    size_t most = count_form(target, strlen(target)) + count_form(body, body_len);
    *q = (struct cloud_query){.arena = arena};
    if (most > CLOUD_QUERY_PARAMS_MAX)
        return err_set(err, ERR_BAD_REQUEST, "more than %d parameters", CLOUD_QUERY_PARAMS_MAX);
    q->params = arena_alloc(arena, most * sizeof *q->params);
    if (mark != NULL && add_form(q, mark + 1, strlen(mark + 1), err) != ERR_OK)
        return err->code;
    if (add_form(q, body, body_len, err) != ERR_OK)
        return err->code;
    qsort(q->params, q->len, sizeof *q->params, by_name);
    for (size_t i = 1; i < q->len; i++)
        if (str_eq(q->params[i - 1].name, q->params[i].name))
            return err_set(err, ERR_BAD_REQUEST, "the parameter %s is given twice",
                           q->params[i].name);
    return ERR_OK;
}

void cloud_query_begin(struct cloud_query *q, struct arena *arena, size_t most)
{
    *q = (struct cloud_query){.arena = arena};
    q->params = arena_alloc(arena, (most + 1) * sizeof *q->params);
    q->most = most;
}

void cloud_query_add(struct cloud_query *q, const char *name, const char *value)
{
    PRE(q->len < q->most);
    if (*value != '\0')
        q->params[q->len++] = (struct cloud_param){name, value, false};
}

enum err_code cloud_query_end(struct cloud_query *q, struct err *err)
{
    qsort(q->params, q->len, sizeof *q->params, by_name);
    for (size_t i = 1; i < q->len; i++)
        if (str_eq(q->params[i - 1].name, q->params[i].name))
            return err_set(err, ERR_PARAMETER_COMBINATION,
                           "two members of the request mean the same thing (%s)",
                           q->params[i].name);
    return ERR_OK;
}

static struct cloud_param *find(const struct cloud_query *q, const char *name)
{
    struct cloud_param key = {.name = name};
    return q->len == 0 ? NULL : bsearch(&key, q->params, q->len, sizeof *q->params, by_name);
}

bool cloud_query_has(const struct cloud_query *q, const char *name)
{
    return find(q, name) != NULL;
}

const char *cloud_query_get(struct cloud_query *q, const char *name)
{
    struct cloud_param *param = find(q, name);
    if (param == NULL)
        return NULL;
    param->is_used = true;
    return param->value;
}

const char *cloud_query_getf(struct cloud_query *q, const char *fmt, ...)
{
    char name[128];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(name, sizeof name, fmt, args);
    va_end(args);
    INV(len > 0 && (size_t)len < sizeof name);
    return cloud_query_get(q, name);
}

enum err_code cloud_query_need(struct cloud_query *q, const char *name, const char **out,
                               struct err *err)
{
    *out = cloud_query_get(q, name);
    if (*out == NULL)
        return err_set(err, ERR_MISSING_PARAMETER, "The request must contain the parameter %s",
                       name);
    return ERR_OK;
}

enum err_code cloud_query_i64(struct cloud_query *q, const char *name, int64_t min, int64_t max,
                              int64_t otherwise, int64_t *out, struct err *err)
{
    const char *text = cloud_query_get(q, name);
    *out = otherwise;
    if (text != NULL && !str_parse_i64(text, min, max, out))
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Value (%.64s) for parameter %s is invalid. Expecting a whole number from "
                       "%lld to %lld.",
                       text, name, (long long)min, (long long)max);
    return ERR_OK;
}

enum err_code cloud_query_bool(struct cloud_query *q, const char *name, bool otherwise, bool *out,
                               struct err *err)
{
    const char *text = cloud_query_get(q, name);
    *out = text != NULL ? str_eq(text, "true") : otherwise;
    if (text != NULL && !*out && !str_eq(text, "false"))
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Value (%.64s) for parameter %s is invalid. Expecting true or false.", text,
                       name);
    return ERR_OK;
}
