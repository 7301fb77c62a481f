/* helper.c - lives of a helper process, one after another; see helper.h.
 *
 *   respawn timer -> life: process, channel, pidfd -> (ended | hung | broken) -> respawn timer
 *   respawn timer -> life: channel -> (ended | hung | broken) -> let go -> its end -> respawn timer
 */
#include "computer-manager/effect/helper.h"

#include "base/check.h"
#include "base/log.h"
#include "computer-manager/effect/spawn.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum { DRAIN_MAX = 64 }; /* messages in one call */

struct helper_job {
    uint64_t id;
    int kind;
    int64_t deadline_ms;
    bool is_sent;
    uint32_t size;
    unsigned char spec[];
};

/* In order of submission; they own what they point at. */
struct helper_jobs {
    struct helper_job **items;
    size_t len, cap;
};

/* One process. It outlives its place in the helper until it has been reaped. */
struct life {
    struct host_helper *helper; /* NULL = given up, only to be reaped */
    pid_t pid;                  /* 0 = a service, known by its channel alone; pidfd is -1 then */
    int fd, pidfd;
    uv_poll_t channel, exit;
    int handles;
    bool has_answered;
    bool is_let_go; /* no life any more, but its end is awaited */
};

struct host_helper {
    struct host_helper_config config;
    uv_loop_t *uv;
    struct life *life;   /* NULL = none now */
    struct life *former; /* a service that was let go of and has not ended; NULL = none */
    struct helper_jobs jobs;
    uv_timer_t deadline, respawn;
    int handles;
    bool is_closed;
    int failures; /* lives in a row that answered nothing */
    struct channel_message message;
};

static int64_t now_ms(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

/* ---- jobs ------------------------------------------------------------------------------ */

static void jobs_push(struct helper_jobs *all, struct helper_job *j)
{
    if (all->len == all->cap) {
        all->cap = all->cap > 0 ? 2 * all->cap : 16;
        all->items = check_realloc(all->items, all->cap * sizeof(struct helper_job *));
    }
    all->items[all->len++] = j;
}

static struct helper_job *jobs_take(struct helper_jobs *all, size_t at)
{
    PRE(at < all->len);
    struct helper_job *j = all->items[at];
    all->len--;
    memmove(all->items + at, all->items + at + 1, (all->len - at) * sizeof(struct helper_job *));
    return j;
}

static void finish(struct host_helper *h, struct helper_job *j, enum err_code code,
                   const char *text, const void *result, size_t size)
{
    struct job_done done = {.job_id = j->id,
                            .kind = j->kind,
                            .code = code,
                            .text = text,
                            .result = result,
                            .result_size = size};
    if (!h->is_closed)
        h->config.done(h->config.self, &done);
    free(j);
}

/* Answers all of `lost`, which stand nowhere else any more: callbacks may submit and close. */
static void finish_all(struct host_helper *h, struct helper_jobs *lost, enum err_code code,
                       const char *text)
{
    for (size_t i = 0; i < lost->len; i++)
        finish(h, lost->items[i], code, text, NULL, 0);
    free(lost->items);
}

/* Moves into `out` those that were (or were not) sent and whose deadline is at most late_ms. */
static void take_lost(struct host_helper *h, struct helper_jobs *out, bool is_sent, int64_t late_ms)
{
    for (size_t i = 0; i < h->jobs.len;) {
        const struct helper_job *j = h->jobs.items[i];
        if (j->is_sent == is_sent && j->deadline_ms <= late_ms)
            jobs_push(out, jobs_take(&h->jobs, i));
        else
            i++;
    }
}

static void on_deadline(uv_timer_t *timer);

static void arm_deadline(struct host_helper *h)
{
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < h->jobs.len; i++) {
        const struct helper_job *j = h->jobs.items[i];
        first = j->deadline_ms < first ? j->deadline_ms : first;
    }
    if (first == INT64_MAX) {
        uv_timer_stop(&h->deadline);
        return;
    }
    int64_t left = first - now_ms();
    uv_update_time(h->uv);
    uv_timer_start(&h->deadline, on_deadline, left > 0 ? (uint64_t)left : 0, 0);
}

/* ---- lives ----------------------------------------------------------------------------- */

static void on_handle_closed(uv_handle_t *handle)
{
    struct life *l = handle->data;
    if (--l->handles > 0)
        return;
    close(l->fd);
    if (l->pidfd >= 0)
        close(l->pidfd);
    free(l);
}

static void on_spawn_due(uv_timer_t *timer);
static void on_channel(uv_poll_t *poll, int status, int events);

static void arm_respawn(struct host_helper *h)
{
    int doublings = h->failures < 16 ? h->failures : 16;
    int64_t wait = h->config.respawn_min_ms << doublings;
    if (wait > h->config.respawn_max_ms)
        wait = h->config.respawn_max_ms;
    uv_update_time(h->uv);
    uv_timer_start(&h->respawn, on_spawn_due, (uint64_t)wait, 0);
}

static void leave(struct life *l)
{
    l->helper = NULL;
    uv_close((uv_handle_t *)&l->channel, on_handle_closed);
}

