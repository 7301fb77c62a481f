/* core.c - one event of dos's index. Called by base/turn; begin reading here.
 *
 *   op (a data thread asks)  -> authorize -> ops/...  -> answer, released after COMMIT
 *   job done                 -> ops/image, ops/sweep  -> rows
 *   answer of the parent     -> ops/wishes            -> rows, facts
 *   start, tick              -> what is due: imports, garbage, orphans -> jobs
 */
#include "dos/core.h"

#include "base/check.h"
#include "base/log.h"
#include "dos/jobs.h"
#include "dos/ops/ops.h"
#include "dos/store/import.h"

#include <stdlib.h>

static enum err_code (*const operations[DOS_OP_COUNT])(struct dos_call *c) = {
    [DOS_OP_LIST_BUCKETS] = dos_list_buckets, [DOS_OP_CREATE_BUCKET] = dos_create_bucket,
    [DOS_OP_HEAD_BUCKET] = dos_head_bucket,   [DOS_OP_DELETE_BUCKET] = dos_delete_bucket,
    [DOS_OP_PUT_OBJECT] = dos_put_object,     [DOS_OP_GET_OBJECT] = dos_get_object,
    [DOS_OP_HEAD_OBJECT] = dos_head_object,   [DOS_OP_DELETE_OBJECTS] = dos_delete_objects,
    [DOS_OP_LIST_OBJECTS] = dos_list_objects, [DOS_OP_CREATE_UPLOAD] = dos_create_upload,
    [DOS_OP_PUT_PART] = dos_put_part,         [DOS_OP_COMPLETE_UPLOAD] = dos_complete_upload,
    [DOS_OP_ABORT_UPLOAD] = dos_abort_upload, [DOS_OP_LIST_PARTS] = dos_list_parts,
    [DOS_OP_LIST_UPLOADS] = dos_list_uploads, [DOS_OP_GET_MANIFEST] = dos_get_manifest,
    [DOS_OP_GET_CHUNK] = dos_get_chunk,
};

static enum err_code run_op(struct dos_core *core, const struct dos_op *op, const struct event *ev,
                            struct effects *out, struct err *err)
{
    CLEANUP(buf_fini) struct buf fields = {0};
    struct dos_call call = {
        .core = core, .op = op, .event = ev, .out = out, .fields = &fields, .err = err};
    enum err_code code = dos_authorize(&call);
    if (code == ERR_OK)
        code = operations[op->kind](&call);
    if (code == ERR_OK)
        dos_answer(out, ev->request.id, &fields);
    dos_count_op(core, op->kind, code);
    return code;
}

/* What is due by itself. */
static void plan(struct dos_core *core, const struct event *ev, struct effects *out)
{
    dos_image_plan(core, ev, out);
    dos_sweep_plan(core, ev, out);
}

static void on_job(struct dos_core *core, const struct event *ev)
{
    if (ev->job.code != ERR_OK && ev->job.kind != DOS_JOB_IMPORT)
        log_warn("job.failed", "why", ev->job.text, NULL);
    if (ev->job.job_id == core->import.job_id)
        dos_image_done(core, ev);
    else if (ev->job.job_id == core->unlink.job_id)
        dos_sweep_unlinked(core, ev);
    else if (ev->job.job_id == core->scan.job_id)
        dos_sweep_scanned(core, ev);
}

static bool has_parent(const struct dos_core *core)
{
    return *core->config.node != '\0';
}

static enum err_code step(void *self, const struct event *ev, struct effects *out, struct err *err)
{
    struct dos_core *core = self;
    struct dos_op op;
    core->mono_offset_ms = ev->at.mono_ms - ev->now_ms;
    if (core->is_sealed)
        core->import.is_new = core->unlink.is_new = core->scan.is_new = core->is_sealed = false;
    core->out = out;
    switch (ev->kind) {
    case EVENT_REQUEST:
        if (dos_op_of(ev, &op))
            return run_op(core, &op, ev, out, err);
        return err_set(err, ERR_NOT_FOUND, "dos answers no such request here");
    case EVENT_JOB_DONE:
        on_job(core, ev);
        break;
    case EVENT_START:
        sync_child_start(&core->up, ev);
        sync_child_listed(&core->up); /* the store is the truth: there is nothing else to list */
        dos_tell_buckets(core);
        dos_wish_tell_keys(core);
        break;
    case EVENT_REPLY:
        sync_child_reply(&core->up, ev);
        break;
    case EVENT_TICK:
        break;
    }
    plan(core, ev, out);
    return ERR_OK;
}

