/* host_rig.c - see host_rig.h. */
#include "tests/unit/host_rig.h"

#include "base/check.h"
#include "base/str.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

enum { LIST_MS = 2000, NET_LIST_MS = 3000, CALL_MS = 30000 };

/* ---- turns --------------------------------------------------------------------------------- */

static enum err_code step(void *self, const struct event *ev, struct effects *out, struct err *err)
{
    struct host_rig *r = self;
    if (r->wish.kind != NULL) {
        struct sync_child_hooks hooks = host_cluster_hooks(r->core);
        r->core->at = *ev;
        enum err_code code = hooks.on_wish(hooks.core, &r->wish, ev, err);
        INV(code == ERR_OK);
        r->wish.kind = NULL;
    }
    return r->real.step(r->real.self, ev, out, err);
}

static void fail(void *self, const struct event *ev, const struct err *err, struct effects *out)
{
    struct host_rig *r = self;
    r->real.fail(r->real.self, ev, err, out);
}

static void seal(void *self, const struct event *at, struct effects *out)
{
    struct host_rig *r = self;
    r->real.seal(r->real.self, at, out);
}

static void reload(void *self)
{
    struct host_rig *r = self;
    r->real.reload(r->real.self);
}

static int64_t wake_at(const void *self)
{
    const struct host_rig *r = self;
    return r->real.wake_at(r->real.self);
}

static void keep_job(struct host_rig *r, const struct effect_job *job)
{
    INV(r->jobs_len < RIG_JOBS);
    struct rig_job *to = &r->jobs[r->jobs_len++];
    *to = (struct rig_job){
        .id = job->job_id, .kind = job->kind, .spec = check_alloc(job->spec_size + 1)};
    memcpy(to->spec, job->spec, job->spec_size);
}

static void run(struct host_rig *r, struct event *ev)
{
    struct arena arena = {0};
    struct effects out = {.arena = &arena};
    ev->at = r->at;
    enum turn_outcome outcome = turn_run(&r->turn, ev, 1, &out);
    INV(outcome == TURN_COMMITTED);
    for (const struct effect *e = out.first; e != NULL; e = e->next)
        if (e->kind == EFFECT_JOB)
            keep_job(r, &e->job);
    arena_fini(&arena);
}

static void boot(struct host_rig *r)
{
    r->core = host_core_new(r->store, &r->rng, &r->config);
    r->real = host_core_as_core(r->core);
    struct core wrapped = {
        .self = r, .step = step, .fail = fail, .seal = seal, .reload = reload, .wake_at = wake_at};
    turn_init(&r->turn, &wrapped, r->store, &r->at);
    run(r, &(struct event){.kind = EVENT_START});
}

static void forget_jobs(struct host_rig *r)
{
    for (size_t i = 0; i < r->jobs_len; i++)
        free(r->jobs[i].spec);
    r->jobs_len = 0;
}

void host_rig_init(struct host_rig *r)
{
    struct err err = {0};
    *r = (struct host_rig){.at = {1000, 50000, 1763632415000},
                           .config = {.node = "host-1",
                                      .timing = sync_timing_default(),
                                      .job_ms = CALL_MS,
                                      .stop_ms = 90000,
                                      .list_ms = LIST_MS,
                                      .net_list_ms = NET_LIST_MS,
                                      .mtu = 1450,
                                      .cache_bytes = (int64_t)10 << 30,
                                      .cache_free_percent = 15,
                                      .tunnel = "10.0.0.1",
                                      .share_url = "https://10.0.0.1:8784",
                                      .profile = HOST_PROFILE_CURRENT}};
    r->seed.state = 1;
    r->rng = rng_seeded(&r->seed);
    enum err_code code = store_open(&r->store, ":memory:", &host_schema, &err);
    INV(code == ERR_OK);
    store_begin(r->store);
    store_run(r->store, "UPDATE machine SET boot='boot', fresh_boot='boot'", "");
    code = store_commit(r->store, &err);
    INV(code == ERR_OK);
    boot(r);
}

