/* tls_host.c - see tls_host.h. It believes whoever answers on loopback: the bench's own process. */
#include "bench/tls_host.h"

#include "base/arena.h"
#include "base/check.h"
#include "proto/auth/cert.h"
#include "proto/wire/messages.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void dial(struct tls_host *h, SSL_CTX *context, int tcp_port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)tcp_port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    h->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    INV(h->fd >= 0);
    setsockopt(h->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int failed = connect(h->fd, (const struct sockaddr *)&to, sizeof to);
    INV(failed == 0);
    h->ssl = SSL_new(context);
    SSL_set_fd(h->ssl, h->fd);
}

static void post(struct tls_host *h, const char *target, const struct buf *message)
{
    CLEANUP(buf_fini) struct buf out = {0};
    buf_printf(&out,
               "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
               "Content-Length: %zu\r\n\r\n",
               target, message->len);
    buf_append(&out, message->data, message->len);
    buf_clear(&h->in);
    int sent = SSL_write(h->ssl, out.data, (int)out.len);
    INV(sent == (int)out.len);
}

/* The body when the answer is whole; NULL before. Only Content-Length is known here. */
static const char *body_in(const struct buf *in, size_t *len)
{
    const char *end = in->len > 0 ? strstr(in->data, "\r\n\r\n") : NULL;
    const char *length = end != NULL ? strcasestr(in->data, "\r\ncontent-length:") : NULL;
    if (end == NULL)
        return NULL;
    size_t head = (size_t)(end - in->data) + 4;
    *len = length != NULL && length < end ? (size_t)strtoul(length + 17, NULL, 10) : 0;
    return in->len >= head + *len ? in->data + head : NULL;
}

bool tls_host_take(struct tls_host *h, const char **body, size_t *len)
{
    char piece[16384];
    for (;;) {
        int n = SSL_read(h->ssl, piece, sizeof piece);
        if (n > 0)
            buf_append(&h->in, piece, (size_t)n);
        else if (SSL_get_error(h->ssl, n) == SSL_ERROR_WANT_READ)
            return false;
        else
            check_failed("SWARM", "the server closed a connection", __FILE__, __LINE__, __func__);
        *body = body_in(&h->in, len);
        if (*body == NULL)
            continue;
        if (strncmp(h->in.data, "HTTP/1.1 200", 12) != 0)
            check_failed("SWARM", h->in.data, __FILE__, __LINE__, __func__);
        return true;
    }
}

static void hang_up(struct tls_host *h)
{
    SSL_free(h->ssl);
    close(h->fd);
    h->ssl = NULL;
}

/* The leaf, and what stands above it. */
static void read_certificates(struct tls_host *h, const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    h->leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    h->chain = sk_X509_new_null();
    INV(h->leaf != NULL && h->chain != NULL);
    for (X509 *above; (above = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL;)
        sk_X509_push(h->chain, above);
    BIO_free(bio);
}

void tls_host_join(struct tls_host *h, SSL_CTX *context, int tcp_port, const char *token)
{
    struct err err = {0};
    struct arena arena = {0};
    struct wire_joined joined;
    const char *body;
    size_t len;
    CLEANUP(buf_fini) struct buf key = {0};
    CLEANUP(buf_fini) struct buf csr = {0};
    CLEANUP(buf_fini) struct buf message = {0};
    enum err_code code = cert_make_key(&key, &err);
    INV(code == ERR_OK);
    code = cert_make_csr(key.data, h->node, &csr, &err);
    INV(code == ERR_OK);
    wire_encode(&message, &wire_join_type,
                &(struct wire_join){.node = h->node, .token = token, .csr = csr.data});
    dial(h, context, tcp_port);
    int shaken = SSL_connect(h->ssl);
    INV(shaken == 1);
    post(h, "/v1/join", &message);
    while (!tls_host_take(h, &body, &len))
        continue;
    code = wire_decode(&wire_joined_type, body, len, &arena, &joined, &err);
    INV(code == ERR_OK);
    read_certificates(h, joined.certificate);
    BIO *bio = BIO_new_mem_buf(key.data, (int)key.len);
    h->key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    INV(h->key != NULL);
    arena_fini(&arena);
    hang_up(h);
}

void tls_host_open(struct tls_host *h, SSL_CTX *context, int tcp_port)
{
    dial(h, context, tcp_port);
    SSL_use_certificate(h->ssl, h->leaf);
    SSL_set1_chain(h->ssl, h->chain);
    SSL_use_PrivateKey(h->ssl, h->key);
    int shaken = SSL_connect(h->ssl);
    INV(shaken == 1);
    fcntl(h->fd, F_SETFL, fcntl(h->fd, F_GETFL) | O_NONBLOCK);
}

void tls_host_send(struct tls_host *h, const struct buf *message)
{
    post(h, "/v1/sync", message);
}

void tls_host_close(struct tls_host *h)
{
    hang_up(h);
    X509_free(h->leaf);
    sk_X509_pop_free(h->chain, X509_free);
    EVP_PKEY_free(h->key);
    buf_fini(&h->in);
}
