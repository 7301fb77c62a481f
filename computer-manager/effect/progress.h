/* progress.h - how far a fetch is, from the worker that fetches to the loop. */
#pragma once

#include <stdint.h>

/* From any thread; `loop` is a struct loop. Becomes an event HOST_DISK_PROGRESS (model/job.h). */
void host_progress_post(void *loop, const char *manifest, int64_t done_bytes, int64_t total_bytes);
