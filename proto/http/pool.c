/* pool.c - threads and listeners: one thread accepts, does TLS and sweeps; the others are
 * libmicrohttpd's, one daemon each, and connections go round among them. */
#include "proto/http/pool.h"

#include "base/check.h"
#include "base/log.h"
#include "proto/http/exchange.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>

enum { MEMORY = 64 * 1024 };

/* Connections arrive: on the front thread. */

static bool has_room(void *self)
{
    struct http_pool_listener *l = self;
    return http_sweeper_has_room(&l->sweeper, l->options.connections_max);
}

static void make_room(void *self)
{
    http_sweeper_make_room(&((struct http_pool_listener *)self)->sweeper);
}

static void deliver(void *self, int fd, const struct http_peer *peer)
{
    struct http_pool_listener *l = self;
    struct MHD_Daemon *mhd = l->mhd[l->next++ % l->pool->threads];
    http_sweeper_expect(&l->sweeper, fd, peer);
    if (MHD_add_connection(mhd, fd, (const struct sockaddr *)&peer->address, peer->address_len) !=
        MHD_YES)
        http_sweeper_forget(&l->sweeper, fd);
}

static void accepted(void *self, int fd, const struct sockaddr *address, socklen_t len)
{
    struct http_peer peer = {.address_len = len};
    memcpy(&peer.address, address, len);
    http_address_format(peer.remote, sizeof peer.remote, address);
    deliver(self, fd, &peer);
}

static void on_sweep(uv_timer_t *timer)
{
    struct http_pool_listener *l = timer->data;
    http_tally_cuts(&l->tally, http_sweeper_run(&l->sweeper, http_now_ms()));
}

/* Tasks of the front thread. */

static void finish_task(struct http_pool *pool, struct http_pool_task *task)
{
    pthread_mutex_lock(&pool->mutex);
    task->is_done = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->mutex);
}

static void on_async(uv_async_t *async)
{
    struct http_pool *pool = async->data;
    pthread_mutex_lock(&pool->mutex);
    struct http_pool_task *task = pool->task;
    pool->task = NULL;
    pthread_mutex_unlock(&pool->mutex);
    if (task == NULL)
        return;
    task->fn(task);
    finish_task(pool, task);
}

/* Has it done and waits. The owner's thread only. */
static void do_on_front(struct http_pool *pool, struct http_pool_task *task)
{
    pthread_mutex_lock(&pool->mutex);
    PRE(pool->task == NULL);
    pool->task = task;
    uv_async_send(&pool->async);
    while (!task->is_done)
        pthread_cond_wait(&pool->changed, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
}

static void run_front(void *arg)
{
    struct http_pool *pool = arg;
    uv_run(&pool->uv, UV_RUN_DEFAULT);
}

/* Listeners. */

static struct http_listen complete(const struct http_listen *given)
{
    struct http_listen o = *given;
    o.tls = NULL;
    o.name = o.name != NULL ? o.name : "";
    o.address = NULL;
    o.memory_bytes = o.memory_bytes > 0 ? o.memory_bytes : MEMORY;
    o.connections_max = http_mhd_connections_max(given);
    o.idle_max = http_mhd_idle_max(given, o.memory_bytes);
    o.limits = http_limits_complete(&o.limits);
    return o;
}

static void open_listener(struct http_pool_task *task)
{
    struct http_pool_listener *l = task->listener;
    uv_loop_t *uv = &l->pool->uv;
    struct http_listen listen = l->options;
    const struct http_front_owner owner = {
        .self = l, .has_room = has_room, .make_room = make_room, .deliver = deliver};
    const struct http_acceptor_owner plain = {
        .self = l, .has_room = has_room, .make_room = make_room, .accepted = accepted};
    listen.address = task->listen->address;
    listen.tls = task->listen->tls;
    if (listen.tls != NULL)
        task->code = http_front_open(&l->front, uv, &listen, &owner, task->err);
    else if (!http_address_is_loopback(listen.address))
        task->code = err_set(task->err, ERR_CONFIG,
                             "plain HTTP is for loopback addresses; %s needs TLS", listen.address);
    else
        task->code = http_acceptor_open(&l->acceptor, uv, listen.address, listen.tcp_port, &plain,
                                        task->err);
    if (task->code != ERR_OK)
        return;
    uv_timer_init(uv, &l->sweep);
    l->sweep.data = l;
    uint64_t sweep_ms = (uint64_t)l->options.limits.sweep_ms;
    uv_timer_start(&l->sweep, on_sweep, sweep_ms, sweep_ms);
    l->open_handles = 2;
}

static void stop_threads(struct http_pool_listener *l)
{
    for (unsigned i = 0; i < l->pool->threads; i++)
        if (l->mhd[i] != NULL)
            MHD_stop_daemon(l->mhd[i]);
}

static enum err_code start_threads(struct http_pool_listener *l, struct err *err)
{
    l->hooks = http_exchange_hooks(l);
    for (unsigned i = 0; i < l->pool->threads; i++) {
        l->mhd[i] = http_mhd_start(&l->hooks, &l->options, true);
        if (l->mhd[i] == NULL)
            return err_set(err, ERR_IO, "cannot start libmicrohttpd");
    }
    return ERR_OK;
}

enum err_code http_pool_listen(struct http_pool *pool, const struct http_listen *listen,
                               size_t *listener, struct err *err)
{
    PRE(pool->listeners_len < HTTP_LISTENERS_MAX);
    struct http_pool_listener *l = check_alloc(sizeof *l);
    l->pool = pool;
    l->options = complete(listen);
    http_sweeper_init(&l->sweeper, &l->options.limits, l->options.idle_max);
    struct http_pool_task task = {.fn = open_listener, .listener = l, .listen = listen, .err = err};
    task.code = start_threads(l, err);
    if (task.code == ERR_OK)
        do_on_front(pool, &task);
    if (task.code != ERR_OK) {
        stop_threads(l);
        http_sweeper_fini(&l->sweeper);
        free(l);
        return task.code;
    }
    *listener = pool->listeners_len;
    pool->listeners[pool->listeners_len++] = l;
    return ERR_OK;
}

uint16_t http_pool_tcp_port(const struct http_pool *pool, size_t listener)
{
    PRE(listener < pool->listeners_len);
    const struct http_pool_listener *l = pool->listeners[listener];
    return l->front != NULL ? http_front_tcp_port(l->front) : http_acceptor_tcp_port(&l->acceptor);
}

void http_pool_report(struct http_pool *pool, struct report *r)
{
    pthread_mutex_lock(&pool->mutex);
    size_t live = pool->live;
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < pool->listeners_len; i++) {
        struct http_pool_listener *l = pool->listeners[i];
        http_tally_report(&l->tally, l->options.name, http_sweeper_len(&l->sweeper), live, r);
    }
}

