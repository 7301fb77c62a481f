/* front.c - a listening socket, a TLS context, and the relays between clients and
 * libmicrohttpd. */
#include "proto/http/front.h"

#include "base/check.h"
#include "proto/http/acceptor.h"
#include "proto/http/relay.h"
#include "proto/http/sweeper.h"
#include "proto/http/tls_context.h"

#include <stdlib.h>
#include <uv.h>

enum {
    HANDSHAKES = 64,     /* steps of them in one iteration of the loop */
    SHAKING_LEAST = 64,  /* handshakes at once, on a listener for few */
    SHAKING_MOST = 1024, /* and for many */
    ROOM = 32,           /* handshakes that are given up where descriptors run short */
};

struct http_front {
    struct http_relay_owner relays;
    struct http_listen options;
    SSL_CTX *context;
    int64_t newest_ms;
    size_t shaking_max;
    struct http_acceptor acceptor;
    uv_timer_t sweep;
    uv_prepare_t prepare;  /* refills handshakes_left before each poll */
    unsigned open_handles; /* of our own: acceptor, sweep, prepare */
    bool is_closing;
    void (*closed)(void *self);
};

static void maybe_free_front(struct http_front *front)
{
    if (!front->is_closing || front->open_handles > 0 || front->relays.len > 0)
        return;
    void (*closed)(void *self) = front->closed;
    void *self = front->relays.front_owner.self;
    SSL_CTX_free(front->context);
    free(front);
    closed(self);
}

static void on_relay_gone(struct http_relay_owner *owner)
{
    maybe_free_front(LIST_ENTRY(owner, struct http_front, relays));
}

/* Connections come. */

static bool has_room(void *self)
{
    const struct http_front *front = self;
    const struct http_front_owner *owner = &front->relays.front_owner;
    size_t open = front->relays.len - front->relays.shaking_len; /* some drain */
    return owner->has_room(owner->self) && open < 2 * (size_t)front->options.connections_max;
}

static void make_room(void *self)
{
    struct http_front *front = self;
    for (unsigned n = 0; n < ROOM && front->relays.shaking_len > 0; n++)
        http_relay_cut_oldest(&front->relays);
    front->relays.front_owner.make_room(front->relays.front_owner.self);
}

static void accepted(void *self, int fd, const struct sockaddr *address, socklen_t len)
{
    struct http_front *front = self;
    SSL *ssl = SSL_new(front->context);
    INV(ssl != NULL && SSL_set_fd(ssl, fd) == 1);
    http_tls_set_time(SSL_get0_param(ssl), front->newest_ms);
    if (front->relays.shaking_len >= front->shaking_max)
        http_relay_cut_oldest(&front->relays);
    http_relay_open(&front->relays, fd, ssl, address, len);
}

static void on_sweep(uv_timer_t *timer)
{
    struct http_front *front = timer->data;
    http_relay_sweep(&front->relays, http_now_ms());
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct http_front *front = prepare->data;
    front->relays.handshakes_left = HANDSHAKES;
}

/* Life. */

static void start_handles(struct http_front *front)
{
    uv_timer_init(front->relays.uv, &front->sweep);
    uv_timer_init(front->relays.uv, &front->relays.nudge);
    uv_prepare_init(front->relays.uv, &front->prepare);
    front->relays.nudge.data = &front->relays;
    front->sweep.data = front->prepare.data = front;
    uint64_t sweep_ms = (uint64_t)front->options.limits.sweep_ms;
    uv_timer_start(&front->sweep, on_sweep, sweep_ms, sweep_ms);
    uv_prepare_start(&front->prepare, on_prepare);
    front->open_handles = 4;
}

enum err_code http_front_open(struct http_front **out, struct uv_loop_s *uv,
                              const struct http_listen *listen,
                              const struct http_front_owner *owner, struct err *err)
{
    struct http_front *front = check_alloc(sizeof *front);
    front->options = *listen;
    front->options.limits = http_limits_complete(&listen->limits);
    front->newest_ms = listen->tls->newest_ms;
    front->relays.uv = uv;
    front->relays.limits = front->options.limits;
    front->relays.front_owner = *owner;
    front->shaking_max = listen->connections_max / 4;
    if (front->shaking_max < SHAKING_LEAST)
        front->shaking_max = SHAKING_LEAST;
    if (front->shaking_max > SHAKING_MOST)
        front->shaking_max = SHAKING_MOST;
    front->relays.handshakes_left = HANDSHAKES;
    front->relays.gone = on_relay_gone;
    list_init(&front->relays.relays);
    list_init(&front->relays.shaking);
    list_init(&front->relays.told);
    const struct http_acceptor_owner own = {.self = front,
                                            .has_room = has_room,
                                            .make_room = make_room,
                                            .accepted = accepted,
                                            .pace_bytes_s = listen->pace_bytes_s};
    enum err_code code = http_tls_server_context(&front->context, listen, err);
    if (code == ERR_OK)
        code = http_acceptor_open(&front->acceptor, uv, listen->address, listen->tcp_port, &own,
                                  err);
    if (code != ERR_OK) {
        SSL_CTX_free(front->context);
        free(front);
        return code;
    }
    start_handles(front);
    *out = front;
    return ERR_OK;
}

uint16_t http_front_tcp_port(const struct http_front *front)
{
    return http_acceptor_tcp_port(&front->acceptor);
}

enum err_code http_front_reload(struct http_front *front, const struct http_tls *tls,
                                struct err *err)
{
    SSL_CTX *context = NULL;
    struct http_listen listen = front->options;
    listen.tls = tls;
    enum err_code code = http_tls_server_context(&context, &listen, err);
    if (code != ERR_OK)
        return code;
    SSL_CTX_free(front->context); /* connections hold references of their own */
    front->context = context;
    front->newest_ms = tls->newest_ms;
    return ERR_OK;
}

static void on_own_closed(void *self)
{
    struct http_front *front = self;
    front->open_handles--;
    maybe_free_front(front);
}

static void on_handle_closed(uv_handle_t *handle)
{
    on_own_closed(handle->data);
}

static void on_nudge_closed(uv_handle_t *handle)
{
    on_own_closed(LIST_ENTRY(handle->data, struct http_front, relays));
}

void http_front_close(struct http_front *front, void (*closed)(void *self))
{
    front->is_closing = true;
    front->closed = closed;
    http_relay_cut_all(&front->relays);
    uv_close((uv_handle_t *)&front->sweep, on_handle_closed);
    uv_close((uv_handle_t *)&front->prepare, on_handle_closed);
    uv_close((uv_handle_t *)&front->relays.nudge, on_nudge_closed);
    http_acceptor_close(&front->acceptor, on_own_closed);
}
