/* tls_context.c - PEM in, contexts out. */
#include "proto/http/tls_context.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/auth/cert.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PEM_MAX = 1024 * 1024 };

/* TLS 1.2; 1.3 has only sound ones. */
static const char suites[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

const char *http_tls_why(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_error());
    ERR_clear_error();
    return text != NULL ? text : "unknown";
}

static bool is_given(const char *text)
{
    return text != NULL && *text != '\0';
}

enum err_code http_tls_read(struct buf *out, const char *path, struct err *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return err_set(err, ERR_CONFIG, "cannot open %s: %s", path, strerror(errno));
    char part[4096];
    size_t before = out->len, len;
    while ((len = fread(part, 1, sizeof part, file)) > 0 && out->len - before <= PEM_MAX)
        buf_append(out, part, len);
    bool failed = ferror(file) != 0;
    fclose(file);
    if (failed || out->len - before > PEM_MAX)
        return err_set(err, ERR_CONFIG, "cannot read %s, or it is no PEM file", path);
    return ERR_OK;
}

/* Reading PEM. */

static int refuse_password(char *out, int size, int is_writing, void *self)
{
    (void)out;
    (void)size;
    (void)is_writing;
    (void)self;
    return -1;
}

static BIO *open_text(const char *text)
{
    size_t len = strlen(text);
    INV(len <= INT_MAX);
    BIO *bio = BIO_new_mem_buf(text, (int)len);
    INV(bio != NULL);
    return bio;
}

/* Calls take(self, certificate) for each; gives how many. `take` owns a reference of its own. */
static unsigned each_certificate(const char *pem, void (*take)(void *self, unsigned at, X509 *x),
                                 void *self)
{
    BIO *bio = open_text(pem);
    unsigned n = 0;
    for (X509 *x; (x = PEM_read_bio_X509(bio, NULL, refuse_password, NULL)) != NULL; n++) {
        take(self, n, x);
        X509_free(x);
    }
    ERR_clear_error(); /* the end of the text is reported as an error */
    BIO_free(bio);
    return n;
}

static void take_own(void *self, unsigned at, X509 *x)
{
    SSL_CTX *context = self;
    if (at == 0)
        SSL_CTX_use_certificate(context, x);
    else
        SSL_CTX_add1_chain_cert(context, x);
}

static void take_trusted(void *self, unsigned at, X509 *x)
{
    (void)at;
    X509_STORE_add_cert(SSL_CTX_get_cert_store(self), x);
}

/* Also named to clients, so that they know which certificate to show. */
static void take_client_root(void *self, unsigned at, X509 *x)
{
    take_trusted(self, at, x);
    SSL_CTX_add_client_CA(self, x);
}

/* A child that joins knows the root by its fingerprint alone, so it is sent the root too. */
static void take_sent_root(void *self, unsigned at, X509 *x)
{
    (void)at;
    if (X509_self_signed(x, 0) == 1)
        SSL_CTX_add1_chain_cert(self, x);
}

static enum err_code use_own(SSL_CTX *context, const struct http_tls *tls, struct err *err)
{
    if (each_certificate(tls->cert_pem, take_own, context) == 0)
        return err_set(err, ERR_CONFIG, "no certificate in the PEM text");
    BIO *bio = open_text(tls->key_pem);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, refuse_password, NULL);
    BIO_free(bio);
    bool is_fit = key != NULL && SSL_CTX_use_PrivateKey(context, key) == 1 &&
                  SSL_CTX_check_private_key(context) == 1;
    EVP_PKEY_free(key);
    if (!is_fit)
        return err_set(err, ERR_CONFIG, "the key does not read, or is not the certificate's: %s",
                       http_tls_why());
    return ERR_OK;
}

/* Time. */

void http_tls_set_time(X509_VERIFY_PARAM *param, int64_t newest_ms)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (newest_ms / 1000 > (int64_t)now.tv_sec)
        X509_VERIFY_PARAM_set_time(param, (time_t)(newest_ms / 1000));
}

/* Listeners. */

/* A leaf outside its dates passes: who may still renew is the core's to say, and the dates travel
 * in the request. The chain above it has no such grace. */
static int judge_client(int is_fine, X509_STORE_CTX *store)
{
    int why = X509_STORE_CTX_get_error(store);
    if (!is_fine && X509_STORE_CTX_get_error_depth(store) == 0 &&
        (why == X509_V_ERR_CERT_HAS_EXPIRED || why == X509_V_ERR_CERT_NOT_YET_VALID)) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    return is_fine;
}