static void reload_listener(struct http_pool_task *task)
{
    task->code = http_front_reload(task->listener->front, task->tls, task->err);
}

enum err_code http_pool_reload(struct http_pool *pool, size_t listener, const struct http_tls *tls,
                               struct err *err)
{
    PRE(listener < pool->listeners_len && pool->listeners[listener]->front != NULL);
    struct http_pool_task task = {
        .fn = reload_listener, .listener = pool->listeners[listener], .tls = tls, .err = err};
    do_on_front(pool, &task);
    return task.code;
}

/* Life. */

struct http_pool *http_pool_new(const struct http_pool_handler *handler, unsigned threads)
{
    PRE(threads > 0 && threads <= HTTP_POOL_THREADS_MAX);
    struct http_pool *pool = check_alloc(sizeof *pool);
    pthread_condattr_t monotonic;
    pool->handler = *handler;
    pool->rng = rng_system();
    pool->threads = threads;
    INV(pthread_mutex_init(&pool->mutex, NULL) == 0);
    INV(pthread_condattr_init(&monotonic) == 0);
    INV(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    INV(pthread_cond_init(&pool->changed, &monotonic) == 0);
    pthread_condattr_destroy(&monotonic);
    signal(SIGPIPE, SIG_IGN);
    INV(uv_loop_init(&pool->uv) == 0);
    INV(uv_async_init(&pool->uv, &pool->async, on_async) == 0);
    pool->async.data = pool;
    INV(uv_thread_create(&pool->front_thread, run_front, pool) == 0);
    return pool;
}

static void gone(void *self)
{
    struct http_pool_listener *l = self;
    l->open_handles--;
}

static void on_closed(uv_handle_t *handle)
{
    gone(handle->data);
}

/* Stops what accepts; the connections that libmicrohttpd has are cut. A front closes with its
 * connections: their other ends see it. */
static void close_listener(struct http_pool_task *task)
{
    struct http_pool_listener *l = task->listener;
    uv_close((uv_handle_t *)&l->sweep, on_closed);
    if (l->front != NULL)
        http_front_close(l->front, gone);
    else
        http_acceptor_close(&l->acceptor, gone);
    http_sweeper_cut_all(&l->sweeper);
}

static void close_async(struct http_pool_task *task)
{
    uv_close((uv_handle_t *)&task->listener->pool->async, NULL);
}

/* True when every exchange has ended. */
static bool wait_for_exchanges(struct http_pool *pool, int64_t grace_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = (int64_t)until.tv_nsec + grace_ms % 1000 * 1000000;
    until.tv_sec += (time_t)(grace_ms / 1000 + ns / 1000000000);
    until.tv_nsec = (long)(ns % 1000000000);
    pthread_mutex_lock(&pool->mutex);
    while (pool->live > 0 && pthread_cond_timedwait(&pool->changed, &pool->mutex, &until) == 0)
        continue;
    bool is_quiet = pool->live == 0;
    pthread_mutex_unlock(&pool->mutex);
    return is_quiet;
}

static void close_all(struct http_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->is_closing = true;
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < pool->listeners_len; i++) {
        struct http_pool_task task = {.fn = close_listener, .listener = pool->listeners[i]};
        do_on_front(pool, &task);
    }
}

/* The front thread ends when its last handle is closed. */
static void end_front(struct http_pool *pool)
{
    struct http_pool_listener any = {.pool = pool};
    struct http_pool_task task = {.fn = close_async, .listener = &any};
    do_on_front(pool, &task);
    uv_thread_join(&pool->front_thread);
    INV(uv_loop_close(&pool->uv) == 0);
}

bool http_pool_free(struct http_pool *pool, int64_t grace_ms)
{
    if (pool == NULL)
        return true;
    close_all(pool);
    if (!wait_for_exchanges(pool, grace_ms)) {
        log_warn("http.abandoned", "why", "an exchange was not given back in time", NULL);
        return false;
    }
    end_front(pool);
    for (size_t i = 0; i < pool->listeners_len; i++) {
        stop_threads(pool->listeners[i]);
        http_sweeper_fini(&pool->listeners[i]->sweeper);
        free(pool->listeners[i]);
    }
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
    return true;
}
