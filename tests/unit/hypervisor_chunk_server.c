/* hypervisor_chunk_server.c - a thread per connection; see the header. */
#include "tests/unit/hypervisor_chunk_server.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/rng.h"
#include "base/str.h"
#include "proto/auth/cert.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct body {
    const void *bytes;
    size_t len;
};

static struct map bodies;
static struct chunk_server *server;
static SSL_CTX *context;
static int listener;
static pthread_t acceptor;

/* ---- certificates ---------------------------------------------------------------------- */

static void write_file(const char *path, const struct buf *text)
{
    struct err err = {0};
    enum err_code code = cert_write_file(path, buf_str(text), 0600, &err);
    PRE(code == ERR_OK);
}

static void make_leaf(const struct buf *ca, const struct buf *ca_key, const char *cn,
                      const char *cert_path, const char *key_path)
{
    struct err err = {0};
    struct clock clock = clock_system();
    struct rng rng = rng_system();
    CLEANUP(buf_fini) struct buf key = {0}, csr = {0}, cert = {0};
    PRE(cert_make_key(&key, &err) == ERR_OK);
    PRE(cert_make_csr(buf_str(&key), cn, &csr, &err) == ERR_OK);
    struct cert_sign sign = {.ca_cert_pem = buf_str(ca),
                             .ca_key_pem = buf_str(ca_key),
                             .csr_pem = buf_str(&csr),
                             .cn = cn,
                             .kind = CERT_LEAF,
                             .wall_ms = clock.read(clock.self).wall_ms,
                             .life_s = 3600,
                             .rng = &rng};
    PRE(cert_sign(&sign, &cert, &err) == ERR_OK);
    write_file(cert_path, &cert);
    write_file(key_path, &key);
}

static void make_certificates(struct chunk_server *s, char server_cert[96], char server_key[96])
{
    struct err err = {0};
    struct clock clock = clock_system();
    struct rng rng = rng_system();
    CLEANUP(buf_fini) struct buf ca = {0}, ca_key = {0};
    PRE(cert_make_key(&ca_key, &err) == ERR_OK);
    struct cert_root root = {.key_pem = buf_str(&ca_key),
                             .cn = "test-root",
                             .wall_ms = clock.read(clock.self).wall_ms,
                             .life_s = 3600,
                             .rng = &rng};
    PRE(cert_make_root(&root, &ca, &err) == ERR_OK);
    snprintf(s->ca_file, sizeof s->ca_file, "%s/ca.pem", s->dir);
    snprintf(s->cert_file, sizeof s->cert_file, "%s/host.pem", s->dir);
    snprintf(s->key_file, sizeof s->key_file, "%s/host.key", s->dir);
    snprintf(server_cert, 96, "%s/dos.pem", s->dir);
    snprintf(server_key, 96, "%s/dos.key", s->dir);
    write_file(s->ca_file, &ca);
    make_leaf(&ca, &ca_key, "host-1", s->cert_file, s->key_file);
    make_leaf(&ca, &ca_key, "dos-1", server_cert, server_key);
}

/* ---- answers --------------------------------------------------------------------------- */

static bool is_nth(int every, int n)
{
    return every > 0 && n % every == 0;
}

static bool send_status(SSL *ssl, int status)
{
    char head[96];
    int len = snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n", status);
    return SSL_write(ssl, head, len) == len;
}

static bool send_body(SSL *ssl, const struct body *b)
{
    char head[96];
    if (server->stop_after > 0 && server->requests >= server->stop_after)
        return send_status(ssl, 503);
    poll(NULL, 0, server->delay_ms);
    int n = atomic_fetch_add(&server->requests, 1) + 1;
    char *bytes = check_alloc(b->len + 1);
    memcpy(bytes, b->bytes, b->len);
    if (is_nth(server->flip_every, n))
        bytes[b->len / 2] ^= 1;
    int len = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", b->len);
    bool is_cut = is_nth(server->drop_every, n);
    size_t part = is_cut ? b->len / 2 : b->len;
    bool is_sent = SSL_write(ssl, head, len) == len &&
                   (part == 0 || SSL_write(ssl, bytes, (int)part) == (int)part);
    free(bytes);
    return is_sent && !is_cut;
}

