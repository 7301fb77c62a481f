/* dos_rig.c - see dos_rig.h. */
#include "dos_rig.h"

#include "base/check.h"
#include "base/str.h"
#include "dos/store/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rig_open(struct rig *r)
{
    struct err err = {0};
    *r = (struct rig){.seed = {7},
                      .now = {.mono_ms = 1000, .boot_ms = 1000, .wall_ms = 1795166015000}};
    r->rng = rng_seeded(&r->seed);
    INV(store_open(&r->store, ":memory:", dos_schema(), &err) == ERR_OK);
    const struct dos_config config = {
        .node = "", .url = "", .timing = sync_timing_default(), .limits = {.buckets_max = 3}};
    r->core = dos_core_new(r->store, &r->rng, &config);
    struct core steps = dos_core_steps(r->core);
    turn_init(&r->turn, &steps, r->store, &r->now);
}

void rig_close(struct rig *r)
{
    dos_core_free(r->core);
    store_close(r->store);
    buf_fini(&r->answer);
}

static void keep(struct rig *r, const struct effect *e)
{
    if (e->kind == EFFECT_REPLY) {
        buf_clear(&r->answer);
        buf_append(&r->answer, e->reply.body, e->reply.body_len);
        return;
    }
    INV(e->kind == EFFECT_JOB && r->jobs_len < RIG_JOBS_MAX);
    struct rig_job *job = &r->jobs[r->jobs_len++];
    INV(e->job.spec_size <= sizeof job->spec);
    *job = (struct rig_job){
        .id = e->job.job_id, .kind = e->job.kind, .spec_size = e->job.spec_size};
    memcpy(job->spec, e->job.spec, e->job.spec_size);
}

void rig_event(struct rig *r, const struct event *ev)
{
    struct arena arena = {0};
    struct effects effects = {.arena = &arena};
    struct event copy = *ev;
    copy.at = r->now;
    INV(turn_run(&r->turn, &copy, 1, &effects) == TURN_COMMITTED);
    for (const struct effect *e = effects.first; e != NULL; e = e->next)
        keep(r, e);
    arena_fini(&arena);
}

enum err_code rig_ask(struct rig *r, const struct dos_op *op, struct dos_unpack *fields)
{
    struct dos_unpack unwanted;
    struct dos_op whole = *op;
    const char **const texts[] = {&whole.account, &whole.bucket, &whole.key, &whole.upload};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (*texts[i] == NULL)
            *texts[i] = "";
    struct event ev = dos_op_event(&whole, ++r->last_id, r->now);
    buf_clear(&r->answer);
    rig_event(r, &ev);
    r->err = (struct err){0};
    return dos_answer_read(r->answer.data, r->answer.len, fields != NULL ? fields : &unwanted,
                           &r->err);
}

enum err_code rig_bucket(struct rig *r, const char *account, const char *name)
{
    return rig_ask(
        r, &(struct dos_op){.kind = DOS_OP_CREATE_BUCKET, .account = account, .bucket = name},
        NULL);
}

enum err_code rig_put(struct rig *r, const char *bucket, const char *key, const char *body)
{
    return rig_ask(r,
                   &(struct dos_op){.kind = DOS_OP_PUT_OBJECT,
                                    .account = "1",
                                    .bucket = bucket,
                                    .key = key,
                                    .put = {.body = {.kind = DOS_BODY_INLINE,
                                                     .ref = "",
                                                     .bytes = body,
                                                     .size_bytes = (int64_t)strlen(body)},
                                            .etag = "e",
                                            .headers = "content-type: text/plain\n"}},
                   NULL);
}

enum err_code rig_put_file(struct rig *r, const char *bucket, const char *key, const char *ref,
                           int64_t size)
{
    return rig_ask(
        r,
        &(struct dos_op){.kind = DOS_OP_PUT_OBJECT,
                         .account = "1",
                         .bucket = bucket,
                         .key = key,
                         .put = {.body = {.kind = DOS_BODY_FILE, .ref = ref, .size_bytes = size},
                                 .etag = "e",
                                 .headers = ""}},
        NULL);
}

const char *rig_list(struct rig *r, const char *bucket, const struct dos_list *list)
{
    static char out[4096];
    struct dos_unpack fields;
    size_t at = 0;
    struct dos_op op = {
        .kind = DOS_OP_LIST_OBJECTS, .account = "1", .bucket = bucket, .list = *list};
    INV(rig_ask(r, &op, &fields) == ERR_OK);
    bool is_more = *dos_unpack_text(&fields) != '\0';
    out[0] = '\0';
    while (dos_unpack_more(&fields)) {
        bool is_prefix = dos_unpack_i64(&fields) != 0;
        at += (size_t)snprintf(out + at, sizeof out - at, "%s%s", at > 0 ? "," : "",
                               dos_unpack_text(&fields));
        if (!is_prefix) {
            dos_unpack_i64(&fields);
            dos_unpack_text(&fields);
            dos_unpack_i64(&fields);
        }
    }
    snprintf(out + at, sizeof out - at, "%s", is_more ? "+" : "");
    return out;
}

const char *rig_list_next(struct rig *r)
{
    struct dos_unpack fields;
    struct err err = {0};
    INV(dos_answer_read(r->answer.data, r->answer.len, &fields, &err) == ERR_OK);
    return dos_unpack_text(&fields);
}

void rig_tick(struct rig *r, enum event_kind kind, int64_t after_ms)
{
    r->now.mono_ms += after_ms;
    r->now.boot_ms += after_ms;
    r->now.wall_ms += after_ms;
    rig_event(r, &(struct event){.kind = kind});
}

const struct rig_job *rig_job(const struct rig *r, enum dos_job kind)
{
    for (size_t i = 0; i < r->jobs_len; i++)
        if (r->jobs[i].kind == (int)kind)
            return &r->jobs[i];
    return NULL;
}

void rig_forget_jobs(struct rig *r)
{
    r->jobs_len = 0;
}

void rig_done(struct rig *r, const struct rig_job *job, enum err_code code,
              const struct buf *result)
{
    struct event ev = {.kind = EVENT_JOB_DONE,
                       .job = {.job_id = job->id,
                               .kind = job->kind,
                               .code = code,
                               .text = code != ERR_OK ? "it went wrong" : "",
                               .result = buf_str(result),
                               .result_size = result->len}};
    rig_forget_jobs(r);
    rig_event(r, &ev);
}

int64_t rig_count(struct rig *r, const char *sql)
{
    return store_i64(r->store, -1, sql, "");
}
