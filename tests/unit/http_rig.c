/* http_rig.c - see http_rig.h. */
#include "tests/unit/http_rig.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/auth/cert.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static const char *const migrations[] = {"CREATE TABLE hit(n INTEGER PRIMARY KEY, target TEXT)"};
static const struct store_schema schema = {migrations, 1};

/* The core. */

static void echo(const struct request *r, struct effects *out)
{
    CLEANUP(buf_fini) struct buf text = {0};
    buf_printf(&text, "%s %s %s %s", r->method, r->target, r->peer_node, r->body);
    effect_reply(out, r->id, 200, "text/plain", buf_str(&text), text.len);
}

static void open_answer(struct rig *rig, const struct event *ev, struct effects *out)
{
    rig->open = str_eq(ev->request.target, "/flood") ? "/flood" : "/stream";
    rig->held_id = ev->request.id;
    rig->held_until_ms = ev->at.mono_ms + 30;
    effect_reply_with(out, &(struct effect_reply){.request_id = ev->request.id,
                                                  .status = 200,
                                                  .content_type = "text/plain",
                                                  .body = "one,",
                                                  .body_len = 4,
                                                  .is_open = true});
}

/* 30 ms between the parts of /stream, none between those of /flood. */
static void go_on(struct rig *rig, int64_t mono_ms, struct effects *out)
{
    static const char flood[60 * 1024];
    bool is_flood = str_eq(rig->open, "/flood");
    struct effect_more more = {.request_id = rig->held_id, .data = flood, .len = sizeof flood};
    if (!is_flood) {
        more.data = rig->more == 0 ? "two," : "three";
        more.len = rig->more == 0 ? 4 : 5;
        more.is_last = rig->more == 1;
    }
    effect_more(out, &more);
    rig->more++;
    rig->held_until_ms = mono_ms + (is_flood ? 1 : 30);
    if (more.is_last || rig->more == 1000)
        rig->held_id = 0;
}

static enum err_code take_request(struct rig *rig, const struct event *ev, struct effects *out,
                                  struct err *err)
{
    const struct request *r = &ev->request;
    store_run(rig->store, "INSERT INTO hit(target) VALUES(?)", "s", r->target);
    if (str_eq(r->target, "/fail"))
        return err_set(err, ERR_DENIED, "no");
    if (str_eq(r->target, "/never"))
        return ERR_OK;
    if (str_eq(r->target, "/held")) {
        rig->held_id = r->id;
        rig->held_until_ms = ev->at.mono_ms + 30;
        return ERR_OK;
    }
    if (str_eq(r->target, "/count")) {
        const char *text = arena_printf(out->arena, "held %zu.", http_server_held(rig->server));
        effect_reply(out, r->id, 200, "text/plain", text, strlen(text));
        return ERR_OK;
    }
    if (str_eq(r->target, "/stream") || str_eq(r->target, "/flood")) {
        open_answer(rig, ev, out);
        return ERR_OK;
    }
    if (str_eq(r->target, "/header")) {
        const struct header bad = {"x-evil", "a\r\nSet-Cookie: b"};
        effect_reply_with(out, &(struct effect_reply){.request_id = r->id,
                                                      .status = 200,
                                                      .content_type = "text/plain",
                                                      .headers = &bad,
                                                      .headers_len = 1});
        return ERR_OK;
    }
    echo(r, out);
    return ERR_OK;
}

static void note(struct rig *rig, uint64_t id, int status, const char *text)
{
    INV(rig->ends_len < RIG_ENDS_MAX);
    struct rig_end *end = &rig->ends[rig->ends_len++];
    end->id = id;
    end->status = status;
    str_copy(end->body, sizeof end->body, text);
    if (rig->ends_len == rig->ends_wanted)
        loop_stop(rig->loop);
}

static void start(struct rig *rig, struct effects *out)
{
    rig->starts++;
    for (size_t i = 0; i < rig->calls_len; i++)
        effect_call(out, &rig->calls[i]);
    for (size_t i = 0; i < rig->jobs_len; i++)
        effect_job(out, &rig->jobs_wanted[i]);
}

