/* cloud_rig.c - see cloud_rig.h. */
#include "tests/unit/cloud_rig.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/auth/sigv4.h"
#include "proto/sync/parent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void take_more(struct rig *r, const struct effect_more *more)
{
    struct rig_reply *reply = &r->replies[more->request_id % RIG_REPLIES];
    if (reply->request_id != more->request_id)
        return;
    INV(reply->has_more);
    size_t len = strlen(reply->body);
    reply->body = check_realloc(reply->body, len + more->len + 1);
    memcpy(reply->body + len, more->data, more->len);
    reply->body[len + more->len] = '\0';
    reply->has_more = !more->is_last;
}

static void take(struct rig *r, const struct effects *out)
{
    for (const struct effect *e = out->first; e != NULL; e = e->next) {
        if (e->kind == EFFECT_REPLY) {
            struct rig_reply *reply = &r->replies[e->reply.request_id % RIG_REPLIES];
            INV(reply->request_id == e->reply.request_id && reply->status == 0);
            reply->status = e->reply.status;
            reply->body = check_strdup(e->reply.body);
            reply->has_more = e->reply.is_open;
            for (size_t i = 0; i < e->reply.headers_len; i++)
                if (str_eq(e->reply.headers[i].name, "ETag"))
                    str_copy(reply->etag, sizeof reply->etag, e->reply.headers[i].value);
        } else if (e->kind == EFFECT_MORE) {
            take_more(r, &e->more);
        } else if (e->kind == EFFECT_JOB) {
            INV(r->jobs_len < RIG_JOBS);
            struct rig_job *job = &r->jobs[r->jobs_len++];
            *job = (struct rig_job){.id = e->job.job_id, .kind = e->job.kind};
            if (e->job.kind == CLOUD_JOB_SIGN)
                memcpy(&job->sign, e->job.spec, sizeof job->sign);
        }
    }
}

static void run(struct rig *r, struct event *ev)
{
    struct arena arena = {0};
    struct effects out = {.arena = &arena};
    ev->at = r->at;
    enum turn_outcome outcome = turn_run(&r->turn, ev, 1, &out);
    INV(outcome == TURN_COMMITTED);
    take(r, &out);
    arena_fini(&arena);
}

static void boot(struct rig *r)
{
    r->core = cloud_core_new(r->store, &r->rng, &r->config);
    struct core steps = cloud_core_as_core(r->core);
    turn_init(&r->turn, &steps, r->store, &r->at);
    run(r, &(struct event){.kind = EVENT_START});
}

void rig_init(struct rig *r)
{
    struct err err = {0};
    *r = (struct rig){.seed = {.state = 7},
                      .at = {.mono_ms = 1000, .boot_ms = 1000, .wall_ms = 1763632415000},
                      .next_request = 1};
    r->rng = rng_seeded(&r->seed);
    r->config = (struct cloud_config){.region = "lab",
                                      .public_domain = "guests.example.org",
                                      .timing = sync_timing_default(),
                                      .terminated_visible_ms = 3600 * 1000,
                                      .quota_instances = 20,
                                      .quota_vcpus = 20,
                                      .quota_groups = 20,
                                      .endpoint = "127.0.0.1:8773"};
    memset(r->config.master_key, 9, sizeof r->config.master_key);
    enum err_code code = store_open(&r->store, ":memory:", &cloud_schema, &err);
    INV(code == ERR_OK);
    store_begin(r->store);
    cloud_setup(r->store, &r->rng, &r->config, r->at.wall_ms, &r->root);
    code = store_commit(r->store, &err);
    INV(code == ERR_OK);
    boot(r);
}

void rig_fini(struct rig *r)
{
    for (size_t i = 0; i < RIG_REPLIES; i++)
        free(r->replies[i].body);
    cloud_core_free(r->core);
    store_close(r->store);
    arena_fini(&r->arena);
}

void rig_restart(struct rig *r)
{
    cloud_core_free(r->core);
    r->jobs_len = 0;
    boot(r);
}

void rig_restore(struct rig *r, const void *dump, size_t len)
{
    struct err err = {0};
    store_load(r->store, dump, len);
    store_begin(r->store);
    sync_parent_open_recovery(r->store);
    enum err_code code = store_commit(r->store, &err);
    INV(code == ERR_OK);
    rig_restart(r);
}

void rig_advance(struct rig *r, int64_t ms)
{
    r->at.mono_ms += ms;
    r->at.boot_ms += ms;
    r->at.wall_ms += ms;
    run(r, &(struct event){.kind = EVENT_TICK});
}

/* ---- requests ----------------------------------------------------------------------------- */

uint64_t rig_raw(struct rig *r, const struct request *request)
{
    struct event ev = {.kind = EVENT_REQUEST, .request = *request};
    ev.request.id = r->next_request++;
    struct rig_reply *slot = &r->replies[ev.request.id % RIG_REPLIES];
    free(slot->body);
    *slot = (struct rig_reply){.request_id = ev.request.id};
    run(r, &ev);
    return ev.request.id;
}

/* What is signed, and by `more` also what is not. */
struct ask {
    const char *service, *method, *target, *body;
    const struct header *more;
};

