/* tls.c - target: what a stranger says to a TLS listener, and what its certificate says
 * (proto/http/tls_context.h).
 *
 * First byte: how; second: which byte of the client's is changed, and how much (two bytes, then the
 * mask); two lines: the common name of the client's certificate, its ALPN list; then what it sends.
 * Holds: no handshake but with TLS 1.2 or 1.3, a sound suite and HTTP/1.1; a listener that demands
 * a certificate has one of ours, whose name is read whole or not at all; no byte arrives that was
 * not sent; bytes of nobody make no session; no text but a certificate with its key is taken. */
#include "proto/http/tls_context.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/str.h"
#include "proto/auth/cert.h"
#include "tests/fuzz/fuzz.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LIFE_S = 365 * 24 * 3600, TURNS_MAX = 12, STREAM_SIZE = 16384 };
enum how {
    DEMANDS = 1,    /* the listener wants a certificate */
    ASKS = 2,       /* or would like one */
    SHOWS = 4,      /* the client shows one */
    OLD = 8,        /* it speaks nothing above TLS 1.2 */
    STALE = 16,     /* its certificate has expired */
    CA = 32,        /* it is one of a CA */
    BY_DIGEST = 64, /* it knows the root by its digest */
    RAW = 128,      /* no client at all: bytes */
};

static struct {
    struct buf root_key, root, key, leaf, chain;
    char digest[DIGEST_SHA256_HEX_SIZE];
    X509 *root_x;
    EVP_PKEY *root_pkey, *pkey;
} pki;

static void zeroes(void *self, void *out, size_t len)
{
    (void)self;
    memset(out, 7, len);
}

static void *read_pem(const struct buf *pem, bool is_key)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    void *out = is_key ? (void *)PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL)
                       : (void *)PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    INV(out != NULL);
    return out;
}

static int64_t now_ms(void)
{
    struct clock clock = clock_system();
    return clock.read(clock.self).wall_ms;
}

static void make_pki(void)
{
    struct err err = {0};
    CLEANUP(buf_fini) struct buf csr = {0};
    struct rng rng = {.fill = zeroes};
    struct cert_info info;
    if (pki.root_x != NULL)
        return;
    INV(cert_make_key(&pki.root_key, &err) == ERR_OK && cert_make_key(&pki.key, &err) == ERR_OK);
    struct cert_root root = {buf_str(&pki.root_key), "root", now_ms(), LIFE_S, &rng};
    INV(cert_make_root(&root, &pki.root, &err) == ERR_OK);
    INV(cert_make_csr(buf_str(&pki.key), "listener", &csr, &err) == ERR_OK);
    struct cert_sign sign = {.ca_cert_pem = buf_str(&pki.root),
                             .ca_key_pem = buf_str(&pki.root_key),
                             .csr_pem = buf_str(&csr),
                             .cn = "listener",
                             .kind = CERT_LEAF,
                             .wall_ms = now_ms(),
                             .life_s = LIFE_S,
                             .rng = &rng};
    INV(cert_sign(&sign, &pki.leaf, &err) == ERR_OK);
    buf_printf(&pki.chain, "%s%s", buf_str(&pki.leaf), buf_str(&pki.root));
    INV(cert_info_read(&info, buf_str(&pki.root), &err) == ERR_OK);
    str_copy(pki.digest, sizeof pki.digest, info.fingerprint);
    pki.root_x = read_pem(&pki.root, false);
    pki.root_pkey = read_pem(&pki.root_key, true);
    pki.pkey = read_pem(&pki.key, true);
}

/* A certificate of our root with any common name; NULL where OpenSSL does not make it. */
static X509 *client_certificate(const char *cn, size_t cn_len, unsigned how)
{
    X509 *x = X509_new();
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 11);
    X509_gmtime_adj(X509_getm_notBefore(x), -7200);
    X509_gmtime_adj(X509_getm_notAfter(x), how & STALE ? -3600 : 3600);
    X509_set_pubkey(x, pki.pkey);
    X509_set_issuer_name(x, X509_get_subject_name(pki.root_x));
    bool is_named = X509_NAME_add_entry_by_NID(X509_get_subject_name(x), NID_commonName,
                                               MBSTRING_UTF8, (const unsigned char *)cn,
                                               (int)cn_len, -1, 0) == 1;
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
                                            how & CA ? "critical,CA:TRUE" : "critical,CA:FALSE");
    X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
    if (is_named && X509_sign(x, pki.root_pkey, EVP_sha256()) > 0)
        return x;
    X509_free(x);
    return NULL;
}

