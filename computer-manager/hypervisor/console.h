/* console.h - the serial log of each guest: a file that the guest fills, and that we bound.
 *
 * The guest's QEMU appends to it. When it has grown past HOST_CONSOLE_LOG_MAX, its head is cut
 * away in the file system (FALLOC_FL_COLLAPSE_RANGE, or a hole where that is not there), so
 * that no byte of the tail is ever lost or moved under the writer. */
#pragma once

#include "base/err.h"
#include "computer-manager/model/job.h"

enum { HOST_CONSOLE_LOG_MAX = 1024 * 1024, HOST_CONSOLE_LOG_KEEP = 256 * 1024 };

/* The newest bytes of `path`; a log that does not exist is empty. Reads a regular file only. */
enum err_code host_console_tail(struct host_hv_console *out, const char *path, struct err *err);
/* Cuts `path` where it is too long. ERR_OK also when there was nothing to do. */
enum err_code host_console_bound(const char *path, struct err *err);
/* The same for every instance below `state_dir`; what fails is logged and passed over. */
void host_console_bound_all(const char *state_dir);
