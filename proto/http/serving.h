/* serving.h - inside of the server: its structs, and the way of one request through it.
 *
 * server.c owns listeners and their life; serving.c what happens between a request line and the
 * end of its answer. Nobody else includes this. */
#pragma once

#include "base/buf.h"
#include "proto/http/acceptor.h"
#include "proto/http/front.h"
#include "proto/http/mhd.h"
#include "proto/http/server.h"
#include "proto/http/tally.h"

struct http_listener {
    struct http_server *server;
    struct http_listen options; /* complete; its pointers are not kept */
    struct http_mhd_hooks hooks;
    struct MHD_Daemon *mhd;
    struct http_sweeper sweeper;
    struct http_acceptor acceptor; /* plain */
    struct http_front *front;      /* TLS; NULL = plain */
    uv_poll_t epoll;
    uv_idle_t kick; /* active while libmicrohttpd has work that no descriptor shows */
    uv_timer_t sweep;
    unsigned open_handles;
    size_t held;
    struct http_tally tally;
};

/* An answer whose end is not known yet: what waits to be sent. */
struct http_stream {
    struct buf waiting;
    size_t sent;       /* of it */
    bool is_suspended; /* libmicrohttpd waits for us */
    bool is_last;      /* nothing comes after it */
    bool is_cut;
};

/* A held request by number. */
struct http_slot {
    struct http_serving *serving; /* NULL = free */
    uint64_t sequence;
    size_t next_free;
};

struct http_server {
    struct loop *loop;
    struct rng rng;
    struct http_listener *listeners[HTTP_LISTENERS_MAX];
    size_t listeners_len;
    struct http_slot *slots;
    size_t slots_len, free_slot; /* free_slot == slots_len: none */
    uint64_t sequence;
    size_t held;
    size_t closing; /* listeners that are not gone yet */
};

/* The callbacks of libmicrohttpd for one listener. */
struct http_mhd_hooks http_serving_hooks(struct http_listener *listener);
/* A response that reads from `stream`, which belongs to `mhd` and outlives it. */
struct MHD_Response *http_stream_response(struct http_stream *stream, struct MHD_Connection *mhd);
/* False when so much waits already that the client does not read. */
bool http_stream_add(struct http_stream *stream, const char *data, size_t len);
void http_stream_fini(struct http_stream *stream);
/* Lets libmicrohttpd work in the next iteration of the loop. */
void http_listener_kick(struct http_listener *listener);
/* Answers 503 to whoever waits: the end. */
void http_serving_refuse_held(struct http_server *server);
