/* unbuilt.c - the list is unbuilt.def. */
#include "cloud-manager/api/unbuilt.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
#define UNBUILT(name) #name,
#include "cloud-manager/api/unbuilt.def"
#undef UNBUILT
};

static int compare(const void *key, const void *name)
{
    const char *const *text = name;
    return strcmp(key, *text);
}

bool cloud_is_unbuilt(const char *name)
{
    return bsearch(name, names, sizeof names / sizeof names[0], sizeof names[0], compare) != NULL;
}
