/* acceptor.h - a listening TCP socket under libuv that hands over accepted sockets.
 *
 * Called by server.c, pool.c and front.c. It accepts at most 64 a turn, stops while its owner is
 * full, and outlives a lack of file descriptors: the last few are kept for the work that is being
 * done, and whoever comes beyond is closed. It reads nothing. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

enum { HTTP_ACCEPT_BATCH = 64 };

struct http_acceptor_owner {
    void *self;
    bool (*has_room)(void *self);
    /* File descriptors are short: whoever does not use one shall go. */
    void (*make_room)(void *self);
    /* Takes `fd`: connected, non-blocking, TCP_NODELAY. */
    void (*accepted)(void *self, int fd, const struct sockaddr *address, socklen_t len);
    uint32_t pace_bytes_s; /* what the kernel sends on each connection at most; 0 = no bound */
};

struct http_acceptor {
    int fd;
    uv_poll_t poll;
    uv_timer_t pause;
    struct http_acceptor_owner owner;
    int fd_max;      /* the descriptors above are for those who are being served */
    int64_t said_ms; /* when it was last said that they are short */
    unsigned open_handles;
    void (*closed)(void *self);
};

/* `address` is numeric. */
enum err_code http_acceptor_open(struct http_acceptor *acceptor, uv_loop_t *uv, const char *address,
                                 uint16_t tcp_port, const struct http_acceptor_owner *owner,
                                 struct err *err);
uint16_t http_acceptor_tcp_port(const struct http_acceptor *acceptor);
/* closed(owner.self) is called when the memory may go. */
void http_acceptor_close(struct http_acceptor *acceptor, void (*closed)(void *self));

/* Is a numeric address within 127.0.0.0/8, or ::1? */
bool http_address_is_loopback(const char *address);
/* "192.0.2.7:50122" or "[2001:db8::1]:50122". */
void http_address_format(char *out, size_t size, const struct sockaddr *address);
