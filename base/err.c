/* err.c - the error table and its carrier. */
#include "base/err.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct err_row table[ERR_COUNT] = {
#define ERR(name, http, ec2, s3, retry, level) \
    {#name, http, ec2, s3, ERR_##retry, ERR_LEVEL_##level},
#include "base/err.def"
#undef ERR
};

const struct err_row *err_row(enum err_code code)
{
    PRE((unsigned)code < ERR_COUNT);
    return &table[code];
}

enum err_code err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
    PRE((unsigned)code < ERR_COUNT);
    if (err != NULL) {
        va_list args;
        va_start(args, fmt);
        vsnprintf(err->text, sizeof err->text, fmt, args);
        va_end(args);
        err->code = code;
    }
    return code;
}

enum err_code err_wrap(struct err *err, const char *fmt, ...)
{
    PRE(err != NULL && err->code != ERR_OK);
    char context[ERR_TEXT_SIZE], whole[2 * ERR_TEXT_SIZE + 2];
    va_list args;
    va_start(args, fmt);
    vsnprintf(context, sizeof context, fmt, args);
    va_end(args);
    int len = snprintf(whole, sizeof whole, "%s: %s", context, err->text);
    POST(len > 0);
    memcpy(err->text, whole, sizeof err->text - 1);
    err->text[sizeof err->text - 1] = '\0';
    return err->code;
}

enum err_code err_parse(const char *name)
{
    for (unsigned i = 0; i < ERR_COUNT; i++)
        if (strcmp(table[i].name, name) == 0)
            return (enum err_code)i;
    return ERR_INTERNAL;
}