/* The process is of no use any more. It is killed in any case; one that the kernel does not let
 * go is waited for beside its successor. A service cannot be killed: its channel stays until it has
 * heard that it is over, so that nothing it still did can follow what its successor lists. */
static void give_up(struct host_helper *h, struct life *l)
{
    if (l->pid == 0) {
        shutdown(l->fd, SHUT_WR);
        l->is_let_go = true;
        h->former = l;
        uv_poll_start(&l->channel, UV_READABLE, on_channel);
        return;
    }
    kill(l->pid, SIGKILL);
    leave(l);
}

static void former_ended(struct host_helper *h)
{
    struct life *l = h->former;
    PRE(l != NULL);
    h->former = NULL;
    leave(l);
    arm_respawn(h);
}

/* The life at hand is over: what was sent has an unknown outcome. */
static void end_life(struct host_helper *h, const char *why)
{
    struct life *l = h->life;
    struct helper_jobs lost = {0};
    char pid[16];
    PRE(l != NULL && h->former == NULL);
    snprintf(pid, sizeof pid, "%d", (int)l->pid);
    log_warn("helper.ended", "name", h->config.name, "pid", pid, "why", why, NULL);
    h->failures = l->has_answered ? 0 : h->failures + 1;
    h->life = NULL;
    give_up(h, l);
    take_lost(h, &lost, true, INT64_MAX);
    if (h->former == NULL)
        arm_respawn(h);
    arm_deadline(h);
    finish_all(h, &lost, ERR_TIMEOUT, why);
}

static void watch(struct life *l, int more)
{
    uv_poll_start(&l->channel, UV_READABLE | more, on_channel);
}

/* Sends what waits, in order, as far as the pipe takes it. A pipe whose other end is gone is
 * left to on_channel and on_ended: this may be called from outside. */
static void flush(struct host_helper *h)
{
    enum channel_result r = CHANNEL_OK;
    for (size_t i = 0; i < h->jobs.len; i++) {
        struct helper_job *j = h->jobs.items[i];
        if (j->is_sent || h->life == NULL || j->deadline_ms <= now_ms())
            continue;
        struct channel_head head = {.job_id = j->id, .kind = (uint32_t)j->kind, .size = j->size};
        r = channel_send(h->life->fd, &head, j->spec, -1);
        if (r != CHANNEL_OK)
            break;
        j->is_sent = true;
    }
    if (h->life != NULL)
        watch(h->life, r == CHANNEL_EMPTY ? UV_WRITABLE : 0);
}

static void on_answer(struct host_helper *h, const struct channel_message *m)
{
    for (size_t i = 0; i < h->jobs.len; i++) {
        struct helper_job *j = h->jobs.items[i];
        if (j->id != m->head.job_id || (uint32_t)j->kind != m->head.kind || !j->is_sent)
            continue;
        jobs_take(&h->jobs, i);
        arm_deadline(h);
        finish(h, j, (enum err_code)m->head.code, m->head.text, m->body, m->head.size);
        return;
    }
    log_warn("helper.answer", "name", h->config.name, "why", "no job of that id waits", NULL);
}

static void on_message(struct host_helper *h, struct channel_message *m)
{
    if (m->head.job_id == 0)
        h->config.said(h->config.self, m);
    else
        on_answer(h, m);
    if (m->fd >= 0)
        close(m->fd);
}

/* What a service says after it was let go of counts for nothing. */
static void drain(struct host_helper *h, int status)
{
    enum channel_result r = status < 0 ? CHANNEL_CLOSED : CHANNEL_OK;
    for (int i = 0; i < DRAIN_MAX && (r == CHANNEL_OK || r == CHANNEL_BROKEN); i++) {
        r = channel_recv(h->former->fd, &h->message);
        if (r == CHANNEL_OK && h->message.fd >= 0)
            close(h->message.fd);
    }
    if (r == CHANNEL_CLOSED)
        former_ended(h);
}

static void on_channel(uv_poll_t *poll, int status, int events)
{
    struct life *l = poll->data;
    struct host_helper *h = l->helper;
    if (h == NULL)
        return;
    if (l->is_let_go) {
        drain(h, status);
        return;
    }
    INV(h->life == l);
    enum channel_result r = status < 0 ? CHANNEL_CLOSED : CHANNEL_OK;
    /* Callbacks may close the helper: then l->helper is NULL. */
    while (r == CHANNEL_OK && l->helper != NULL) {
        r = channel_recv(l->fd, &h->message);
        if (r == CHANNEL_OK) {
            l->has_answered = true;
            on_message(h, &h->message);
        }
    }
    if (l->helper == NULL)
        return;
    if (r != CHANNEL_EMPTY)
        end_life(h, r == CHANNEL_BROKEN ? "the helper sent what is no message"
                                        : "the helper process ended");
    else if ((events & UV_WRITABLE) != 0)
        flush(h);
}

