/* qcow2.h - root disks as files: a new one, and what one stands on.
 *
 * Our own, since an empty disk is 250 bytes in the right places, and a process for each launch was
 * most of the time until its create call. QEMU reads it; the tests ask qemu-img whether it is
 * sound. Of the format (docs/interop/qcow2 of QEMU): version 3, clusters of 64 KiB, nothing
 * optional. */
#pragma once

#include "base/err.h"

#include <stdint.h>

enum { HOST_QCOW2_BACKING_SIZE = 1024 };
#define HOST_QCOW2_BYTES_MAX ((int64_t)1 << 46) /* 64 TiB */

/* Makes `path`, where nothing lies, a disk of so many bytes (1 .. HOST_QCOW2_BYTES_MAX, rounded up
 * to sectors), that reads as the raw file `backing`, named as seen from the disk's folder, or as
 * zeros where that is NULL. Sparse, and not yet flushed: see durable.h. ERR_NO_SPACE; ERR_IO, also
 * where something lies there. */
enum err_code host_qcow2_make(const char *path, const char *backing, int64_t size_bytes,
                              struct err *err);

/* The name that a disk was made with as its backing; "" = none. ERR_IO: it is no such disk. */
enum err_code host_qcow2_backing(const char *path, char out[HOST_QCOW2_BACKING_SIZE],
                                 struct err *err);
