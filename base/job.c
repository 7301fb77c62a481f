/* job.c - a line of jobs in front of libuv's worker threads, each with a deadline. */
#include "base/job.h"

#include "base/check.h"
#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { RUNNING_MAX = 4, WAITING_MAX = 1024 };

struct job_pool {
    struct loop *loop;
    struct job_handler *handlers;
    size_t handlers_len;
    struct job_options options;
    struct list waiting, running;
    size_t waiting_len, running_len, told_len;
    uv_timer_t timer; /* at the earliest deadline */
    bool closing;
};

/* Belongs to the loop's thread but for run(), which sees only its own spec and answer. */
struct job {
    struct list link;
    struct job_pool *pool;
    const struct job_handler *handler;
    uint64_t id;
    int64_t deadline_ms; /* mono */
    bool is_told;        /* its end was delivered */
    void *spec;
    size_t spec_size;
    uv_work_t work;
    struct buf result;
    struct err err;
};

static struct job *job_of(struct list *link)
{
    return LIST_ENTRY(link, struct job, link);
}

static void job_free(struct job *job)
{
    buf_fini(&job->result);
    free(job->spec);
    free(job);
}

static void tell(struct job *job, enum err_code code, const char *text, const struct buf *result)
{
    INV(!job->is_told);
    job->is_told = true;
    if (job->pool->closing)
        return;
    struct event ev = {.kind = EVENT_JOB_DONE,
                       .job = {.job_id = job->id,
                               .kind = job->handler->kind,
                               .code = code,
                               .text = text,
                               .result = result != NULL ? buf_str(result) : "",
                               .result_size = result != NULL ? result->len : 0}};
    loop_post(job->pool->loop, &ev);
}

/* On a worker thread. */
static void on_work(uv_work_t *work)
{
    struct job *job = work->data;
    enum err_code code = job->handler->run(job->handler->ctx, job->spec, job->spec_size,
                                           &job->result, &job->err);
    job->err.code = code;
}

static void arm(struct job_pool *pool);
static void start_next(struct job_pool *pool);

static void on_done(uv_work_t *work, int status)
{
    struct job *job = work->data;
    struct job_pool *pool = job->pool;
    if (job->is_told)
        pool->told_len--;
    else if (status == 0)
        tell(job, job->err.code, job->err.text, &job->result);
    list_remove(&job->link);
    pool->running_len--;
    job_free(job);
    if (pool->closing)
        return;
    start_next(pool);
    arm(pool);
}

static void start_next(struct job_pool *pool)
{
    while (pool->running_len < pool->options.running_max && !list_is_empty(&pool->waiting)) {
        struct job *job = job_of(pool->waiting.next);
        list_remove(&job->link);
        pool->waiting_len--;
        list_append(&pool->running, &job->link);
        pool->running_len++;
        INV(uv_queue_work(loop_uv(pool->loop), &job->work, on_work, on_done) == 0);
    }
}

/* Deadlines. */

static void expire_running(struct job_pool *pool, int64_t now_ms)
{
    LIST_EACH (it, &pool->running) {
        struct job *job = job_of(it);
        if (job->is_told || job->deadline_ms > now_ms)
            continue;
        tell(job, ERR_TIMEOUT, "the job passed its deadline; its outcome is unknown", NULL);
        pool->told_len++;
        uv_cancel((uv_req_t *)&job->work); /* helps only if libuv has not begun it */
    }
}

