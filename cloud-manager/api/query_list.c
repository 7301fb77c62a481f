/* query_list.c - numbered lists of parameters, and what is said of all of them (query.h). */
#include "cloud-manager/api/query.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>

/* The N of prefix.N or prefix.N.more; 0 when `name` is neither. `*rest` is what follows. */
static unsigned number_after(const char *name, const char *prefix, const char **rest)
{
    size_t len = strlen(prefix);
    if (strncmp(name, prefix, len) != 0 || name[len] != '.')
        return 0;
    const char *digits = name + len + 1;
    size_t n = strspn(digits, "0123456789");
    char text[8];
    int64_t number = 0;
    if (n == 0 || n >= sizeof text || digits[0] == '0')
        return 0;
    memcpy(text, digits, n);
    text[n] = '\0';
    *rest = digits + n;
    return str_parse_i64(text, 1, CLOUD_QUERY_PARAMS_MAX, &number) ? (unsigned)number : 0;
}

struct numbered {
    unsigned number;
    const char *value;
};

static int by_number(const void *a, const void *b)
{
    const struct numbered *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

struct cloud_texts cloud_query_list(struct cloud_query *q, const char *prefix)
{
    struct numbered *found = arena_alloc(q->arena, (q->len + 1) * sizeof *found);
    struct cloud_texts out = {0};
    const char *rest;
    for (size_t i = 0; i < q->len; i++) {
        unsigned number = number_after(q->params[i].name, prefix, &rest);
        if (number == 0 || *rest != '\0')
            continue;
        q->params[i].is_used = true;
        found[out.len++] = (struct numbered){number, q->params[i].value};
    }
    qsort(found, out.len, sizeof *found, by_number);
    out.list = arena_alloc(q->arena, (out.len + 1) * sizeof *out.list);
    for (size_t i = 0; i < out.len; i++)
        out.list[i] = found[i].value;
    return out;
}

struct cloud_indices cloud_query_indices(const struct cloud_query *q, const char *prefix)
{
    struct numbered *found = arena_alloc(q->arena, (q->len + 1) * sizeof *found);
    struct cloud_indices out = {0};
    const char *rest;
    size_t len = 0;
    for (size_t i = 0; i < q->len; i++) {
        unsigned number = number_after(q->params[i].name, prefix, &rest);
        if (number != 0 && *rest == '.')
            found[len++] = (struct numbered){number, NULL};
    }
    qsort(found, len, sizeof *found, by_number);
    out.list = arena_alloc(q->arena, (len + 1) * sizeof *out.list);
    for (size_t i = 0; i < len; i++)
        if (out.len == 0 || out.list[out.len - 1] != found[i].number)
            out.list[out.len++] = found[i].number;
    return out;
}

bool cloud_query_accept(struct cloud_query *q, const char *name, const char *value)
{
    for (size_t i = 0; i < q->len; i++)
        if (str_eq(q->params[i].name, name) && str_eq(q->params[i].value, value))
            return q->params[i].is_used = true;
    return false;
}

enum err_code cloud_query_done(const struct cloud_query *q, struct err *err)
{
    for (size_t i = 0; i < q->len; i++)
        if (!q->params[i].is_used)
            return err_set(err, ERR_UNSUPPORTED, "The parameter %.100s is not supported",
                           q->params[i].name);
    return ERR_OK;
}

void cloud_query_hash(const struct cloud_query *q, const char *const *without,
                      char out[DIGEST_SHA256_HEX_SIZE])
{
    unsigned char hash[DIGEST_SHA256_SIZE];
    struct digest d = {0};
    digest_open(&d, DIGEST_SHA256);
    for (size_t i = 0; i < q->len; i++) {
        const char *const *skip = without;
        while (*skip != NULL && !str_eq(*skip, q->params[i].name))
            skip++;
        if (*skip != NULL)
            continue;
        /* With their NULs, so that no two lists run together. */
        digest_update(&d, q->params[i].name, strlen(q->params[i].name) + 1);
        digest_update(&d, q->params[i].value, strlen(q->params[i].value) + 1);
    }
    digest_finish(&d, hash);
    str_hex(out, hash, sizeof hash);
}
