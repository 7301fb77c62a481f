/* check.c - the end of a process that found itself wrong. */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void check_failed(const char *kind, const char *what, const char *file, int line, const char *func)
{
    fprintf(stderr, "%s failed: %s at %s:%d in %s\n", kind, what, file, line, func);
    abort();
}

void *check_alloc(unsigned long size_bytes)
{
    void *p = calloc(1, size_bytes > 0 ? size_bytes : 1);
    if (p == NULL)
        check_failed("MEMORY", "calloc", __FILE__, __LINE__, __func__);
    return p;
}

void *check_realloc(void *old, unsigned long size_bytes)
{
    void *p = realloc(old, size_bytes > 0 ? size_bytes : 1);
    if (p == NULL)
        check_failed("MEMORY", "realloc", __FILE__, __LINE__, __func__);
    return p;
}

char *check_strdup(const char *text)
{
    PRE(text != NULL);
    char *p = strdup(text);
    if (p == NULL)
        check_failed("MEMORY", "strdup", __FILE__, __LINE__, __func__);
    return p;
}