static void demand_client(SSL_CTX *context, const struct http_listen *listen)
{
    int mode = SSL_VERIFY_PEER;
    if (listen->client_cert == HTTP_CERT_REQUIRED)
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(context, mode, judge_client);
    if (listen->client_direct)
        SSL_CTX_set_verify_depth(context, 0);
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
}

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                       const unsigned char *in, unsigned in_len, void *self)
{
    static const unsigned char http11[] = "\x08http/1.1";
    unsigned char *chosen = NULL;
    (void)ssl;
    (void)self;
    if (SSL_select_next_proto(&chosen, out_len, http11, sizeof http11 - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static void harden(SSL_CTX *context)
{
    INV(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1);
    INV(SSL_CTX_set_cipher_list(context, suites) == 1);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_alpn_select_cb(context, choose_alpn, NULL);
}

static void forget_sessions(SSL_CTX *context)
{
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

static enum err_code fill_server(SSL_CTX *context, const struct http_listen *listen,
                                 struct err *err)
{
    const struct http_tls *tls = listen->tls;
    harden(context);
    if (listen->face == FACE_TIER || listen->client_cert != HTTP_CERT_NONE)
        forget_sessions(context);
    if (!is_given(tls->cert_pem) || !is_given(tls->key_pem))
        return err_set(err, ERR_CONFIG, "a TLS listener needs a certificate and its key");
    enum err_code code = use_own(context, tls, err);
    if (code != ERR_OK || listen->client_cert == HTTP_CERT_NONE)
        return code;
    if (!is_given(tls->ca_pem) || each_certificate(tls->ca_pem, take_client_root, context) == 0)
        return err_set(err, ERR_CONFIG, "a listener that checks clients needs a CA");
    each_certificate(tls->ca_pem, take_sent_root, context);
    demand_client(context, listen);
    return ERR_OK;
}

enum err_code http_tls_server_context(SSL_CTX **out, const struct http_listen *listen,
                                      struct err *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    INV(context != NULL);
    enum err_code code = fill_server(context, listen, err);
    if (code != ERR_OK) {
        SSL_CTX_free(context);
        return code;
    }
    *out = context;
    return ERR_OK;
}

/* Who a client is. */

bool http_tls_read_peer(const SSL *ssl, struct http_peer *peer)
{
    const X509 *x = SSL_get0_peer_certificate(ssl);
    struct cert_info info;
    if (x == NULL)
        return true;
    if (cert_info_of(&info, x, NULL) != ERR_OK || info.is_ca)
        return false;
    peer->not_before_ms = info.not_before_ms;
    peer->not_after_ms = info.not_after_ms;
    return str_copy(peer->node, sizeof peer->node, info.cn) &&
           str_copy(peer->serial, sizeof peer->serial, info.serial);
}

/* Clients. */

static bool has_digest(const X509 *x, const char *sha256_hex)
{
    unsigned char want[32], have[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    return str_unhex(want, sizeof want, sha256_hex) &&
           X509_digest(x, EVP_sha256(), have, &len) == 1 && len == sizeof want &&
           memcmp(want, have, sizeof want) == 0;
}

/* Trusts nothing but the certificate with the digest, which the peer must have sent. */
static int judge_by_digest(X509_STORE_CTX *store, void *sha256_hex)
{
    STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(store);
    STACK_OF(X509) *trusted = sk_X509_new_null();
    INV(trusted != NULL);
    for (int i = 0; i < sk_X509_num(sent); i++)
        if (has_digest(sk_X509_value(sent, i), sha256_hex))
            sk_X509_push(trusted, sk_X509_value(sent, i));
    X509_STORE_CTX_set0_trusted_stack(store, trusted);
    int is_fine = X509_verify_cert(store);
    sk_X509_free(trusted);
    return is_fine;
}

void http_tls_client_context(SSL_CTX *context, char *ca_sha256, int64_t newest_ms)
{
    INV(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1);
    INV(SSL_CTX_set_cipher_list(context, suites) == 1);
    http_tls_set_time(SSL_CTX_get0_param(context), newest_ms);
    if (is_given(ca_sha256))
        SSL_CTX_set_cert_verify_callback(context, judge_by_digest, ca_sha256);
}
