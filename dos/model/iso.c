/* iso.c - see iso.h. Called by the image import. */
#include "dos/model/iso.h"

#include "base/check.h"

#include <string.h>

enum {
    BLOCK = 2048,
    PRIMARY = 16 * BLOCK, /* the first descriptor; what is before it is the system's own */
    FIRST_TYPE = 1,
    FIRST_VERSION = 1,
    AT_SPACE = 80, /* both orders of bytes: little, then big */
    AT_BLOCK = 128,
};

bool dos_iso_is(const unsigned char *prefix, size_t len)
{
    return len >= PRIMARY + BLOCK && memcmp(prefix + PRIMARY + 1, "CD001", 5) == 0;
}

/* A number that stands in both orders; false where they differ. */
static bool read_both(const unsigned char *at, size_t size, uint64_t *out)
{
    uint64_t little = 0, big = 0;
    for (size_t i = 0; i < size; i++) {
        little |= (uint64_t)at[i] << (8 * i);
        big = big << 8 | at[size + i];
    }
    *out = little;
    return little == big;
}

enum err_code dos_iso_check(const unsigned char *prefix, size_t len, uint64_t file_size_bytes,
                            struct err *err)
{
    PRE(dos_iso_is(prefix, len));
    const unsigned char *d = prefix + PRIMARY;
    uint64_t blocks, block;
    if (d[0] != FIRST_TYPE || d[6] != FIRST_VERSION)
        return err_set(err, ERR_IMAGE_INVALID, "the CD image begins with no primary descriptor");
    if (!read_both(d + AT_BLOCK, 2, &block) || block != BLOCK)
        return err_set(err, ERR_IMAGE_INVALID, "the CD image has blocks of an odd size");
    if (!read_both(d + AT_SPACE, 4, &blocks) || blocks <= PRIMARY / BLOCK)
        return err_set(err, ERR_IMAGE_INVALID, "the CD image says no size of itself");
    uint64_t size_bytes = blocks * BLOCK;
    if (size_bytes > file_size_bytes)
        return err_set(err, ERR_IMAGE_INVALID,
                       "the CD image was cut short: it has %llu of %llu bytes",
                       (unsigned long long)file_size_bytes, (unsigned long long)size_bytes);
    return ERR_OK;
}
