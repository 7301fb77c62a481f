/* acceptor.c - socket, bind, listen, accept4. */
#include "proto/http/acceptor.h"

#include "base/check.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BACKLOG = 1024, PAUSE_MS = 100, SPARE_FILES = 32, SAY_MS = 1000 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage storage;
};

static bool parse(union address *out, const char *text, uint16_t tcp_port, socklen_t *len)
{
    *out = (union address){0};
    if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(tcp_port);
        *len = sizeof out->v4;
        return true;
    }
    if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(tcp_port);
        *len = sizeof out->v6;
        return true;
    }
    return false;
}

bool http_address_is_loopback(const char *address)
{
    union address a;
    socklen_t len;
    if (!parse(&a, address, 0, &len))
        return false;
    if (a.any.sa_family == AF_INET)
        return (ntohl(a.v4.sin_addr.s_addr) >> 24) == 127;
    return IN6_IS_ADDR_LOOPBACK(&a.v6.sin6_addr);
}

void http_address_format(char *out, size_t size, const struct sockaddr *address)
{
    union address a = {0};
    char text[INET6_ADDRSTRLEN] = "?";
    if (address->sa_family == AF_INET) {
        memcpy(&a.v4, address, sizeof a.v4);
        inet_ntop(AF_INET, &a.v4.sin_addr, text, sizeof text);
        snprintf(out, size, "%s:%u", text, ntohs(a.v4.sin_port));
    } else {
        memcpy(&a.v6, address, sizeof a.v6);
        inet_ntop(AF_INET6, &a.v6.sin6_addr, text, sizeof text);
        snprintf(out, size, "[%s]:%u", text, ntohs(a.v6.sin6_port));
    }
}

static enum err_code open_socket(int *out, const char *text, uint16_t tcp_port, struct err *err)
{
    union address a;
    socklen_t len;
    if (!parse(&a, text, tcp_port, &len))
        return err_set(err, ERR_CONFIG, "%s is not a numeric address", text);
    int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(err, ERR_IO, "socket: %s", strerror(errno));
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (a.any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, &a.any, len) != 0 || listen(fd, BACKLOG) != 0) {
        err_set(err, ERR_IO, "cannot listen on %s port %u: %s", text, tcp_port, strerror(errno));
        close(fd);
        return ERR_IO;
    }
    *out = fd;
    return ERR_OK;
}

static void on_readable(uv_poll_t *poll, int status, int events);

static void go_on(struct http_acceptor *acceptor)
{
    uv_poll_start(&acceptor->poll, UV_READABLE, on_readable);
}

static void on_pause_over(uv_timer_t *timer)
{
    go_on(timer->data);
}

/* Level-triggered readiness would spin while nothing can be accepted. */
static void pause_accepting(struct http_acceptor *acceptor)
{
    uv_poll_stop(&acceptor->poll);
    uv_timer_start(&acceptor->pause, on_pause_over, PAUSE_MS, 0);
}

static void run_short(struct http_acceptor *acceptor, const char *why)
{
    int64_t now_ms = (int64_t)uv_now(acceptor->poll.loop);
    if (now_ms - acceptor->said_ms >= SAY_MS) {
        log_warn("http.accept_failed", "why", why, NULL);
        acceptor->said_ms = now_ms;
    }
    acceptor->owner.make_room(acceptor->owner.self);
    pause_accepting(acceptor);
}

/* False when there is nothing more to accept now. */
static bool accept_one(struct http_acceptor *acceptor)
{
    union address from = {0};
    socklen_t len = sizeof from;
    int fd = accept4(acceptor->fd, &from.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= acceptor->fd_max) {
        close(fd);
        run_short(acceptor, "too few file descriptors are left");
        return false;
    }
    if (fd >= 0) {
        const int on = 1;
        const uint32_t pace = acceptor->owner.pace_bytes_s;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (pace > 0)
            setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &pace, sizeof pace);
        acceptor->owner.accepted(acceptor->owner.self, fd, &from.any, len);
        return true;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        run_short(acceptor, strerror(errno));
        return false;
    }
    return errno != EAGAIN && errno != EWOULDBLOCK; /* others: that one connection is gone */
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct http_acceptor *acceptor = poll->data;
    (void)events;
    if (status < 0) { /* libuv has stopped the poll by itself */
        pause_accepting(acceptor);
        return;
    }
    for (unsigned n = 0; n < HTTP_ACCEPT_BATCH; n++) {
        if (!acceptor->owner.has_room(acceptor->owner.self)) {
            pause_accepting(acceptor);
            return;
        }
        if (!accept_one(acceptor))
            return;
    }
}

static int fd_max(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur > INT_MAX)
        return INT_MAX;
    return (int)files.rlim_cur - SPARE_FILES;
}

enum err_code http_acceptor_open(struct http_acceptor *acceptor, uv_loop_t *uv, const char *address,
                                 uint16_t tcp_port, const struct http_acceptor_owner *owner,
                                 struct err *err)
{
    *acceptor = (struct http_acceptor){.owner = *owner, .fd_max = fd_max(), .said_ms = -SAY_MS};
    enum err_code code = open_socket(&acceptor->fd, address, tcp_port, err);
    if (code != ERR_OK)
        return code;
    INV(uv_poll_init(uv, &acceptor->poll, acceptor->fd) == 0);
    uv_timer_init(uv, &acceptor->pause);
    acceptor->poll.data = acceptor->pause.data = acceptor;
    acceptor->open_handles = 2;
    go_on(acceptor);
    return ERR_OK;
}

uint16_t http_acceptor_tcp_port(const struct http_acceptor *acceptor)
{
    union address a = {0};
    socklen_t len = sizeof a;
    INV(getsockname(acceptor->fd, &a.any, &len) == 0);
    return ntohs(a.any.sa_family == AF_INET ? a.v4.sin_port : a.v6.sin6_port);
}

static void on_closed(uv_handle_t *handle)
{
    struct http_acceptor *acceptor = handle->data;
    if (--acceptor->open_handles > 0)
        return;
    close(acceptor->fd);
    acceptor->closed(acceptor->owner.self);
}

void http_acceptor_close(struct http_acceptor *acceptor, void (*closed)(void *self))
{
    acceptor->closed = closed;
    uv_close((uv_handle_t *)&acceptor->poll, on_closed);
    uv_close((uv_handle_t *)&acceptor->pause, on_closed);
}
