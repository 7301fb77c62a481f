/* server.c - listeners: made, run inside the loop, closed. */
#include "proto/http/server.h"

#include "base/check.h"
#include "base/loop.h"
#include "proto/http/serving.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

enum {
    RUNS_MAX = 32, /* of libmicrohttpd in one go, then others have their turn */
    BODY_MAX = 1024 * 1024,
    HELD_MAX = 1000,
    MEMORY = 24 * 1024,
};

/* libmicrohttpd in the loop. */

static void run_mhd(struct http_listener *l)
{
    MHD_UNSIGNED_LONG_LONG wait_ms = 0;
    for (unsigned n = 0; n < RUNS_MAX; n++) {
        MHD_run(l->mhd);
        if (MHD_get_timeout(l->mhd, &wait_ms) != MHD_YES || wait_ms > 0)
            return;
    }
    http_listener_kick(l);
}

static void on_kick(uv_idle_t *kick)
{
    uv_idle_stop(kick);
    run_mhd(kick->data);
}

void http_listener_kick(struct http_listener *l)
{
    uv_idle_start(&l->kick, on_kick);
}

static void on_epoll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    run_mhd(poll->data);
}

static void on_sweep(uv_timer_t *timer)
{
    struct http_listener *l = timer->data;
    http_tally_cuts(&l->tally, http_sweeper_run(&l->sweeper, http_now_ms()));
}

/* Connections arrive. */

static bool has_room(void *self)
{
    struct http_listener *l = self;
    return http_sweeper_has_room(&l->sweeper, l->options.connections_max);
}

static void make_room(void *self)
{
    const struct http_server *server = ((struct http_listener *)self)->server;
    for (size_t i = 0; i < server->listeners_len; i++)
        http_sweeper_make_room(&server->listeners[i]->sweeper);
}

static void deliver(void *self, int fd, const struct http_peer *peer)
{
    struct http_listener *l = self;
    http_sweeper_expect(&l->sweeper, fd, peer);
    if (MHD_add_connection(l->mhd, fd, (const struct sockaddr *)&peer->address,
                           peer->address_len) != MHD_YES)
        http_sweeper_forget(&l->sweeper, fd);
    http_listener_kick(l);
}

static void accepted(void *self, int fd, const struct sockaddr *address, socklen_t len)
{
    struct http_peer peer = {.address_len = len};
    memcpy(&peer.address, address, len);
    http_address_format(peer.remote, sizeof peer.remote, address);
    deliver(self, fd, &peer);
}

/* Life. */

static struct http_listen complete(const struct http_listen *given)
{
    struct http_listen o = *given;
    o.tls = NULL;
    o.name = o.name != NULL ? o.name : "";
    o.address = NULL;
    o.body_max_bytes = o.body_max_bytes > 0 ? o.body_max_bytes : BODY_MAX;
    o.held_max = o.held_max > 0 ? o.held_max : HELD_MAX;
    o.memory_bytes = o.memory_bytes > 0 ? o.memory_bytes : MEMORY;
    o.connections_max = http_mhd_connections_max(given);
    o.idle_max = http_mhd_idle_max(given, o.memory_bytes);
    o.limits = http_limits_complete(&o.limits);
    return o;
}

static enum err_code open_socket(struct http_listener *l, const struct http_listen *listen,
                                 struct err *err)
{
    uv_loop_t *uv = loop_uv(l->server->loop);
    if (listen->tls != NULL) {
        struct http_listen complete_listen = l->options;
        complete_listen.tls = listen->tls;
        complete_listen.address = listen->address;
        const struct http_front_owner owner = {
            .self = l, .has_room = has_room, .make_room = make_room, .deliver = deliver};
        return http_front_open(&l->front, uv, &complete_listen, &owner, err);
    }
    if (!http_address_is_loopback(listen->address))
        return err_set(err, ERR_CONFIG, "plain HTTP is for loopback addresses; %s needs TLS",
                       listen->address);
    const struct http_acceptor_owner owner = {
        .self = l, .has_room = has_room, .make_room = make_room, .accepted = accepted};
    return http_acceptor_open(&l->acceptor, uv, listen->address, listen->tcp_port, &owner, err);
}

static enum err_code start_mhd(struct http_listener *l, struct err *err)
{
    l->hooks = http_serving_hooks(l);
    l->mhd = http_mhd_start(&l->hooks, &l->options, false);
    if (l->mhd == NULL)
        return err_set(err, ERR_IO, "cannot start libmicrohttpd");
    return ERR_OK;
}

