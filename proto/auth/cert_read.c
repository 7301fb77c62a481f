/* cert_read.c - what a certificate says, and whether to believe it. */
#include "proto/auth/cert.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/auth/cert_pem.h"

#include <ctype.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

enum { CHAIN_MAX = 8, RENEW_PARTS = 3 };

static bool time_ms(int64_t *out, const ASN1_TIME *time)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(time, &tm) != 1)
        return false;
    *out = (int64_t)timegm(&tm) * 1000;
    return true;
}

/* The one common name; none, two or one with a NUL inside is no good. */
static bool common_name(char out[CERT_NAME_SIZE], const X509 *cert)
{
    X509_NAME *name = X509_get_subject_name(cert);
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (at < 0 || X509_NAME_get_index_by_NID(name, NID_commonName, at) >= 0)
        return false;
    unsigned char *text;
    int len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (len < 0)
        return false;
    bool fine = len < CERT_NAME_SIZE && strlen((const char *)text) == (size_t)len;
    if (fine)
        memcpy(out, text, (size_t)len + 1);
    OPENSSL_free(text);
    return fine;
}

static bool serial_hex(char out[CERT_SERIAL_SIZE], const X509 *cert)
{
    BIGNUM *bn = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
    char *text = bn != NULL ? BN_bn2hex(bn) : NULL;
    bool fine = text != NULL && str_copy(out, CERT_SERIAL_SIZE, text);
    for (char *p = out; fine && *p != '\0'; p++)
        *p = (char)tolower((unsigned char)*p);
    OPENSSL_free(text);
    BN_free(bn);
    return fine;
}

static bool fingerprint(char out[DIGEST_SHA256_HEX_SIZE], const X509 *cert)
{
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    if (len < 0)
        return false;
    digest_sha256_hex(out, der, (size_t)len);
    OPENSSL_free(der);
    return true;
}

enum err_code cert_info_of(struct cert_info *out, const X509 *cert, struct err *err)
{
    *out = (struct cert_info){0};
    if (!common_name(out->cn, cert) || !serial_hex(out->serial, cert) ||
        !time_ms(&out->not_before_ms, X509_get0_notBefore(cert)) ||
        !time_ms(&out->not_after_ms, X509_get0_notAfter(cert)) ||
        !fingerprint(out->fingerprint, cert))
        return cert_failed(err, ERR_BAD_REQUEST, "a certificate's fields are malformed");
    X509 *own = X509_dup(cert); /* the question below fills a cache inside */
    INV(own != NULL);
    out->is_ca = X509_check_ca(own) == 1;
    X509_free(own);
    return ERR_OK;
}

enum err_code cert_info_read(struct cert_info *out, const char *pem, struct err *err)
{
    CLEANUP(cert_x509_free) X509 *cert = cert_pem_x509(pem);
    if (cert == NULL)
        return cert_failed(err, ERR_BAD_REQUEST, "there is no certificate");
    return cert_info_of(out, cert, err);
}

/* All certificates in the text, at most CHAIN_MAX; NULL when there is none or too many. */
static STACK_OF(X509) * read_all(const char *pem)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    INV(all != NULL);
    const char *at = pem;
    while ((at = strstr(at, "-----BEGIN CERTIFICATE-----")) != NULL) {
        X509 *cert = cert_pem_x509(at);
        if (cert == NULL || sk_X509_num(all) >= CHAIN_MAX || sk_X509_push(all, cert) == 0) {
            X509_free(cert);
            sk_X509_pop_free(all, X509_free);
            return NULL;
        }
        at++;
    }
    if (sk_X509_num(all) > 0)
        return all;
    sk_X509_free(all);
    return NULL;
}

static void stack_free(STACK_OF(X509) * *all)
{
    sk_X509_pop_free(*all, X509_free);
}

static enum err_code verdict(X509_STORE_CTX *ctx, struct err *err)
{
    int reason = X509_STORE_CTX_get_error(ctx);
    const char *why = X509_verify_cert_error_string(reason);
    bool is_time = reason == X509_V_ERR_CERT_HAS_EXPIRED || reason == X509_V_ERR_CERT_NOT_YET_VALID;
    return err_set(err, is_time ? ERR_EXPIRED : ERR_PEER_UNKNOWN, "the certificate: %s", why);
}

static enum err_code verify(STACK_OF(X509) * roots, STACK_OF(X509) * chain, int64_t wall_ms,
                            struct err *err)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    INV(store != NULL && ctx != NULL);
    INV(X509_STORE_CTX_init(ctx, store, sk_X509_value(chain, 0), chain) == 1);
    X509_STORE_CTX_set0_trusted_stack(ctx, roots);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_time(param, (time_t)(wall_ms / 1000));
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
    enum err_code code = X509_verify_cert(ctx) == 1 ? ERR_OK : verdict(ctx, err);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    ERR_clear_error();
    return code;
}

enum err_code cert_verify(const char *roots_pem, const char *chain_pem, int64_t wall_ms,
                          struct err *err)
{
    CLEANUP(stack_free) STACK_OF(X509) *roots = read_all(roots_pem);
    CLEANUP(stack_free) STACK_OF(X509) *chain = read_all(chain_pem);
    if (roots == NULL || chain == NULL)
        return cert_failed(err, ERR_BAD_REQUEST, "there is no certificate");
    return verify(roots, chain, wall_ms, err);
}

bool cert_same_key(const char *cert_pem, const char *csr_pem)
{
    CLEANUP(cert_x509_free) X509 *cert = cert_pem_x509(cert_pem);
    CLEANUP(cert_csr_free) X509_REQ *csr = cert_pem_csr(csr_pem);
    bool same = false;
    if (cert != NULL && csr != NULL) {
        EVP_PKEY *key = X509_get0_pubkey(cert);
        same = key != NULL && EVP_PKEY_eq(key, X509_REQ_get0_pubkey(csr)) == 1 &&
               X509_REQ_verify(csr, key) == 1;
    }
    ERR_clear_error();
    return same;
}

bool cert_fits_key(const char *cert_pem, const char *key_pem)
{
    CLEANUP(cert_x509_free) X509 *cert = cert_pem_x509(cert_pem);
    CLEANUP(cert_key_free) EVP_PKEY *key = cert_pem_key(key_pem);
    bool fits = cert != NULL && key != NULL && X509_check_private_key(cert, key) == 1;
    ERR_clear_error();
    return fits;
}

bool cert_renew_due(int64_t not_before_ms, int64_t not_after_ms, int64_t now_ms)
{
    PRE(not_before_ms <= not_after_ms);
    return now_ms < not_before_ms ||
           now_ms >= not_before_ms + (not_after_ms - not_before_ms) / RENEW_PARTS;
}
