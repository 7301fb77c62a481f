/* exchange.h - inside of the pool: its structs, and the way of one exchange through it.
 *
 * pool.c owns threads and listeners; exchange.c what happens between a request line and the end
 * of its answer. Nobody else includes this. */
#pragma once

#include "proto/http/acceptor.h"
#include "proto/http/front.h"
#include "proto/http/mhd.h"
#include "proto/http/pool.h"
#include "proto/http/tally.h"

#include <pthread.h>

enum { HTTP_POOL_THREADS_MAX = 64 };

struct http_pool_listener {
    struct http_pool *pool;
    struct http_listen options; /* complete; its pointers are not kept */
    struct http_mhd_hooks hooks;
    struct MHD_Daemon *mhd[HTTP_POOL_THREADS_MAX]; /* one thread each */
    unsigned next;                                 /* whose turn it is to take a connection */
    struct http_sweeper sweeper;
    struct http_acceptor acceptor; /* plain */
    struct http_front *front;      /* TLS; NULL = plain */
    uv_timer_t sweep;
    unsigned open_handles;
    struct http_tally tally;
};

/* Something for the front thread to do, while the asker waits. */
struct http_pool_task {
    void (*fn)(struct http_pool_task *task);
    struct http_pool_listener *listener;
    const struct http_listen *listen;
    const struct http_tls *tls;
    enum err_code code;
    struct err *err;
    bool is_done;
};

struct http_pool {
    struct http_pool_handler handler;
    struct rng rng;
    unsigned threads;
    struct http_pool_listener *listeners[HTTP_LISTENERS_MAX];
    size_t listeners_len;
    uv_loop_t uv; /* of the front thread: accepts, TLS, sweeping */
    uv_async_t async;
    uv_thread_t front_thread;
    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t changed;
    struct http_pool_task *task; /* to be done */
    bool is_closing;
    size_t live; /* exchanges between on_headers and on_end */
    uint64_t sequence;
};

/* The callbacks of libmicrohttpd for one listener. */
struct http_mhd_hooks http_exchange_hooks(struct http_pool_listener *listener);