static void tick(struct rig *rig, int64_t mono_ms, struct effects *out)
{
    rig->ticks++;
    if (rig->is_full) {
        store_lose(rig->store);
        return;
    }
    if (rig->held_id != 0 && rig->open != NULL) {
        go_on(rig, mono_ms, out);
        return;
    }
    if (rig->held_id != 0)
        effect_reply(out, rig->held_id, 200, "text/plain", "late", 4);
    rig->held_id = 0;
}

static enum err_code core_step(void *self, const struct event *ev, struct effects *out,
                               struct err *err)
{
    struct rig *rig = self;
    switch (ev->kind) {
    case EVENT_START:
        start(rig, out);
        return ERR_OK;
    case EVENT_TICK:
        tick(rig, ev->at.mono_ms, out);
        return ERR_OK;
    case EVENT_REQUEST:
        return take_request(rig, ev, out, err);
    case EVENT_REPLY:
        note(rig, ev->reply.call_id, ev->reply.status, ev->reply.body);
        return ERR_OK;
    case EVENT_JOB_DONE:
        note(rig, ev->job.job_id, (int)ev->job.code,
             ev->job.result_size > 0 ? ev->job.result : ev->job.text);
        return ERR_OK;
    }
    return ERR_OK;
}

static void core_fail(void *self, const struct event *ev, const struct err *err,
                      struct effects *out)
{
    struct rig *rig = self;
    rig->fails++;
    effect_reply(out, ev->request.id, err_row(err->code)->http, "text/plain", err->text,
                 strlen(err->text));
}

static void core_seal(void *self, const struct event *at, struct effects *out)
{
    (void)self;
    (void)at;
    (void)out;
}

static void core_reload(void *self)
{
    (void)self;
}

static int64_t core_wake_at(const void *self)
{
    const struct rig *rig = self;
    return rig->held_id != 0 || rig->is_full ? rig->held_until_ms : INT64_MAX;
}

/* The performer. */

static void perform_reply(void *self, const struct effect_reply *reply)
{
    http_server_reply(((struct rig *)self)->server, reply);
}

static void perform_call(void *self, const struct effect_call *call)
{
    http_client_call(((struct rig *)self)->client, call);
}

static void perform_more(void *self, const struct effect_more *more)
{
    http_server_more(((struct rig *)self)->server, more);
}

static void perform_job(void *self, const struct effect_job *job)
{
    job_pool_start(((struct rig *)self)->jobs, job);
}

void rig_init(struct rig *rig, const struct loop_options *options)
{
    struct err err = {0};
    const struct rng rng = rng_system();
    *rig = (struct rig){.loop = loop_new(options)};
    INV(store_open(&rig->store, ":memory:", &schema, &err) == ERR_OK);
    const struct core core = {rig,         core_step,    core_fail, core_seal,
                              core_reload, core_wake_at, NULL};
    const struct instant now = loop_now(rig->loop);
    turn_init(&rig->turn, &core, rig->store, &now);
    rig->server = http_server_new(rig->loop, &rng);
    rig->client = http_client_new(rig->loop);
}

void rig_run(struct rig *rig)
{
    const struct loop_performer performer = {rig, perform_reply, perform_call, perform_job,
                                             perform_more};
    rig->began_ms = loop_now(rig->loop).mono_ms;
    loop_run(rig->loop, &rig->turn, &performer);
}

void rig_fini(struct rig *rig)
{
    http_client_free(rig->client);
    http_server_free(rig->server);
    INV(job_pool_free(rig->jobs, 2000));
    loop_free(rig->loop);
    store_close(rig->store);
}

const struct rig_end *rig_end(const struct rig *rig, uint64_t id)
{
    for (size_t i = 0; i < rig->ends_len; i++)
        if (rig->ends[i].id == id)
            return &rig->ends[i];
    IMPOSSIBLE("no such end");
}

int64_t rig_rows(struct rig *rig)
{
    return store_i64(rig->store, 0, "SELECT count(*) FROM hit", "");
}

/* A second thread. */

struct beside {
    struct rig *rig;
    void (*script)(void *arg);
    void *arg;
};

static void stop(void *arg)
{
    loop_stop(arg);
}

static void *run_script(void *arg)
{
    struct beside *b = arg;
    b->script(b->arg);
    loop_defer(b->rig->loop, stop, b->rig->loop);
    return NULL;
}

