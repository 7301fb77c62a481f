/* tls_host.h - one of many simulated hosts: its certificate, got by a token, and its connection. */
#pragma once

#include "base/buf.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

struct tls_host {
    char node[64];
    X509 *leaf;
    STACK_OF(X509) * chain;
    EVP_PKEY *key;
    SSL *ssl;
    int fd;
    struct buf in; /* what came of the answer at hand */
};

/* Joins the parent at 127.0.0.1:tcp_port by a token of its own, over HTTPS. */
void tls_host_join(struct tls_host *h, SSL_CTX *context, int tcp_port, const char *token);
/* Opens its connection, with its certificate; the socket does not block from then on. */
void tls_host_open(struct tls_host *h, SSL_CTX *context, int tcp_port);
/* Sends a sync; far smaller than a socket's room. */
void tls_host_send(struct tls_host *h, const struct buf *message);
/* Takes what is there; true when the answer is whole, and `*body` is in h->in until the next send.
 */
bool tls_host_take(struct tls_host *h, const char **body, size_t *len);
void tls_host_close(struct tls_host *h);
