/* bucket.c - operations on buckets. */
#include "dos/store/bucket.h"

#include "base/check.h"
#include "base/str.h"
#include "dos/jobs.h"
#include "dos/model/name.h"
#include "dos/ops/ops.h"
#include "dos/store/upload.h"

/* The data threads refuse early by a copy of this table. */
static void tell_directory(struct dos_call *c, const char *account)
{
    CLEANUP(buf_fini) struct buf spec = {0};
    dos_pack_text(&spec, c->op->bucket);
    dos_pack_text(&spec, account);
    dos_job_emit(c->core, c->out, NULL, DOS_JOB_BUCKETS, &spec, 1);
}

void dos_tell_buckets(struct dos_core *core)
{
    CLEANUP(buf_fini) struct buf spec = {0};
    struct query q;
    struct dos_bucket row;
    dos_bucket_query_all(core->store, &q);
    while (query_next(&q)) {
        dos_bucket_row(&q, &row);
        dos_pack_text(&spec, row.name);
        dos_pack_text(&spec, row.account);
    }
    dos_job_emit(core, core->out, NULL, DOS_JOB_BUCKETS, &spec, 1);
}

enum err_code dos_list_buckets(struct dos_call *c)
{
    struct query q;
    struct dos_bucket row;
    dos_bucket_query(c->core->store, &q, c->op->account);
    while (query_next(&q)) {
        dos_bucket_row(&q, &row);
        dos_pack_text(c->fields, row.name);
        dos_pack_i64(c->fields, row.created_ms);
    }
    return ERR_OK;
}

enum err_code dos_create_bucket(struct dos_call *c)
{
    struct store *st = c->core->store;
    struct dos_bucket row = {.created_ms = c->event->at.wall_ms}, old;
    if (!dos_name_is_bucket(c->op->bucket))
        return err_set(c->err, ERR_BUCKET_NAME, "The specified bucket is not valid");
    if (dos_bucket_find(st, c->op->bucket, &old))
        return str_eq(old.account, c->op->account)
                   ? err_set(c->err, ERR_BUCKET_OWNED, "You own a bucket of this name already")
                   : err_set(c->err, ERR_BUCKET_EXISTS, "The requested bucket name is taken");
    if (dos_bucket_count(st, c->op->account) >= c->core->config.limits.buckets_max)
        return err_set(c->err, ERR_BUCKET_LIMIT, "You have reached the limit of %lld buckets",
                       (long long)c->core->config.limits.buckets_max);
    INV(str_copy(row.name, sizeof row.name, c->op->bucket));
    INV(str_copy(row.account, sizeof row.account, c->op->account));
    dos_bucket_insert(st, &row);
    tell_directory(c, row.account);
    return ERR_OK;
}

enum err_code dos_head_bucket(struct dos_call *c)
{
    PRE(*c->op->bucket != '\0'); /* authorize has found it */
    return ERR_OK;
}

enum err_code dos_delete_bucket(struct dos_call *c)
{
    struct store *st = c->core->store;
    if (dos_bucket_has_objects(st, c->op->bucket))
        return err_set(c->err, ERR_BUCKET_NOT_EMPTY, "The bucket you tried to delete is not empty");
    dos_upload_drop_all(st, c->op->bucket, c->event->now_ms);
    dos_bucket_delete(st, c->op->bucket);
    tell_directory(c, "");
    return ERR_OK;
}