/* ---- both ends ------------------------------------------------------------------------------ */

struct talk {
    unsigned how;
    SSL *server, *client;
    size_t flip_at, sent;
    uint8_t mask;
    char got[STREAM_SIZE];
    size_t got_len;
};

static SSL_CTX *listener(unsigned how, const char *cert, const char *key, struct err *err)
{
    struct http_tls tls = {
        .cert_pem = cert, .key_pem = key, .ca_pem = how & RAW ? "" : buf_str(&pki.root)};
    struct http_listen listen = {.face = how & ASKS ? FACE_PUBLIC : FACE_TIER,
                                 .tls = &tls,
                                 .client_direct = (how & STALE) != 0,
                                 .client_cert = how & DEMANDS ? HTTP_CERT_REQUIRED
                                                : how & ASKS  ? HTTP_CERT_OPTIONAL
                                                              : HTTP_CERT_NONE};
    SSL_CTX *context = NULL;
    enum err_code code = http_tls_server_context(&context, &listen, err);
    INV((code == ERR_OK) == (context != NULL) && code == err->code);
    INV(code == ERR_OK || err->text[0] != '\0');
    return context;
}

/* The listener's own certificate, in a context that is made once: reading PEM is most of the work.
 */
static SSL_CTX *own_listener(unsigned how)
{
    static SSL_CTX *made[STALE << 1];
    struct err err = {0};
    unsigned at = how & (DEMANDS | ASKS | STALE);
    if (made[at] == NULL)
        made[at] = listener(at, buf_str(&pki.leaf), buf_str(&pki.key), &err);
    INV(made[at] != NULL && SSL_CTX_up_ref(made[at]) == 1);
    return made[at];
}

static SSL *end(SSL_CTX *context)
{
    SSL *ssl = SSL_new(context);
    SSL_CTX_free(context); /* it lives with its session */
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    return ssl;
}

/* What one end wrote is there for the other to read, one byte of it changed. */
static void carry(struct talk *t, SSL *from, SSL *to)
{
    unsigned char piece[STREAM_SIZE];
    int len = BIO_read(SSL_get_wbio(from), piece, sizeof piece);
    if (len <= 0)
        return;
    if (from == t->client) {
        if (t->mask != 0 && t->flip_at >= t->sent && t->flip_at < t->sent + (size_t)len)
            piece[t->flip_at - t->sent] ^= t->mask;
        t->sent += (size_t)len;
    }
    BIO_write(SSL_get_rbio(to), piece, len);
}

static void serve(struct talk *t)
{
    if (!SSL_is_init_finished(t->server)) {
        SSL_accept(t->server);
    } else {
        int len = SSL_read(t->server, t->got + t->got_len, (int)(sizeof t->got - t->got_len));
        t->got_len += len > 0 ? (size_t)len : 0;
    }
    ERR_clear_error();
}

static void hold_session(const struct talk *t, const char *cn, size_t cn_len)
{
    const unsigned char *alpn;
    unsigned alpn_len;
    struct http_peer peer = {0};
    const char *suite = SSL_get_cipher_name(t->server);
    INV(SSL_version(t->server) == TLS1_2_VERSION || SSL_version(t->server) == TLS1_3_VERSION);
    INV(strstr(suite, "GCM") != NULL || strstr(suite, "CHACHA20") != NULL);
    SSL_get0_alpn_selected(t->server, &alpn, &alpn_len);
    INV(alpn_len == 0 || (alpn_len == 8 && memcmp(alpn, "http/1.1", 8) == 0));
    bool is_read = http_tls_read_peer(t->server, &peer);
    bool has_peer = SSL_get0_peer_certificate(t->server) != NULL;
    INV(has_peer || (!(t->how & DEMANDS) && is_read && peer.node[0] == '\0'));
    if (!has_peer)
        return;
    INV(t->how & SHOWS);
    bool is_whole = cn_len < CERT_NAME_SIZE && strlen(cn) == cn_len && !(t->how & CA);
    INV(is_read == is_whole && (!is_read || str_eq(peer.node, cn)));
    INV(!is_read || peer.not_after_ms > peer.not_before_ms);
}