static void on_ended(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct life *l = poll->data;
    int code = host_spawn_reap(l->pid);
    if (code < 0)
        return;
    uv_close((uv_handle_t *)&l->exit, on_handle_closed);
    if (l->helper != NULL) /* what it said last still lies in the pipe */
        on_channel(&l->channel, 0, UV_READABLE);
    if (l->helper == NULL)
        return;
    char why[64];
    snprintf(why, sizeof why, "the helper process ended with %d", code);
    end_life(l->helper, why);
}

static enum err_code start_life(struct host_helper *h, struct life *l, struct err *err)
{
    int theirs;
    if (h->config.socket_path != NULL)
        return channel_connect(&l->fd, h->config.socket_path, err);
    l->handles++; /* its exit, too */
    if (channel_pair(&l->fd, &theirs, err) != ERR_OK)
        return err->code;
    struct host_spawn spawn = {.argv = h->config.argv, .output = -1, .pass_fd = theirs};
    if (host_spawn(&spawn, &l->pid, &l->pidfd, err) != ERR_OK)
        close(l->fd);
    close(theirs);
    return err->code;
}

static void on_spawn_due(uv_timer_t *timer)
{
    struct host_helper *h = timer->data;
    struct err err = {0};
    struct life *l = check_alloc(sizeof *l);
    *l = (struct life){.helper = h, .pidfd = -1, .handles = 1};
    if (start_life(h, l, &err) != ERR_OK) {
        log_error("helper.start", "name", h->config.name, "error", err.text, NULL);
        free(l);
        h->failures++;
        arm_respawn(h);
        return;
    }
    uv_poll_init(h->uv, &l->channel, l->fd);
    l->channel.data = l->exit.data = l;
    if (l->pidfd >= 0) {
        uv_poll_init(h->uv, &l->exit, l->pidfd);
        uv_poll_start(&l->exit, UV_READABLE, on_ended);
    }
    h->life = l;
    flush(h);
    if (h->config.started != NULL)
        h->config.started(h->config.self);
}

/* ---- deadlines ------------------------------------------------------------------------- */

static void on_deadline(uv_timer_t *timer)
{
    struct host_helper *h = timer->data;
    struct helper_jobs lost = {0};
    bool is_hung = false;
    int64_t now = now_ms();
    for (size_t i = 0; i < h->jobs.len; i++)
        is_hung |= h->jobs.items[i]->is_sent && h->jobs.items[i]->deadline_ms <= now;
    take_lost(h, &lost, false, now);
    if (is_hung && h->life != NULL)
        end_life(h, "a job passed its deadline");
    else
        arm_deadline(h);
    finish_all(h, &lost, ERR_UNAVAILABLE, "the helper took no job in time");
}

/* ---- from outside ---------------------------------------------------------------------- */

struct host_helper *host_helper_new(struct uv_loop_s *uv, const struct host_helper_config *config)
{
    PRE(config->done != NULL && config->said != NULL && config->respawn_min_ms > 0 &&
        config->respawn_max_ms >= config->respawn_min_ms);
    struct host_helper *h = check_alloc(sizeof *h);
    memset(h, 0, sizeof *h);
    h->config = *config;
    h->uv = uv;
    h->handles = 2;
    uv_timer_init(uv, &h->deadline);
    uv_timer_init(uv, &h->respawn);
    h->deadline.data = h->respawn.data = h;
    uv_timer_start(&h->respawn, on_spawn_due, 0, 0);
    return h;
}

void host_helper_submit(struct host_helper *h, const struct effect_job *job)
{
    PRE(job->job_id != 0 && job->spec_size <= HOST_MESSAGE_MAX);
    struct helper_job *j = check_alloc(sizeof *j + job->spec_size);
    *j = (struct helper_job){.id = job->job_id,
                             .kind = job->kind,
                             .deadline_ms = now_ms() + job->timeout_ms,
                             .size = (uint32_t)job->spec_size};
    if (job->spec_size > 0)
        memcpy(j->spec, job->spec, job->spec_size);
    /* One too many is never sent, and answered by the timer: not in here. */
    if (h->jobs.len >= HOST_HELPER_JOBS_MAX)
        j->deadline_ms = 0;
    jobs_push(&h->jobs, j);
    if (j->deadline_ms != 0)
        flush(h);
    arm_deadline(h);
}

size_t host_helper_len(const struct host_helper *h)
{
    return h->jobs.len;
}

pid_t host_helper_pid(const struct host_helper *h)
{
    return h->life != NULL ? h->life->pid : 0;
}

static void on_helper_closed(uv_handle_t *handle)
{
    struct host_helper *h = handle->data;
    if (--h->handles == 0)
        free(h);
}

void host_helper_close(struct host_helper *h)
{
    h->is_closed = true;
    if (h->life != NULL)
        give_up(h, h->life);
    if (h->former != NULL)
        leave(h->former); /* it hears the channel close */
    h->life = h->former = NULL;
    for (size_t i = 0; i < h->jobs.len; i++)
        free(h->jobs.items[i]);
    free(h->jobs.items);
    h->jobs = (struct helper_jobs){0};
    uv_close((uv_handle_t *)&h->deadline, on_helper_closed);
    uv_close((uv_handle_t *)&h->respawn, on_helper_closed);
}
