/* pool.h - HTTP for bulk data: threads of libmicrohttpd that stream, for dos alone.
 *
 * A request is an exchange. The pool's threads call the handler; the handler may hand an exchange
 * to a thread of its own and answer from there. The same gate, sweeper and TLS front as server.h.
 *
 *   on_headers -> on_data ... on_data -> on_body_end -> (http_exchange_reply) -> on_end
 *
 * Who owns an exchange: a pool thread, from each callback's start to its return; after on_data
 * said "less than all" the handler, until http_exchange_resume; after on_body_end (or on_headers
 * that said false) the handler, until http_exchange_reply. Only in a pool thread's hands can it
 * end, so a handler that owns one never finds it gone, and must give it back within a bounded time.
 */
#pragma once

#include "base/err.h"
#include "base/event.h"
#include "base/report.h"
#include "proto/http/listen.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct http_pool;
struct http_exchange;

/* The head of a request: passed the gate. Lives as long as the exchange. `request.body` is "". */
struct http_head {
    struct request request; /* id, face, method, target, headers, peer_*, remote, trace */
    int64_t content_length; /* bytes; -1 = chunked */
};

/* Memory, a part of a file, or a source that is read piece by piece. */
struct http_pool_reply {
    int status;
    const char *content_type; /* "" = none */
    const struct header *headers;
    size_t headers_len;
    const char *body; /* copied; used when fd < 0 */
    size_t body_len;
    int fd; /* taken: closed when sent. -1 = none. Beware of {0}: that is standard input */
    uint64_t fd_offset, fd_size;
    bool is_length_only; /* answer to HEAD: content-length is fd_size, nothing follows; fd = -1 */
    /* The third source, when not NULL; body and fd (-1) are not used then. A pool thread calls it
     * with rising offsets: gives up to `max` bytes at `at`, <= 0 cuts the connection. read_free is
     * called once, when all was sent, or never will be. */
    ssize_t (*read)(void *source, uint64_t at, char *to, size_t max);
    void (*read_free)(void *source);
    void *source;
    uint64_t read_size; /* content-length */
};

struct http_pool_handler {
    void *self;
    /* Headers are in, no byte of the body is. True: take the body. False: the handler owns the
     * exchange and decides, here or later from any thread: http_exchange_reply answers before the
     * body (100 Continue is not sent, and a connection that has a body is closed after it);
     * http_exchange_resume takes the body after all. `head` lives as long as the exchange. */
    bool (*on_headers)(void *self, struct http_exchange *exchange, const struct http_head *head);
    /* A piece of the body. Returns how much of it was taken; the rest is offered again. Less than
     * `len` = wait: nothing more comes until http_exchange_resume, from any thread (it may come
     * before this returns). */
    size_t (*on_data)(void *self, struct http_exchange *exchange, const char *data, size_t len);
    /* The body is whole (or there was none). Answer now, or later from any thread. */
    void (*on_body_end)(void *self, struct http_exchange *exchange);
    /* Once for each on_headers, the last call: `is_sent` = the answer went out whole. Otherwise
     * the client vanished, was swept, or sent a broken body. */
    void (*on_end)(void *self, struct http_exchange *exchange, bool is_sent);
};

/* `threads` of libmicrohttpd, plus one that accepts and does TLS. */
struct http_pool *http_pool_new(const struct http_pool_handler *handler, unsigned threads);
/* From one thread, before or while others run; see http_server_listen. */
enum err_code http_pool_listen(struct http_pool *pool, const struct http_listen *listen,
                               size_t *listener, struct err *err);
uint16_t http_pool_tcp_port(const struct http_pool *pool, size_t listener);
enum err_code http_pool_reload(struct http_pool *pool, size_t listener, const struct http_tls *tls,
                               struct err *err);
/* What its listeners answered and refused; `held` is of the pool as a whole. */
void http_pool_report(struct http_pool *pool, struct report *r);
/* Stops listening, cuts connections, waits up to `grace_ms` for exchanges that the handler owns,
 * and frees. False when one was not given back: memory and threads stay, the process should
 * exit. */
bool http_pool_free(struct http_pool *pool, int64_t grace_ms);

/* The handler's own pointer of this exchange; NULL at first. */
void http_exchange_set(struct http_exchange *exchange, void *user);
void *http_exchange_user(const struct http_exchange *exchange);
/* Goes on after "wait". From any thread. */
void http_exchange_resume(struct http_exchange *exchange);
/* The answer, once, from any thread. The exchange is no longer the caller's. An answer before the
 * end of the body is sent after it: up to 8 MiB more are read and dropped, without a call to the
 * handler, then the connection is cut. */
void http_exchange_reply(struct http_exchange *exchange, const struct http_pool_reply *reply);
