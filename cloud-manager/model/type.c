/* type.c - the table of instance types. */
#include "cloud-manager/model/type.h"

#include "base/str.h"

static const struct cloud_type table[CLOUD_TYPES] = {
#define TYPE(name, vcpus, memory_mib) {name, vcpus, memory_mib},
#include "cloud-manager/model/types.def"
#undef TYPE
};

const struct cloud_type *cloud_type_at(size_t index)
{
    return index < CLOUD_TYPES ? &table[index] : NULL;
}

const struct cloud_type *cloud_type_get(const char *name)
{
    for (size_t i = 0; i < CLOUD_TYPES; i++)
        if (str_eq(table[i].name, name))
            return &table[i];
    return NULL;
}

int64_t cloud_type_slots(const struct cloud_type *type, int64_t vcpus, int64_t memory_mib)
{
    int64_t by_memory = (memory_mib + type->memory_mib - 1) / type->memory_mib;
    int64_t by_vcpus = (vcpus + type->vcpus - 1) / type->vcpus;
    return by_memory > by_vcpus ? by_memory : by_vcpus;
}
