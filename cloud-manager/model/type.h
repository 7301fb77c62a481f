/* type.h - instance types: how much of a host each takes. Pure; the table is types.def. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
#define TYPE(name, vcpus, memory_mib) +1
    CLOUD_TYPES = 0
#include "cloud-manager/model/types.def"
#undef TYPE
};

struct cloud_type {
    const char *name; /* "t1.nano" */
    int64_t vcpus, memory_mib;
};

/* The row of `name`, or NULL. */
const struct cloud_type *cloud_type_get(const char *name);
/* How many of `type` could have had the room of those vCPUs and that memory, rounded up. */
int64_t cloud_type_slots(const struct cloud_type *type, int64_t vcpus, int64_t memory_mib);
/* Row `index`, in the order of the table; NULL past the end. */
const struct cloud_type *cloud_type_at(size_t index);