void rig_run_beside(struct rig *rig, void (*script)(void *arg), void *arg)
{
    struct beside b = {rig, script, arg};
    pthread_t thread;
    INV(pthread_create(&thread, NULL, run_script, &b) == 0);
    rig_run(rig);
    INV(pthread_join(thread, NULL) == 0);
}

int rig_connect(uint16_t tcp_port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(tcp_port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = 3};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    INV(fd >= 0);
    INV(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
    INV(connect(fd, (const struct sockaddr *)&to, sizeof to) == 0);
    return fd;
}

char *rig_read_all(int fd)
{
    struct buf all = {0};
    char part[4096];
    for (ssize_t n; (n = recv(fd, part, sizeof part, 0)) > 0;)
        buf_append(&all, part, (size_t)n);
    if (all.data == NULL)
        buf_text(&all, "");
    return all.data != NULL ? all.data : check_strdup("");
}

char *rig_talk(uint16_t tcp_port, const char *text)
{
    int fd = rig_connect(tcp_port);
    INV(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
    char *answer = rig_read_all(fd);
    close(fd);
    return answer;
}

/* Certificates. */

enum { HOUR_MS = 3600 * 1000, YEAR_S = 365 * 24 * 3600 };

static void make_leaf(const struct rig_certs *c, const struct buf *ca_key, const struct buf *ca,
                      struct buf *key, struct buf *cert, const char *cn, int64_t age_ms)
{
    const struct rng rng = rng_system();
    const struct clock clock = clock_system();
    struct err err = {0};
    CLEANUP(buf_fini) struct buf csr = {0};
    (void)c;
    if (key->len == 0)
        INV(cert_make_key(key, &err) == ERR_OK);
    INV(cert_make_csr(buf_str(key), cn, &csr, &err) == ERR_OK);
    const struct cert_sign sign = {.ca_cert_pem = buf_str(ca),
                                   .ca_key_pem = buf_str(ca_key),
                                   .csr_pem = buf_str(&csr),
                                   .cn = cn,
                                   .kind = CERT_LEAF,
                                   .wall_ms = clock.read(clock.self).wall_ms - age_ms,
                                   .life_s = 3600,
                                   .rng = &rng};
    INV(cert_sign(&sign, cert, &err) == ERR_OK);
}

static void make_root(struct buf *key, struct buf *cert)
{
    const struct rng rng = rng_system();
    const struct clock clock = clock_system();
    struct err err = {0};
    INV(cert_make_key(key, &err) == ERR_OK);
    const struct cert_root root = {.key_pem = buf_str(key),
                                   .cn = "root",
                                   .wall_ms = clock.read(clock.self).wall_ms - 48LL * HOUR_MS,
                                   .life_s = YEAR_S,
                                   .rng = &rng};
    INV(cert_make_root(&root, cert, &err) == ERR_OK);
}

void rig_certs_init(struct rig_certs *c)
{
    CLEANUP(buf_fini) struct buf other_key = {0}, other_cert = {0};
    struct cert_info info;
    struct err err = {0};
    *c = (struct rig_certs){0};
    make_root(&c->root_key, &c->root_cert);
    make_root(&other_key, &other_cert);
    make_leaf(c, &c->root_key, &c->root_cert, &c->parent_key, &c->parent_cert, "parent-1", 0);
    make_leaf(c, &c->root_key, &c->root_cert, &c->child_key, &c->child_cert, "child-1", 0);
    make_leaf(c, &c->root_key, &c->root_cert, &c->child_key, &c->old_cert, "child-1",
              2LL * HOUR_MS);
    make_leaf(c, &other_key, &other_cert, &c->stranger_key, &c->stranger_cert, "child-1", 0);
    INV(cert_info_read(&info, buf_str(&c->root_cert), &err) == ERR_OK);
    str_copy(c->root_sha256, sizeof c->root_sha256, info.fingerprint);
}

void rig_certs_fini(struct rig_certs *c)
{
    buf_fini(&c->root_key);
    buf_fini(&c->root_cert);
    buf_fini(&c->parent_key);
    buf_fini(&c->parent_cert);
    buf_fini(&c->child_key);
    buf_fini(&c->child_cert);
    buf_fini(&c->old_cert);
    buf_fini(&c->stranger_key);
    buf_fini(&c->stranger_cert);
}
