/* relay.h - one TLS connection: handshake, then bytes both ways between the client and a socket
 * pair.
 *
 * Only front.c calls it; it owns the list of relays. */
#pragma once

#include "base/list.h"
#include "proto/http/front.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <uv.h>

struct http_relay;

enum { HTTP_RELAY_SCRATCH = 64 * 1024 };

/* What the relays of a front share. */
struct http_relay_owner {
    uv_loop_t *uv;
    struct http_limits limits; /* complete */
    struct http_front_owner front_owner;
    unsigned handshakes_left; /* steps of them in this iteration of the loop */
    uv_timer_t nudge;         /* init and close are the owner's */
    struct list told;         /* relays whose end libmicrohttpd was told, and may have missed */
    struct list relays;
    size_t len;
    struct list shaking; /* those among them whose handshake goes on, the oldest first */
    size_t shaking_len;
    void (*gone)(struct http_relay_owner *owner); /* one less */
    char scratch[HTTP_RELAY_SCRATCH];
};

/* Takes `fd` and `ssl` (which has the fd). */
void http_relay_open(struct http_relay_owner *owner, int fd, SSL *ssl, const struct sockaddr *from,
                     socklen_t len);
/* Cuts the one that has shaken hands for the longest; there is one. */
void http_relay_cut_oldest(struct http_relay_owner *owner);
/* Cuts those that have passed a limit; or all, after what can be sent at once. */
void http_relay_sweep(struct http_relay_owner *owner, int64_t now_ms);
void http_relay_cut_all(struct http_relay_owner *owner);
