/* type.c - the table of instance types. */
#include "cloud-manager/model/type.h"

#include "base/str.h"

static const struct cloud_type table[] = {
#define TYPE(name, vcpus, memory_mib) {name, vcpus, memory_mib},
#include "cloud-manager/model/types.def"
#undef TYPE
};

const struct cloud_type *cloud_type_at(size_t index)
{
    return index < sizeof table / sizeof table[0] ? &table[index] : NULL;
}

const struct cloud_type *cloud_type_get(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (str_eq(table[i].name, name))
            return &table[i];
    return NULL;
}