/* Every third is spoilt, so that what comes before is right. */
static bool send_near(SSL *ssl, const struct body *b)
{
    enum { SPOILT_EVERY = 3, SLOW_MS = 6000 };
    int n = atomic_fetch_add(&server->near_requests, 1) + 1;
    enum near_fault fault = n % SPOILT_EVERY == 0 ? (enum near_fault)server->near_fault : NEAR_FINE;
    char head[96], *bytes = check_alloc(b->len);
    int len = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", b->len);
    memcpy(bytes, b->bytes, b->len);
    bytes[b->len / 2] ^= fault == NEAR_LIES;
    size_t part = fault == NEAR_IS_SLOW || fault == NEAR_GOES_AWAY ? b->len / 2 : b->len;
    bool is_sent = SSL_write(ssl, head, len) == len &&
                   SSL_write(ssl, bytes, (int)part) == (int)part;
    free(bytes);
    if (fault == NEAR_IS_SLOW)
        poll(NULL, 0, SLOW_MS);
    return is_sent && part == b->len;
}

static bool answer(SSL *ssl, const char *request)
{
    char path[128], grant[300];
    if (sscanf(request, "GET %127s ", path) != 1)
        return false;
    snprintf(grant, sizeof grant, "\r\nx-tercet-grant: %s\r\n", server->grant);
    if (strstr(request, grant) == NULL)
        return send_status(ssl, 403);
    const struct body *b = map_get(&bodies, path);
    bool is_near = strstr(path, "/v1/bases/") == path;
    if (is_near && server->near_fault == NEAR_REFUSES)
        return send_status(ssl, 403);
    if (is_near && b != NULL)
        return send_near(ssl, b);
    return b != NULL ? send_body(ssl, b) : send_status(ssl, 404);
}

static void *serve(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char request[4096];
    SSL *ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    bool is_open = SSL_accept(ssl) == 1;
    for (size_t len = 0; is_open;) {
        int got = SSL_read(ssl, request + len, (int)(sizeof request - 1 - len));
        is_open = got > 0;
        len += got > 0 ? (size_t)got : 0;
        request[len] = '\0';
        if (is_open && strstr(request, "\r\n\r\n") != NULL) {
            is_open = answer(ssl, request);
            len = 0;
        }
    }
    SSL_free(ssl);
    close(fd);
    return NULL;
}

static void *accept_all(void *arg)
{
    (void)arg;
    for (int fd; (fd = accept(listener, NULL, NULL)) >= 0;) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
            pthread_detach(thread);
    }
    return NULL;
}

/* ---- from outside ---------------------------------------------------------------------- */

void chunk_server_put(const char *path, const void *bytes, size_t len)
{
    struct body *b = check_alloc(sizeof *b);
    *b = (struct body){bytes, len};
    free(map_put(&bodies, path, b));
}

void chunk_server_start(struct chunk_server *s)
{
    char cert[96], key[96];
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    signal(SIGPIPE, SIG_IGN);
    server = s;
    snprintf(s->dir, sizeof s->dir, "/tmp/tct-chunks-XXXXXX");
    PRE(mkdtemp(s->dir) != NULL);
    make_certificates(s, cert, key);
    context = SSL_CTX_new(TLS_server_method());
    PRE(SSL_CTX_use_certificate_chain_file(context, cert) == 1);
    PRE(SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1);
    PRE(SSL_CTX_load_verify_locations(context, s->ca_file, NULL) == 1);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    PRE(bind(listener, (struct sockaddr *)&at, size) == 0 && listen(listener, 16) == 0);
    PRE(getsockname(listener, (struct sockaddr *)&at, &size) == 0);
    snprintf(s->url, sizeof s->url, "https://127.0.0.1:%u", ntohs(at.sin_port));
    PRE(pthread_create(&acceptor, NULL, accept_all, NULL) == 0);
}

void chunk_server_stop(struct chunk_server *s)
{
    static const char *const names[] = {"ca.pem", "host.pem", "host.key", "dos.pem", "dos.key"};
    shutdown(listener, SHUT_RDWR);
    pthread_join(acceptor, NULL);
    close(listener);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", s->dir, names[i]);
        unlink(path);
    }
    rmdir(s->dir);
}
