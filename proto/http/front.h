/* front.h - TLS in front of libmicrohttpd: OpenSSL here, plain bytes behind a socket pair.
 *
 * Called by server.c and pool.c, one front per TLS listener. It accepts, shakes hands, checks the
 * client's certificate, and hands over one end of a socket pair together with who the peer is.
 * It reads no HTTP. Bytes are held back both ways when the other side does not take them. Whoever
 * has not finished a handshake keeps nobody out: of many such the oldest goes.
 * All calls belong to the thread of `uv`. */
#pragma once

#include "base/err.h"
#include "proto/http/listen.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct uv_loop_s;
struct http_front;

enum { HTTP_PEER_NAME_SIZE = 128, HTTP_PEER_SERIAL_SIZE = 64, HTTP_REMOTE_SIZE = 64 };

/* Who is on the other end. */
struct http_peer {
    char remote[HTTP_REMOTE_SIZE];       /* "192.0.2.7:50122", for the log */
    char node[HTTP_PEER_NAME_SIZE];      /* common name of the verified certificate, or "" */
    char serial[HTTP_PEER_SERIAL_SIZE];  /* as cert.h spells it, or "" */
    int64_t not_before_ms, not_after_ms; /* wall clock; 0 without a certificate */
    struct sockaddr_storage address;
    socklen_t address_len;
};

struct http_front_owner {
    void *self;
    /* For one more that has shaken hands? */
    bool (*has_room)(void *self);
    void (*make_room)(void *self);
    /* Takes `fd`, a connected and non-blocking stream socket. */
    void (*deliver)(void *self, int fd, const struct http_peer *peer);
};

enum err_code http_front_open(struct http_front **out, struct uv_loop_s *uv,
                              const struct http_listen *listen,
                              const struct http_front_owner *owner, struct err *err);
uint16_t http_front_tcp_port(const struct http_front *front);
/* New certificates for new connections; on failure the old ones stay. */
enum err_code http_front_reload(struct http_front *front, const struct http_tls *tls,
                                struct err *err);
/* Cuts every connection. closed(self) is called when all is gone, the front too. */
void http_front_close(struct http_front *front, void (*closed)(void *self));