static void expire_waiting(struct job_pool *pool, int64_t now_ms)
{
    LIST_EACH_SAFE (it, &pool->waiting) {
        struct job *job = job_of(it);
        if (job->deadline_ms > now_ms)
            continue;
        tell(job, ERR_TIMEOUT, "the job passed its deadline before it began", NULL);
        list_remove(&job->link);
        pool->waiting_len--;
        job_free(job);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct job_pool *pool = timer->data;
    int64_t now_ms = loop_now(pool->loop).mono_ms;
    expire_running(pool, now_ms);
    expire_waiting(pool, now_ms);
    arm(pool);
}

static int64_t earliest(const struct list *jobs, int64_t otherwise)
{
    LIST_EACH (it, jobs) {
        const struct job *job = job_of(it);
        if (!job->is_told && job->deadline_ms < otherwise)
            otherwise = job->deadline_ms;
    }
    return otherwise;
}

static void arm(struct job_pool *pool)
{
    int64_t at_ms = earliest(&pool->waiting, earliest(&pool->running, INT64_MAX));
    if (at_ms == INT64_MAX) {
        uv_timer_stop(&pool->timer);
        return;
    }
    int64_t wait_ms = at_ms - loop_now(pool->loop).mono_ms;
    uv_update_time(loop_uv(pool->loop));
    uv_timer_start(&pool->timer, on_timer, wait_ms > 0 ? (uint64_t)wait_ms : 0, 0);
}

/* From outside. */

struct job_pool *job_pool_new(struct loop *loop, const struct job_handler *handlers, size_t len,
                              const struct job_options *options)
{
    struct job_pool *pool = check_alloc(sizeof *pool);
    pool->loop = loop;
    pool->handlers = check_alloc(len * sizeof *handlers);
    if (len > 0)
        memcpy(pool->handlers, handlers, len * sizeof *handlers);
    pool->handlers_len = len;
    if (options != NULL)
        pool->options = *options;
    if (pool->options.running_max == 0)
        pool->options.running_max = RUNNING_MAX;
    if (pool->options.waiting_max == 0)
        pool->options.waiting_max = WAITING_MAX;
    list_init(&pool->waiting);
    list_init(&pool->running);
    uv_timer_init(loop_uv(loop), &pool->timer);
    pool->timer.data = pool;
    return pool;
}

static const struct job_handler *handler_of(const struct job_pool *pool, int kind)
{
    for (size_t i = 0; i < pool->handlers_len; i++)
        if (pool->handlers[i].kind == kind)
            return &pool->handlers[i];
    IMPOSSIBLE("a job of a kind that nobody handles");
}

void job_pool_start(struct job_pool *pool, const struct effect_job *effect)
{
    PRE(!pool->closing && effect->timeout_ms > 0);
    struct job *job = check_alloc(sizeof *job);
    job->pool = pool;
    job->handler = handler_of(pool, effect->kind);
    job->id = effect->job_id;
    job->deadline_ms = loop_now(pool->loop).mono_ms + effect->timeout_ms;
    job->spec = check_alloc(effect->spec_size);
    if (effect->spec_size > 0)
        memcpy(job->spec, effect->spec, effect->spec_size);
    job->spec_size = effect->spec_size;
    job->work.data = job;
    if (pool->waiting_len >= pool->options.waiting_max) {
        tell(job, ERR_UNAVAILABLE, "too many jobs wait", NULL);
        job_free(job);
        return;
    }
    list_append(&pool->waiting, &job->link);
    pool->waiting_len++;
    start_next(pool);
    arm(pool);
}

size_t job_pool_len(const struct job_pool *pool)
{
    return pool->waiting_len + pool->running_len - pool->told_len;
}

/* The end. */

static void drop_waiting(struct job_pool *pool)
{
    LIST_EACH_SAFE (it, &pool->waiting) {
        list_remove(it);
        job_free(job_of(it));
        pool->waiting_len--;
    }
}

static void on_grace_over(uv_timer_t *timer)
{
    (void)timer; /* it ends the wait of uv_run */
}

static void wait_for_running(struct job_pool *pool, int64_t grace_ms)
{
    int64_t end_ms = loop_now(pool->loop).mono_ms + grace_ms;
    uv_timer_start(&pool->timer, on_grace_over, (uint64_t)grace_ms, 0);
    while (pool->running_len > 0 && loop_now(pool->loop).mono_ms < end_ms)
        uv_run(loop_uv(pool->loop), UV_RUN_ONCE);
}

static void on_closed(uv_handle_t *handle)
{
    struct job_pool *pool = handle->data;
    free(pool->handlers);
    free(pool);
}

bool job_pool_free(struct job_pool *pool, int64_t grace_ms)
{
    if (pool == NULL)
        return true;
    pool->closing = true;
    drop_waiting(pool);
    LIST_EACH (it, &pool->running)
        uv_cancel((uv_req_t *)&job_of(it)->work);
    wait_for_running(pool, grace_ms);
    if (pool->running_len > 0) {
        log_warn("job.abandoned", "why", "a handler did not end in time", NULL);
        return false;
    }
    uv_close((uv_handle_t *)&pool->timer, on_closed);
    return true;
}
