/* item.c - the hash behind the sums of a link. */
#include "proto/sync/item.h"

#include <string.h>

static uint64_t mix(uint64_t h, const void *data, size_t len)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < len; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}

static uint64_t mix_number(uint64_t h, int64_t number)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)number >> (8 * i));
    return mix(h, bytes, sizeof bytes);
}

uint64_t sync_item_hash(const char *kind, const char *id, int64_t generation, int64_t pepoch,
                        int64_t number)
{
    uint64_t h = 0xcbf29ce484222325u;
    h = mix(h, kind, strlen(kind) + 1);
    h = mix(h, id, strlen(id) + 1);
    h = mix_number(h, generation);
    h = mix_number(h, pepoch);
    h = mix_number(h, number);
    /* FNV's high bits are weak for short inputs; a sum needs them all. */
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
    return h ^ (h >> 31);
}