void host_rig_fini(struct host_rig *r)
{
    forget_jobs(r);
    host_core_free(r->core);
    store_close(r->store);
    arena_fini(&r->arena);
}

void host_rig_restart(struct host_rig *r)
{
    forget_jobs(r);
    host_core_free(r->core);
    boot(r);
}

void host_rig_forget(struct host_rig *r)
{
    struct err err = {0};
    forget_jobs(r);
    host_core_free(r->core);
    store_begin(r->store);
    store_run(r->store, "DELETE FROM record", "");
    enum err_code code = store_commit(r->store, &err);
    INV(code == ERR_OK);
    boot(r);
}

void host_rig_pass(struct host_rig *r, int64_t ms)
{
    r->at.mono_ms += ms;
    r->at.boot_ms += ms;
    r->at.wall_ms += ms;
    run(r, &(struct event){.kind = EVENT_TICK});
}

/* ---- wishes -------------------------------------------------------------------------------- */

static void take(struct host_rig *r, const struct wire_item *item)
{
    struct err err = {0};
    store_begin(r->store);
    store_run(r->store,
              "INSERT INTO got(kind, id, pepoch, generation, number, gone, body)"
              " VALUES(?1, ?2, ?3, ?4, 1, ?5, ?6) ON CONFLICT DO UPDATE SET generation=?4,"
              " gone=?5, body=?6",
              "ssiiss", item->kind, item->id, item->pepoch, item->generation, item->gone,
              item->body);
    enum err_code code = store_commit(r->store, &err);
    INV(code == ERR_OK);
    r->wish = *item;
    host_rig_pass(r, 1);
}

struct wire_instance host_rig_instance(void)
{
    static const char *groups[] = {"sg-0123456789abcdef0"};
    static struct wire_port port = {.id = "eni-0123456789abcdef0",
                                    .vpc = "vpc-0123456789abcdef0",
                                    .vni = 10,
                                    .subnet = "subnet-0123456789abcdef0",
                                    .subnet_cidr = "172.31.0.0/20",
                                    .vpc_cidr = "172.31.0.0/16",
                                    .mac = "02:00:00:00:00:05",
                                    .address = "172.31.0.5",
                                    .groups = groups,
                                    .groups_len = 1};
    static char manifest[HOST_HASH_SIZE];
    memset(manifest, 'a', HOST_HASH_SIZE - 1);
    return (struct wire_instance){.want = "running",
                                  .vcpus = 1,
                                  .memory_mib = 128,
                                  .manifest = manifest,
                                  .image_bytes = 1 << 20,
                                  .volume = "vol-0123456789abcdef0",
                                  .disk_bytes = 1 << 30,
                                  .hostname = "ip-172-31-0-5",
                                  .domain = "lab.compute.internal",
                                  .port = &port};
}

void host_rig_wish(struct host_rig *r, int64_t generation, const struct wire_instance *body)
{
    CLEANUP(buf_fini) struct buf json = {0};
    wire_encode(&json, &wire_instance_type, body);
    take(r, &(struct wire_item){.kind = "instance",
                                .id = RIG_ID,
                                .generation = generation,
                                .pepoch = 1,
                                .gone = "",
                                .body = buf_str(&json)});
}

void host_rig_end(struct host_rig *r, int64_t generation)
{
    take(r, &(struct wire_item){.kind = "instance",
                                .id = RIG_ID,
                                .generation = generation,
                                .pepoch = 1,
                                .gone = "deleted",
                                .body = ""});
}

void host_rig_wish_other(struct host_rig *r, const char *kind, const char *id, const char *gone,
                         const char *body)
{
    take(r,
         &(struct wire_item){.kind = kind, .id = id, .generation = 1, .gone = gone, .body = body});
}

void host_rig_wish_member(struct host_rig *r, const char *base, int at)
{
    CLEANUP(buf_fini) struct buf json = {0};
    unsigned char bits[32] = {0};
    char text[2 * sizeof bits + 1], id[64];
    snprintf(id, sizeof id, "%s/%s", RIG_GROUP, base);
    if (at >= 0)
        bits[at / 8] = (unsigned char)(0x80 >> at % 8);
    str_hex(text, bits, sizeof bits);
    wire_encode(&json, &wire_members_type,
                &(struct wire_members){.group = RIG_GROUP, .vni = 10, .base = base, .bits = text});
    host_rig_wish_other(r, "members", id, at >= 0 ? "" : "deleted", at >= 0 ? buf_str(&json) : "");
}

