/* image.c - image imports: an object becomes a manifest and chunks.
 *
 * One at a time, each a job with a deadline; what is pending in the table is done again after any
 * crash. The reasons in the rows are for subscribers. */
#include "dos/store/import.h"

#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "dos/jobs.h"
#include "dos/ops/ops.h"
#include "dos/store/bucket.h"
#include "dos/store/manifest.h"
#include "dos/store/object.h"
#include "dos/store/part.h"
#include "proto/wire/messages.h"

#include <stdio.h>

enum {
    IMPORT_TIMEOUT_MS = 40 * 60 * 1000, /* beyond the job's own limits, which end it before */
    IMPORT_ATTEMPTS = 3,
    IMPORT_RETRY_MS = 10 * 1000, /* times the attempt */
};

void dos_image_say(struct dos_core *core, const char *id)
{
    struct dos_import row;
    if (!dos_import_find(core->store, id, &row))
        return;
    CLEANUP(buf_fini) struct buf body = {0};
    struct wire_image_seen seen = {.state = dos_import_state_name(row.state),
                                   .manifest = row.manifest,
                                   .size_bytes = row.size_bytes,
                                   .cdrom = row.is_cdrom != 0,
                                   .detail = row.reason,
                                   .percent = row.state == DOS_IMPORT_AVAILABLE ? 100 : 0};
    wire_encode(&body, &wire_image_seen_type, &seen);
    sync_child_say(&core->up, "image", row.id, row.generation, row.pepoch, buf_str(&body));
}

/* Ends the import, or lets it be tried again where that may help. */
static void settle(struct dos_core *core, struct dos_import *row, const struct event *ev,
                   enum err_code code, const char *text)
{
    bool again = err_row(code)->retry == ERR_LATER && code != ERR_NO_SPACE &&
                 row->attempt < IMPORT_ATTEMPTS;
    str_copy(row->reason, sizeof row->reason, text);
    row->state = again ? DOS_IMPORT_PENDING : DOS_IMPORT_FAILED;
    row->next_ms = ev->now_ms + IMPORT_RETRY_MS * row->attempt;
    dos_import_save(core->store, row);
    log_warn(again ? "image.retry" : "image.failed", "id", row->id, "code", err_row(code)->name,
             "why", text, NULL);
    dos_image_say(core, row->id);
}

static enum err_code find_source(struct dos_core *core, const struct dos_import *row,
                                 struct dos_object *object, struct err *err)
{
    struct dos_bucket bucket;
    if (!dos_bucket_find(core->store, row->bucket, &bucket))
        return err_set(err, ERR_NO_SUCH_BUCKET, "the bucket %s does not exist", row->bucket);
    if (!str_eq(bucket.account, row->account))
        return err_set(err, ERR_DENIED, "the bucket %s belongs to another account", row->bucket);
    if (!dos_object_find(core->store, row->bucket, row->key, object, NULL))
        return err_set(err, ERR_NO_SUCH_KEY, "the object does not exist in bucket %s", row->bucket);
    return ERR_OK;
}

static void pack_source(struct dos_core *core, const struct dos_object *object, struct buf *spec)
{
    CLEANUP(buf_fini) struct buf bytes = {0};
    struct query q;
    struct dos_part_row part;
    switch (object->kind) {
    case DOS_BODY_INLINE:
        dos_object_inline(core->store, object->inline_id, &bytes);
        dos_pack_blob(spec, bytes.data, bytes.len);
        break;
    case DOS_BODY_FILE:
        dos_pack_text(spec, object->ref);
        dos_pack_i64(spec, object->size_bytes);
        break;
    case DOS_BODY_PARTS:
        dos_part_query(core->store, &q, object->ref, 0);
        while (query_next(&q)) {
            dos_part_read(&q, &part);
            dos_pack_text(spec, part.ref);
            dos_pack_i64(spec, part.size_bytes);
        }
        break;
    }
}

static void start(struct dos_core *core, struct dos_import *row, const struct event *ev,
                  struct effects *out)
{
    struct err err = {0};
    struct dos_object object = {0};
    row->attempt++;
    if (find_source(core, row, &object, &err) != ERR_OK) {
        settle(core, row, ev, err.code, err.text);
        return;
    }
    CLEANUP(buf_fini) struct buf spec = {0};
    dos_pack_i64(&spec, core->config.limits.image_bytes_max);
    dos_pack_i64(&spec, object.size_bytes);
    dos_pack_i64(&spec, (int64_t)object.kind);
    pack_source(core, &object, &spec);
    dos_import_save(core->store, row);
    dos_job_emit(core, out, &core->import, DOS_JOB_IMPORT, &spec, IMPORT_TIMEOUT_MS);
    str_copy(core->import_id, sizeof core->import_id, row->id);
    core->import_generation = row->generation;
}

void dos_image_plan(struct dos_core *core, const struct event *ev, struct effects *out)
{
    struct dos_import row;
    while (core->import.job_id == 0 && core->unlink.job_id == 0 &&
           dos_import_due(core->store, ev->now_ms, &row))
        start(core, &row, ev, out);
}

static enum err_code accept(struct dos_core *core, struct dos_import *row,
                            struct dos_unpack *result, struct err *err)
{
    size_t len;
    struct manifest manifest;
    const char *hash = dos_unpack_text(result);
    const char *text = dos_unpack_blob(result, &len);
    enum err_code code = manifest_decode(&manifest, text, len, err);
    if (code != ERR_OK)
        return code;
    CLEANUP(buf_fini) struct buf copy = {0};
    buf_append(&copy, text, len);
    row->size_bytes = (int64_t)manifest.size_bytes;
    row->is_cdrom = dos_unpack_i64(result);
    row->state = DOS_IMPORT_AVAILABLE;
    row->reason[0] = '\0';
    INV(str_copy(row->manifest, sizeof row->manifest, hash));
    dos_import_save(core->store, row);
    dos_manifest_insert(core->store, hash, &copy, &manifest);
    manifest_fini(&manifest);
    log_info("image.available", "id", row->id, "manifest", row->manifest, NULL);
    dos_image_say(core, row->id);
    return ERR_OK;
}

void dos_image_done(struct dos_core *core, const struct event *ev)
{
    PRE(ev->job.job_id == core->import.job_id);
    core->import.job_id = 0;
    struct dos_unpack result = {.at = ev->job.result,
                                .end = (const char *)ev->job.result + ev->job.result_size};
    struct dos_import row;
    struct err err = {0};
    if (!dos_import_find(core->store, core->import_id, &row) ||
        row.generation != core->import_generation)
        return; /* the wish is gone, or another */
    if (ev->job.code == ERR_OK && accept(core, &row, &result, &err) == ERR_OK)
        return;
    settle(core, &row, ev, ev->job.code != ERR_OK ? ev->job.code : err.code,
           ev->job.code != ERR_OK ? ev->job.text : err.text);
}
