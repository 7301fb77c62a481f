/* load.c - see load.h. */
#include "proto/wire/load.h"

#include "base/check.h"

#include <stdlib.h>

static void *allocate(size_t size)
{
    void *p = malloc(size);
    if (p == NULL)
        check_failed("MEMORY", "malloc", __FILE__, __LINE__, __func__);
    return p;
}

/* Before main(): jansson wants it before its first value, and there is no thread yet. */
__attribute__((constructor)) static void tell(void)
{
    json_set_alloc_funcs(allocate, free);
}

json_t *wire_load(const char *text, size_t len, size_t flags, json_error_t *why)
{
    return json_loadb(text, len, JSON_REJECT_DUPLICATES | flags, why);
}
