/* iso.h - is this an installation medium, and is all of it here?
 *
 * Pure. Reads the primary volume descriptor of ISO 9660 (ECMA-119, 8.4) by its place. Nothing else
 * of it is believed or looked at: what it says is for the guest. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* By content, whatever its name; a boot record for disks in front of it (an "isohybrid") is none of
 * our business. */
bool dos_iso_is(const unsigned char *prefix, size_t len);
/* ERR_IMAGE_INVALID says what is wrong, in words for the subscriber: most of all that it was cut
 * short. */
enum err_code dos_iso_check(const unsigned char *prefix, size_t len, uint64_t file_size_bytes,
                            struct err *err);
