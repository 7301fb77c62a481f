/* import.h - the job that makes a manifest and chunks of an object (jobs.h, DOS_JOB_IMPORT). */
#pragma once

#include "base/buf.h"
#include "dos/effect/converter.h"
#include "dos/effect/files.h"

#include <stddef.h>

struct dos_importer {
    struct dos_files *files;
    struct dos_converter converter;
};

/* A job_handler's run(); ctx is a struct dos_importer. */
enum err_code dos_import_run(void *ctx, const void *spec, size_t spec_size, struct buf *result,
                             struct err *err);
