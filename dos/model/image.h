/* image.h - what kind of disk image is this, and may it be imported?
 *
 * Pure. Three kinds are taken: qcow2 (checked by qcow2.h), a medium in ISO 9660 (iso.h), and raw.
 * Raw has no header, so everything that is known to be something else is refused by its name first:
 * a gzip that is booted as a disk helps nobody. A qcow2 is a disk, whatever is in it. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum dos_image_format { DOS_IMAGE_RAW, DOS_IMAGE_QCOW2, DOS_IMAGE_ISO };

enum { DOS_IMAGE_PREFIX_SIZE = 1 << 20, DOS_IMAGE_SECTOR = 512 };

struct dos_image {
    enum dos_image_format format;
    uint64_t size_bytes; /* of the disk or medium, rounded up to whole sectors */
};

/* `prefix`: the first min(file_size, DOS_IMAGE_PREFIX_SIZE) bytes of the file.
 * ERR_IMAGE_INVALID: err says why, in words for the subscriber. */
enum err_code dos_image_check(struct dos_image *image, const unsigned char *prefix, size_t len,
                              uint64_t file_size_bytes, uint64_t limit_bytes, struct err *err);