static SSL_CTX *own_client(unsigned how)
{
    static SSL_CTX *made[BY_DIGEST << 1];
    unsigned at = how & (OLD | STALE | BY_DIGEST);
    if (made[at] == NULL) {
        made[at] = SSL_CTX_new(TLS_client_method());
        http_tls_client_context(made[at], how & BY_DIGEST ? pki.digest : NULL,
                                how & STALE ? now_ms() + 60000 : 0);
        SSL_CTX_set_verify(made[at], how & BY_DIGEST ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
        SSL_CTX_set_max_proto_version(made[at], how & OLD ? TLS1_2_VERSION : TLS1_3_VERSION);
    }
    INV(SSL_CTX_up_ref(made[at]) == 1);
    return made[at];
}

static SSL *make_client(unsigned how, const char *cn, size_t cn_len, const char *alpn,
                        size_t alpn_len)
{
    SSL *client = end(own_client(how));
    SSL_set_alpn_protos(client, (const unsigned char *)alpn, (unsigned)alpn_len);
    X509 *x = how & SHOWS ? client_certificate(cn, cn_len, how) : NULL;
    if (x != NULL) {
        SSL_use_certificate(client, x);
        SSL_use_PrivateKey(client, pki.pkey);
        X509_free(x);
    }
    SSL_set_connect_state(client);
    ERR_clear_error();
    return client;
}

static void try_client(struct fuzz *input, unsigned how)
{
    struct talk *t = check_alloc(sizeof *t);
    size_t cn_len, alpn_len, body_len, told = 0;
    *t = (struct talk){.how = how, .flip_at = fuzz_byte(input), .mask = 0};
    t->flip_at |= (size_t)fuzz_byte(input) << 8;
    t->mask = fuzz_byte(input);
    char *cn = fuzz_until(input, '\n', &cn_len), *alpn = fuzz_until(input, '\n', &alpn_len);
    char *body = fuzz_rest(input, &body_len);
    t->client = make_client(how, cn, cn_len, alpn, alpn_len);
    t->server = end(own_listener(how));
    for (int turn = 0; turn < TURNS_MAX; turn++) {
        if (SSL_do_handshake(t->client) == 1 && told < body_len) {
            int len = SSL_write(t->client, body + told, (int)(body_len - told));
            told += len > 0 ? (size_t)len : 0;
        }
        ERR_clear_error();
        carry(t, t->client, t->server);
        serve(t);
        carry(t, t->server, t->client);
    }
    INV(t->got_len <= body_len && (t->got_len == 0 || memcmp(t->got, body, t->got_len) == 0));
    if (SSL_is_init_finished(t->server))
        hold_session(t, cn, cn_len);
    SSL_free(t->client);
    SSL_free(t->server);
    free(t);
    free(cn);
    free(alpn);
    free(body);
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static void try_raw(struct fuzz *input, unsigned how)
{
    SSL *server = end(own_listener(how));
    SSL_set_accept_state(server);
    for (unsigned step = 1; input->len > 0; step = step * 3 % 251) {
        size_t n = step < input->len ? step : input->len;
        BIO_write(SSL_get_rbio(server), input->at, (int)n);
        *input = (struct fuzz){input->at + n, input->len - n};
        SSL_accept(server);
        INV(!SSL_is_init_finished(server));
        http_tls_why();
    }
    SSL_free(server);
}

/* Certificates and keys of an operator's. */
static void try_text(struct fuzz *input, unsigned how)
{
    CLEANUP(buf_fini) struct buf text = {0};
    struct err err = {0};
    char path[64], *cert = fuzz_until(input, '\1', NULL), *key = fuzz_rest(input, NULL);
    int fd = memfd_create("pem", MFD_CLOEXEC);
    INV(fd >= 0 && write(fd, cert, strlen(cert)) == (ssize_t)strlen(cert));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    INV(http_tls_read(&text, path, &err) == ERR_OK && str_eq(buf_str(&text), cert));
    close(fd);
    INV(http_tls_read(&text, path, &err) == ERR_CONFIG);
    INV(http_tls_read(&text, "/", &err) == ERR_CONFIG);
    err = (struct err){0};
    const char *own = str_eq(cert, "ours")    ? buf_str(&pki.leaf)
                      : str_eq(cert, "chain") ? buf_str(&pki.chain)
                                              : cert;
    SSL_CTX_free(listener(how, own, str_eq(key, "ours") ? buf_str(&pki.key) : key, &err));
    ERR_clear_error();
    free(cert);
    free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz input = {data, len};
    make_pki();
    unsigned how = fuzz_byte(&input);
    if (!(how & RAW))
        try_client(&input, how);
    else if (how & SHOWS)
        try_text(&input, how);
    else
        try_raw(&input, how);
    return 0;
}
