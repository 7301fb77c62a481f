/* ops.h - the operations of the index, one function per op, one file per resource.
 *
 * Each runs inside a savepoint: an error undoes it. The caller (core.c) has authorized the op by
 * its row in op.h: where a bucket is needed it exists and belongs to the account. What a function
 * packs into `fields` stands beside it. */
#pragma once

#include "base/buf.h"
#include "base/rng.h"
#include "base/store.h"
#include "dos/core.h"
#include "dos/op.h"
#include "dos/store/import.h"
#include "proto/sync/child.h"

/* A job that is out. One that was emitted in a turn that is lost was never started. */
struct dos_slot {
    uint64_t job_id; /* 0 = none */
    bool is_new;     /* emitted in the turn at hand */
};

enum dos_outcome { DOS_OUTCOME_OK, DOS_OUTCOME_REFUSED, DOS_OUTCOME_FAILED, DOS_OUTCOMES };

/* What the core keeps in RAM: what is under way, never a fact. */
struct dos_core {
    struct store *store;
    const struct rng *rng;
    struct dos_config config; /* limits are complete */
    struct sync_child up;
    struct effects *out; /* of the event at hand */
    uint64_t last_job_id;
    bool is_sealed; /* the turn of the last event has ended */
    struct dos_slot import, unlink, scan;
    char import_id[DOS_IMPORT_ID_SIZE]; /* of the job that is out, and the wish it serves */
    int64_t import_generation;
    int64_t scan_next_ms, sweep_next_ms;        /* now_ms */
    int64_t shard;                              /* of the next scan */
    int64_t mono_offset_ms;                     /* mono_ms - now_ms */
    uint64_t asked[DOS_OP_COUNT][DOS_OUTCOMES]; /* in this life (report.c) */
};

struct dos_call {
    struct dos_core *core;
    const struct dos_op *op;
    const struct event *event;
    struct effects *out;
    struct buf *fields;
    struct err *err;
};

/* report.c: an op was answered. */
void dos_count_op(struct dos_core *core, enum dos_op_kind kind, enum err_code code);
/* report.c: core.report; `self` is the core. */
void dos_report(const void *self, const struct instant *now, struct report *r);
/* Denies what op.h does not allow; the one place. */
enum err_code dos_authorize(const struct dos_call *c);

enum err_code dos_list_buckets(struct dos_call *c);  /* each: text name, i64 created_ms */
enum err_code dos_create_bucket(struct dos_call *c); /* - */
enum err_code dos_head_bucket(struct dos_call *c);   /* - */
enum err_code dos_delete_bucket(struct dos_call *c); /* - */

enum err_code dos_put_object(struct dos_call *c); /* - */
/* i64 kind, i64 size, text etag, i64 modified_ms, text headers */
enum err_code dos_head_object(struct dos_call *c);
/* the same, then inline: blob bytes; file: text ref; parts: those that the range touches, each
 * text ref, i64 start, i64 size */
enum err_code dos_get_object(struct dos_call *c);
enum err_code dos_delete_objects(struct dos_call *c); /* - */
/* text next (seek for the next page, "" = this was the last), then each: i64 is_prefix, text key;
 * of an object also i64 size, text etag, i64 modified_ms */
enum err_code dos_list_objects(struct dos_call *c);

enum err_code dos_create_upload(struct dos_call *c);   /* text id */
enum err_code dos_put_part(struct dos_call *c);        /* - */
enum err_code dos_complete_upload(struct dos_call *c); /* text etag */
enum err_code dos_abort_upload(struct dos_call *c);    /* - */
/* i64 is_truncated, then each: i64 number, i64 size, text etag, i64 modified_ms */
enum err_code dos_list_parts(struct dos_call *c);
/* i64 is_truncated, then each: text id, text key, i64 created_ms */
enum err_code dos_list_uploads(struct dos_call *c);

enum err_code dos_get_manifest(struct dos_call *c); /* blob text */
enum err_code dos_get_chunk(struct dos_call *c);    /* i64 size */

/* Emits a job into a free slot; `slot` NULL = nobody waits for its end. */
void dos_job_emit(struct dos_core *core, struct effects *out, struct dos_slot *slot, int kind,
                  const struct buf *spec, int64_t timeout_ms);

/* ops/wishes.c: what the cloud wishes. Takes one wish ("key", "secret", "image"); an error means
 * that nothing of it was taken. Its deletion is done at once: nothing of it remains in the index.
 */
enum err_code dos_wish_take(struct dos_core *core, const struct wire_item *wish, struct err *err);
void dos_wish_drop(struct dos_core *core, const char *kind, const char *id);
/* Tells the directory all keys, all secrets (and, at the start, all buckets). */
void dos_wish_tell_keys(struct dos_core *core);
void dos_tell_buckets(struct dos_core *core);
/* For sync_child_init. */
struct sync_child_hooks dos_wish_hooks(struct dos_core *core);

/* ops/image.c: imports. */
void dos_image_plan(struct dos_core *core, const struct event *ev, struct effects *out);
void dos_image_done(struct dos_core *core, const struct event *ev);
/* Says the fact about one import. */
void dos_image_say(struct dos_core *core, const char *id);

/* ops/sweep.c: garbage and orphans. */
void dos_sweep_plan(struct dos_core *core, const struct event *ev, struct effects *out);
void dos_sweep_unlinked(struct dos_core *core, const struct event *ev);
void dos_sweep_scanned(struct dos_core *core, const struct event *ev);
