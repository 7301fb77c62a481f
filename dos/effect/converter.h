/* converter.h - qemu-img in its jail: a qcow2 file in, a raw file out. Called by the import job on
 * a worker thread; blocks until the jail has ended. */
#pragma once

#include "base/err.h"

#include <stdint.h>

struct dos_converter {
    const char *jail;    /* path of tercet-image-jail */
    const char *program; /* path of qemu-img */
    const char *root;    /* an empty folder, for the jail's file system */
    const char *socket;  /* where a jail is asked for that is a service of its own and has these
                            three in its unit; "" = it is a child of ours */
    uint64_t memory_bytes, cpu_s, wall_s;
};

/* Converts the qcow2 in descriptor `input` to raw in `output`, which may grow to `size_bytes`. Both
 * are files of ours in a folder that nobody else enters; their modes are changed so that the jail's
 * user can open them. ERR_IMAGE_INVALID: it could not be converted, or not within the limits; the
 * text is for the subscriber. ERR_NO_SPACE. ERR_IO: the jail could not be built. */
enum err_code dos_converter_run(const struct dos_converter *c, int input, int output,
                                uint64_t size_bytes, struct err *err);