static void fail(void *self, const struct event *ev, const struct err *err, struct effects *out)
{
    (void)self;
    if (ev->kind == EVENT_REQUEST)
        dos_answer_error(out, ev->request.id, err);
}

static void seal(void *self, const struct event *at, struct effects *out)
{
    struct dos_core *core = self;
    core->is_sealed = true;
    if (has_parent(core))
        sync_child_seal(&core->up, at, out);
}

static void free_if_new(struct dos_slot *slot)
{
    if (slot->is_new)
        *slot = (struct dos_slot){0};
}

/* The turn was lost: what it emitted was never started, what it heard is planned again from the
 * rows, and what ran before still runs. */
static void reload(void *self)
{
    struct dos_core *core = self;
    free_if_new(&core->import);
    free_if_new(&core->unlink);
    free_if_new(&core->scan);
    core->is_sealed = false;
    sync_child_reload(&core->up);
}

static int64_t wake_at(const void *self)
{
    const struct dos_core *core = self;
    bool is_busy = core->import.job_id != 0 || core->unlink.job_id != 0;
    int64_t next = core->scan.job_id == 0 ? core->scan_next_ms : INT64_MAX;
    if (!is_busy && core->sweep_next_ms < next)
        next = core->sweep_next_ms;
    int64_t import_ms = is_busy ? INT64_MAX : dos_import_next_ms(core->store);
    if (import_ms < next)
        next = import_ms;
    int64_t due = next == INT64_MAX ? INT64_MAX : next + core->mono_offset_ms;
    int64_t link = has_parent(core) ? sync_child_wake_at(&core->up) : INT64_MAX;
    return link < due ? link : due;
}

void dos_job_emit(struct dos_core *core, struct effects *out, struct dos_slot *slot, int kind,
                  const struct buf *spec, int64_t timeout_ms)
{
    PRE(slot == NULL || slot->job_id == 0);
    struct effect_job job = {.job_id = ++core->last_job_id,
                             .kind = kind,
                             .spec = buf_str(spec),
                             .spec_size = spec->len,
                             .timeout_ms = timeout_ms};
    effect_job(out, &job);
    if (slot != NULL)
        *slot = (struct dos_slot){.job_id = job.job_id, .is_new = true};
}

static int64_t otherwise(int64_t value, int64_t usual)
{
    return value != 0 ? value : usual;
}

struct dos_core *dos_core_new(struct store *store, const struct rng *rng,
                              const struct dos_config *config)
{
    PRE(store != NULL && rng != NULL && config->node != NULL && config->url != NULL);
    struct dos_core *core = check_alloc(sizeof *core);
    struct dos_limits *limits = &core->config.limits;
    *core = (struct dos_core){.store = store, .rng = rng, .config = *config};
    limits->buckets_max = otherwise(limits->buckets_max, 1000);
    limits->image_bytes_max = otherwise(limits->image_bytes_max, (int64_t)64 << 30);
    limits->garbage_ms = otherwise(limits->garbage_ms, (int64_t)5 * 60 * 1000);
    limits->scan_ms = otherwise(limits->scan_ms, (int64_t)60 * 1000);
    struct sync_child_hooks hooks = dos_wish_hooks(core);
    sync_child_init(&core->up, store, rng, config->node, "parent", &hooks, &config->timing);
    return core;
}

void dos_core_free(struct dos_core *core)
{
    if (core == NULL)
        return;
    sync_child_fini(&core->up);
    free(core);
}

struct core dos_core_steps(struct dos_core *core)
{
    return (struct core){.self = core,
                         .step = step,
                         .fail = fail,
                         .seal = seal,
                         .reload = reload,
                         .wake_at = wake_at,
                         .report = dos_report};
}