/* ---- jobs ---------------------------------------------------------------------------------- */

struct rig_job *host_rig_job(struct host_rig *r, int kind)
{
    for (size_t i = 0; i < r->jobs_len; i++)
        if (r->jobs[i].kind == kind)
            return &r->jobs[i];
    return NULL;
}

void host_rig_done(struct host_rig *r, int kind, enum err_code code, const char *text,
                   const void *result, size_t size)
{
    struct rig_job *job = host_rig_job(r, kind);
    INV(job != NULL);
    struct event ev = {.kind = EVENT_JOB_DONE,
                       .job = {.job_id = job->id,
                               .kind = kind,
                               .code = code,
                               .text = text,
                               .result = result,
                               .result_size = size}};
    free(job->spec);
    memmove(job, job + 1, (size_t)(r->jobs + r->jobs_len - job - 1) * sizeof *job);
    r->jobs_len--;
    run(r, &ev);
}

void host_rig_ok(struct host_rig *r, int kind)
{
    struct host_net_port_done port = {.tap = "tctt01234567"};
    bool is_port = kind == HOST_JOB_NET_PORT;
    host_rig_done(r, kind, ERR_OK, "", is_port ? &port : NULL, is_port ? sizeof port : 0);
}

void host_rig_hear(struct host_rig *r, int kind, const void *result, size_t size)
{
    run(r,
        &(struct event){.kind = EVENT_JOB_DONE,
                        .job = {.kind = kind, .text = "", .result = result, .result_size = size}});
}

void host_rig_list(struct host_rig *r, int state, int64_t profile)
{
    struct host_hv_list *list = check_alloc(sizeof *list);
    str_copy(list->service, sizeof list->service, "service");
    str_copy(list->boot, sizeof list->boot, "boot");
    list->len = state >= 0;
    list->domains[0] = (struct host_domain){
        .instance = RIG_ID,
        .pepoch = 1,
        .generation = 1,
        .state = (enum host_domain_state)(state >= 0 ? state : 0),
        .profile = profile};
    while (host_rig_job(r, HOST_JOB_HV_LIST) != NULL)
        host_rig_done(r, HOST_JOB_HV_LIST, ERR_OK, "", list, sizeof *list);
    free(list);
}

void host_rig_run(struct host_rig *r)
{
    static const int steps[] = {HOST_JOB_DISK_BASE, HOST_JOB_DISK_ROOT, HOST_JOB_NET_PORT,
                                HOST_JOB_HV_START};
    int64_t profile = 0;
    host_rig_list(r, -1, 0);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct rig_job *job = host_rig_job(r, steps[i]);
        if (job == NULL)
            continue; /* done in an earlier life */
        if (steps[i] == HOST_JOB_HV_START)
            profile = ((const struct host_hv_start *)job->spec)->profile.number;
        host_rig_ok(r, steps[i]);
    }
    INV(profile != 0);
    host_rig_list(r, HOST_DOMAIN_RUNNING, profile);
}

/* ---- looking ------------------------------------------------------------------------------- */

struct wire_instance_seen host_rig_seen(struct host_rig *r)
{
    struct wire_instance_seen seen = {0};
    struct query q;
    struct err err = {0};
    arena_reset(&r->arena);
    query_open(&q, r->store, "SELECT body FROM said WHERE kind='instance' AND id=? AND gone=''",
               "s", RIG_ID);
    if (query_next(&q)) {
        const char *body = arena_strdup(&r->arena, query_text(&q, 0));
        enum err_code code = wire_decode(&wire_instance_seen_type, body, strlen(body), &r->arena,
                                         &seen, &err);
        INV(code == ERR_OK);
        query_close(&q);
    }
    return seen;
}
