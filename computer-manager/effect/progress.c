/* progress.c - see progress.h. */
#include "computer-manager/effect/progress.h"

#include "base/check.h"
#include "base/loop.h"
#include "base/str.h"
#include "computer-manager/model/job.h"

#include <stdlib.h>

struct said {
    struct loop *loop;
    struct host_disk_progress progress;
};

static void on_loop(void *arg)
{
    struct said *said = arg;
    loop_post(said->loop, &(struct event){.kind = EVENT_JOB_DONE,
                                          .job = {.kind = HOST_DISK_PROGRESS,
                                                  .text = "",
                                                  .result = &said->progress,
                                                  .result_size = sizeof said->progress}});
    free(said);
}

void host_progress_post(void *loop, const char *manifest, int64_t done_bytes, int64_t total_bytes)
{
    struct said *said = check_alloc(sizeof *said);
    said->loop = loop;
    str_copy(said->progress.manifest, sizeof said->progress.manifest, manifest);
    said->progress.done_bytes = done_bytes;
    said->progress.total_bytes = total_bytes;
    loop_defer(said->loop, on_loop, said);
}
