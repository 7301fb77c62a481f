/* sweep.c - files that no row needs: garbage is unlinked, orphans become garbage.
 *
 * Level-triggered and bounded: the rows of the garbage table and the folders themselves say what
 * is left to do; one job of each kind is out at most. Nothing is unlinked while an image import
 * runs, and no import begins while an unlink is out: an import counts on chunks that it found. */
#include "dos/store/garbage.h"

#include "base/check.h"
#include "base/str.h"
#include "dos/jobs.h"
#include "dos/ops/ops.h"
#include "dos/store/manifest.h"
#include "dos/store/object.h"
#include "dos/store/part.h"

enum {
    UNLINK_TIMEOUT_MS = 60 * 1000,
    SCAN_TIMEOUT_MS = 60 * 1000,
    SWEEP_MS = 5000, /* garbage is looked for this often while there is none */
};

static const char *const folders[] = {"objects", "chunks", "tmp"};
enum { FOLDERS = sizeof folders / sizeof *folders };

static void plan_unlink(struct dos_core *core, const struct event *ev, struct effects *out)
{
    CLEANUP(buf_fini) struct buf spec = {0};
    struct query q;
    dos_garbage_stamp(core->store, ev->now_ms);
    dos_garbage_query(core->store, &q, ev->now_ms - core->config.limits.garbage_ms, DOS_UNLINK_MAX);
    core->sweep_next_ms = ev->now_ms + SWEEP_MS;
    while (query_next(&q))
        dos_pack_text(&spec, query_text(&q, 0));
    if (spec.len > 0)
        dos_job_emit(core, out, &core->unlink, DOS_JOB_UNLINK, &spec, UNLINK_TIMEOUT_MS);
}

static void plan_scan(struct dos_core *core, const struct event *ev, struct effects *out)
{
    CLEANUP(buf_fini) struct buf spec = {0};
    dos_pack_text(&spec, folders[core->shard % FOLDERS]);
    dos_pack_i64(&spec, core->shard / FOLDERS % DOS_SHARDS);
    core->shard = (core->shard + 1) % ((int64_t)FOLDERS * DOS_SHARDS);
    core->scan_next_ms = ev->now_ms + core->config.limits.scan_ms;
    dos_job_emit(core, out, &core->scan, DOS_JOB_SCAN, &spec, SCAN_TIMEOUT_MS);
}

void dos_sweep_plan(struct dos_core *core, const struct event *ev, struct effects *out)
{
    if (core->import.job_id == 0 && core->unlink.job_id == 0)
        plan_unlink(core, ev, out);
    if (core->scan.job_id == 0 && ev->now_ms >= core->scan_next_ms)
        plan_scan(core, ev, out);
}

void dos_sweep_unlinked(struct dos_core *core, const struct event *ev)
{
    PRE(ev->job.job_id == core->unlink.job_id);
    core->unlink.job_id = 0;
    struct dos_unpack names = {.at = ev->job.result,
                               .end = (const char *)ev->job.result + ev->job.result_size};
    while (ev->job.result_size > 0 && dos_unpack_more(&names))
        dos_garbage_done(core->store, dos_unpack_text(&names));
}

static bool has_row(struct dos_core *core, const char *name)
{
    unsigned char hash[MANIFEST_HASH_SIZE];
    if (str_has_prefix(name, "objects/"))
        return dos_object_has_ref(core->store, name + sizeof "objects/" - 1) ||
               dos_part_has_ref(core->store, name + sizeof "objects/" - 1);
    return str_has_prefix(name, "chunks/") &&
           str_unhex(hash, sizeof hash, name + sizeof "chunks/" - 1) &&
           dos_chunk_has(core->store, hash);
}

void dos_sweep_scanned(struct dos_core *core, const struct event *ev)
{
    PRE(ev->job.job_id == core->scan.job_id);
    core->scan.job_id = 0;
    struct dos_unpack names = {.at = ev->job.result,
                               .end = (const char *)ev->job.result + ev->job.result_size};
    while (ev->job.result_size > 0 && dos_unpack_more(&names)) {
        const char *name = dos_unpack_text(&names);
        if (!has_row(core, name))
            dos_garbage_add_name(core->store, name, ev->now_ms);
    }
}
