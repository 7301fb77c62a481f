/* bodies.h - the seam to where bytes lie: bodies of objects and chunks of images, as whole files.
 *
 * Called by data threads, from any of them. A body is written to a temporary file, made durable
 * and named in one go (data synced, renamed, folder synced); until then nobody sees it, and after
 * a crash the sweep removes it. Only then may a row name it. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dos_folder { DOS_FOLDER_OBJECTS, DOS_FOLDER_CHUNKS };

enum { DOS_TEMPORARY_SIZE = 48 };

/* A body being written. Zeroed = none. */
struct dos_temporary {
    bool is_open;
    int fd;
    int64_t size_bytes, flushed_bytes; /* written; on its way to the disk */
    char name[DOS_TEMPORARY_SIZE];
};

struct dos_bodies {
    void *self;
    /* ERR_NO_SPACE unless `bytes` more fit and the reserve stays free. */
    enum err_code (*room)(void *self, int64_t bytes, struct err *err);
    enum err_code (*begin)(void *self, struct dos_temporary *t, struct err *err);
    enum err_code (*write)(void *self, struct dos_temporary *t, const void *data, size_t len,
                           struct err *err);
    /* Durable under `name` when it returns ERR_OK; closed in any case. */
    enum err_code (*keep)(void *self, struct dos_temporary *t, enum dos_folder folder,
                          const char *name, struct err *err);
    /* Removes it; fine when none is open. */
    void (*drop)(void *self, struct dos_temporary *t);
    /* Removes a kept one that no row names. */
    void (*remove)(void *self, enum dos_folder folder, const char *name);
    /* A descriptor for reading, the caller's; -1 when there is no such file. */
    int (*open)(void *self, enum dos_folder folder, const char *name);
};
