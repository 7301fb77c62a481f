/* qcow2.h - is this the header of a qcow2 image that we are willing to convert?
 *
 * Pure. Reads the first bytes of a file by QEMU's docs/interop/qcow2.txt and refuses whatever
 * could name another file, ask for a key, or make the converter allocate without bound. What
 * passes is still converted in a jail: this check is the first lock, not the only one. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Does the file begin like a qcow (any version)? */
bool dos_qcow2_is(const unsigned char *prefix, size_t len);

/* `prefix`: the first min(file_size, 1 MiB) bytes. Gives the virtual size in bytes.
 * ERR_IMAGE_INVALID says what is wrong, in words for the subscriber. */
enum err_code dos_qcow2_check(const unsigned char *prefix, size_t len, uint64_t file_size_bytes,
                              uint64_t limit_bytes, uint64_t *virtual_size_bytes, struct err *err);