static uint64_t ask(struct rig *r, const struct ask *a)
{
    struct err err = {0};
    char date[SIGV4_DATE_SIZE], hash[DIGEST_SHA256_HEX_SIZE];
    CLEANUP(buf_fini) struct buf authorization = {0};
    digest_sha256_hex(hash, a->body, strlen(a->body));
    enum err_code code = sigv4_sign(&(struct sigv4_sign){.method = a->method,
                                                         .target = a->target,
                                                         .host = "127.0.0.1:8773",
                                                         .payload = hash,
                                                         .key_id = r->root.key_id,
                                                         .secret = r->root.secret,
                                                         .region = "lab",
                                                         .service = a->service,
                                                         .wall_ms = r->at.wall_ms},
                                    date, &authorization, &err);
    INV(code == ERR_OK);
    struct header headers[4] = {{"Host", "127.0.0.1:8773"},
                                {"X-Amz-Date", date},
                                {"Authorization", buf_str(&authorization)}};
    if (a->more != NULL)
        headers[3] = *a->more;
    return rig_raw(r, &(struct request){.face = FACE_PUBLIC,
                                        .method = a->method,
                                        .target = a->target,
                                        .headers = headers,
                                        .headers_len = a->more != NULL ? 4 : 3,
                                        .body = a->body,
                                        .body_len = strlen(a->body),
                                        .peer_node = "",
                                        .peer_serial = "",
                                        .remote = "127.0.0.1:5",
                                        .trace = "00000000-0000-4000-8000-000000000000"});
}

uint64_t rig_resend(struct rig *r, const char *service, const char *form)
{
    return ask(r, &(struct ask){service, "POST", "/", form, NULL});
}

static void second_later(struct rig *r)
{
    r->at.mono_ms += 1000;
    r->at.boot_ms += 1000;
    r->at.wall_ms += 1000;
}

uint64_t rig_rest(struct rig *r, const char *method, const char *target, const char *body,
                  const struct header *more)
{
    second_later(r);
    return ask(r, &(struct ask){"tercet", method, target, body, more});
}

uint64_t rig_send(struct rig *r, const char *service, const char *form)
{
    second_later(r);
    return rig_resend(r, service, form);
}

int rig_status(const struct rig *r, uint64_t request)
{
    return r->replies[request % RIG_REPLIES].status;
}

const char *rig_body(const struct rig *r, uint64_t request)
{
    const struct rig_reply *reply = &r->replies[request % RIG_REPLIES];
    return reply->body != NULL ? reply->body : "";
}

const char *rig_ok(struct rig *r, const char *form)
{
    uint64_t id = rig_send(r, "ec2", form);
    if (rig_status(r, id) != 200)
        fprintf(stderr, "%s: %d %s\n", form, rig_status(r, id), rig_body(r, id));
    INV(rig_status(r, id) == 200);
    return rig_body(r, id);
}

void rig_ask(struct rig *r, const char *action, const char *instance)
{
    rig_ok(r, arena_printf(&r->arena, "Action=%s&Version=2016-11-15&InstanceId.1=%s", action,
                           instance));
}

const char *rig_state_of(struct rig *r, const char *instance)
{
    const char *form = arena_printf(
        &r->arena, "Action=DescribeInstances&Version=2016-11-15&InstanceId.1=%s", instance);
    return rig_text(r, strstr(rig_ok(r, form), "<instanceState>"), "name");
}

void rig_fails(struct rig *r, const char *form, int status, const char *code)
{
    uint64_t id = rig_send(r, "ec2", form);
    const char *said = rig_text(r, rig_body(r, id), "Code");
    if (rig_status(r, id) != status || said == NULL || !str_eq(said, code))
        fprintf(stderr, "%s: %d %s\n", form, rig_status(r, id), rig_body(r, id));
    INV(rig_status(r, id) == status && said != NULL && str_eq(said, code));
}

const char *rig_text(struct rig *r, const char *body, const char *name)
{
    const char *open = arena_printf(&r->arena, "<%s>", name);
    const char *at = strstr(body, open);
    if (at == NULL)
        return NULL;
    at += strlen(open);
    return arena_strndup(&r->arena, at, strcspn(at, "<"));
}

size_t rig_count(const char *body, const char *text)
{
    size_t n = 0;
    for (const char *at = body; (at = strstr(at, text)) != NULL; at += strlen(text))
        n++;
    return n;
}

void rig_job_done(struct rig *r, enum err_code code, const void *result, size_t size)
{
    INV(r->jobs_len > 0);
    struct event ev = {.kind = EVENT_JOB_DONE,
                       .job = {.job_id = r->jobs[0].id,
                               .kind = r->jobs[0].kind,
                               .code = code,
                               .text = code == ERR_OK ? "" : "the job failed",
                               .result = result,
                               .result_size = size}};
    memmove(r->jobs, r->jobs + 1, --r->jobs_len * sizeof *r->jobs);
    run(r, &ev);
}

enum err_code rig_account(struct rig *r, const char *name, struct cloud_root *out)
{
    struct err err = {0};
    store_begin(r->store);
    enum err_code code = cloud_account_add(r->store, &r->rng, &r->config, name, r->at.wall_ms, out,
                                           &err);
    if (code == ERR_OK)
        return store_commit(r->store, &err);
    store_rollback(r->store);
    return code;
}
