/* sweep.h - the jobs that look for old files and unlink them (jobs.h). */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

/* run() of job handlers; ctx is a struct dos_files. */
enum err_code dos_unlink_run(void *ctx, const void *spec, size_t spec_size, struct buf *result,
                             struct err *err);
enum err_code dos_scan_run(void *ctx, const void *spec, size_t spec_size, struct buf *result,
                           struct err *err);
