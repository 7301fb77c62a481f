/* listen.h - options of one listener, the same for server.h and pool.h.
 *
 * A listener is plain or TLS. A plain one binds to a loopback address or not at all: every other
 * address is TLS (ARCHITECTURE 8). */
#pragma once

#include "base/buf.h"
#include "base/event.h"
#include "proto/http/tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_LISTENERS_MAX = 16 }; /* of one server or pool */

/* Whether a client shows a certificate. One that it shows must chain to tls.ca_pem, also under
 * HTTP_CERT_OPTIONAL; one that has merely expired passes the handshake and arrives with its
 * dates in struct request: the core decides (PROTOCOL 10). */
enum http_client_cert { HTTP_CERT_NONE, HTTP_CERT_OPTIONAL, HTTP_CERT_REQUIRED };

/* When a connection is swept (RELIABILITY, "The HTTP gate"). A zero means the value in brackets. */
struct http_limits {
    int64_t handshake_ms;   /* TLS handshake, from accept (5 s) */
    int64_t header_ms;      /* from accept, or from the request line, to the end of headers (5 s) */
    int64_t idle_ms;        /* between requests (120 s) */
    int64_t body_window_ms; /* in each of these (20 s) */
    int64_t body_window_bytes; /* so much of a body comes (1 KiB) */
    int64_t total_ms;          /* body, and again answer: this (10 min) */
    int64_t total_rate;        /* plus one second for so many bytes of it (8 KiB) */
    int64_t sweep_ms;          /* how often it is looked (1 s) */
};

struct http_listen {
    const char *name; /* in reports; static text */
    enum face face;
    const char *address;        /* numeric: "127.0.0.1", "::1", "0.0.0.0" */
    uint16_t tcp_port;          /* 0 = the kernel chooses; http_*_tcp_port tells */
    const struct http_tls *tls; /* NULL = plain */
    enum http_client_cert client_cert;
    bool client_direct;    /* only leaves that one of tls.ca_pem itself has signed */
    size_t body_max_bytes; /* server.h only: above it 413 (1 MiB) */
    size_t held_max;       /* server.h only: requests answered later; above it 503 (1000) */
    size_t memory_bytes;   /* of each connection that has sent a request: the whole of a head must
                              fit, and all of it is touched (server 24 KiB, pool 64 KiB) */
    unsigned connections_max; /* above it new ones wait in the kernel's queue (20000, or what the
                                 limit of open files allows) */
    unsigned idle_max; /* of those without a certificate; of more the longest idle goes (as many as
                          take 32 MiB) */
    uint32_t pace_bytes_s; /* TLS only: bytes a second on each connection; 0 = no bound */
    struct http_limits limits;
    /* server.h only: requests are answered by this, at once and outside of any turn; `body` was
     * made for the answer. NULL = the core answers. `answer_self` is the server's from here on: it
     * frees it. */
    void (*answer)(void *answer_self, const struct request *request, struct effect_reply *reply,
                   struct buf *body);
    void *answer_self;
};
