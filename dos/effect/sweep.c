/* sweep.c - unlinks what the index calls garbage; finds what nobody may have called anything. On a
 * worker thread. */
#include "dos/effect/sweep.h"

#include "base/clock.h"
#include "base/str.h"
#include "dos/effect/files.h"
#include "dos/jobs.h"

enum {
    TEMPORARY_S = 3600,   /* no PUT lasts so long */
    ORPHAN_S = 24 * 3600, /* and no row comes so late */
};

enum err_code dos_unlink_run(void *ctx, const void *spec, size_t spec_size, struct buf *result,
                             struct err *err)
{
    struct dos_unpack names = {.at = spec, .end = (const char *)spec + spec_size};
    (void)err;
    while (dos_unpack_more(&names)) {
        const char *name = dos_unpack_text(&names);
        if (dos_files_unlink(ctx, name))
            dos_pack_text(result, name);
    }
    return ERR_OK;
}

static void add(void *arg, const char *name)
{
    dos_pack_text(arg, name);
}

enum err_code dos_scan_run(void *ctx, const void *spec, size_t spec_size, struct buf *result,
                           struct err *err)
{
    struct dos_unpack fields = {.at = spec, .end = (const char *)spec + spec_size};
    const struct clock clock = clock_system();
    int64_t now_s = clock.read(clock.self).wall_ms / 1000;
    const char *folder = dos_unpack_text(&fields);
    unsigned shard = (unsigned)dos_unpack_i64(&fields);
    (void)err;
    if (str_eq(folder, "tmp"))
        dos_files_clean_tmp(ctx, now_s - TEMPORARY_S, DOS_SCAN_MAX);
    else
        dos_files_scan(ctx, str_eq(folder, "chunks") ? DOS_FOLDER_CHUNKS : DOS_FOLDER_OBJECTS,
                       shard, now_s - ORPHAN_S, DOS_SCAN_MAX, add, result);
    return ERR_OK;
}