static void start_handles(struct http_listener *l)
{
    uv_loop_t *uv = loop_uv(l->server->loop);
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(l->mhd, MHD_DAEMON_INFO_EPOLL_FD);
    INV(info != NULL && uv_poll_init(uv, &l->epoll, info->epoll_fd) == 0);
    uv_idle_init(uv, &l->kick);
    uv_timer_init(uv, &l->sweep);
    l->epoll.data = l->kick.data = l->sweep.data = l;
    uint64_t sweep_ms = (uint64_t)l->options.limits.sweep_ms;
    uv_poll_start(&l->epoll, UV_READABLE, on_epoll);
    uv_timer_start(&l->sweep, on_sweep, sweep_ms, sweep_ms);
    l->open_handles = 3;
}

struct http_server *http_server_new(struct loop *loop, const struct rng *rng)
{
    struct http_server *server = check_alloc(sizeof *server);
    server->loop = loop;
    server->rng = *rng;
    return server;
}

enum err_code http_server_listen(struct http_server *server, const struct http_listen *listen,
                                 size_t *listener, struct err *err)
{
    PRE(server->listeners_len < HTTP_LISTENERS_MAX);
    struct http_listener *l = check_alloc(sizeof *l);
    l->server = server;
    l->options = complete(listen);
    http_sweeper_init(&l->sweeper, &l->options.limits, l->options.idle_max);
    enum err_code code = start_mhd(l, err);
    if (code == ERR_OK)
        code = open_socket(l, listen, err);
    if (code != ERR_OK) {
        if (l->mhd != NULL)
            MHD_stop_daemon(l->mhd);
        http_sweeper_fini(&l->sweeper);
        free(l);
        return code;
    }
    start_handles(l);
    *listener = server->listeners_len;
    server->listeners[server->listeners_len++] = l;
    return ERR_OK;
}

uint16_t http_server_tcp_port(const struct http_server *server, size_t listener)
{
    PRE(listener < server->listeners_len);
    const struct http_listener *l = server->listeners[listener];
    return l->front != NULL ? http_front_tcp_port(l->front) : http_acceptor_tcp_port(&l->acceptor);
}

enum err_code http_server_reload(struct http_server *server, size_t listener,
                                 const struct http_tls *tls, struct err *err)
{
    PRE(listener < server->listeners_len && server->listeners[listener]->front != NULL);
    return http_front_reload(server->listeners[listener]->front, tls, err);
}

void http_server_report(const struct http_server *server, struct report *r)
{
    for (size_t i = 0; i < server->listeners_len; i++) {
        struct http_listener *l = server->listeners[i];
        http_tally_report(&l->tally, l->options.name, http_sweeper_len(&l->sweeper), l->held, r);
    }
}

/* The end. */

static void maybe_free(struct http_server *server)
{
    if (server->closing > 0)
        return;
    free(server->slots);
    free(server);
}

/* One of what a listener consists of is gone. */
static void gone(void *self)
{
    struct http_listener *l = self;
    if (--l->open_handles > 0)
        return;
    struct http_server *server = l->server;
    http_sweeper_fini(&l->sweeper);
    free(l->options.answer_self);
    free(l);
    server->closing--;
    maybe_free(server);
}

static void on_closed(uv_handle_t *handle)
{
    gone(handle->data);
}

static void close_listener(struct http_listener *l)
{
    run_mhd(l); /* what can be sent at once is sent */
    uv_poll_stop(&l->epoll);
    MHD_stop_daemon(l->mhd);
    uv_close((uv_handle_t *)&l->epoll, on_closed);
    uv_close((uv_handle_t *)&l->kick, on_closed);
    uv_close((uv_handle_t *)&l->sweep, on_closed);
    l->open_handles++;
    if (l->front != NULL)
        http_front_close(l->front, gone);
    else
        http_acceptor_close(&l->acceptor, gone);
}

void http_server_free(struct http_server *server)
{
    if (server == NULL)
        return;
    server->closing = server->listeners_len + 1; /* from here on nothing is posted */
    http_serving_refuse_held(server);
    for (size_t i = 0; i < server->listeners_len; i++)
        close_listener(server->listeners[i]);
    server->closing--;
    maybe_free(server);
}
