/* cert_sign.c - what a CA does: makes itself, and signs others' keys under names that its caller
 * chose. */
#include "proto/auth/cert.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/auth/cert_pem.h"

#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { BACKDATE_S = 60, SERIAL_BYTES = 16, ALT_NAMES_MAX = 2048 };

static const char name_characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

static bool is_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len < CERT_NAME_SIZE && strspn(name, name_characters) == len;
}

static bool is_address(const char *text)
{
    unsigned char raw[16];
    return inet_pton(AF_INET, text, raw) == 1 || inet_pton(AF_INET6, text, raw) == 1;
}

static bool is_alt_name(const char *name)
{
    if (str_has_prefix(name, "DNS:")) {
        size_t len = strlen(name + 4);
        return len > 0 && len <= 253 && strspn(name + 4, name_characters) == len;
    }
    return str_has_prefix(name, "IP:") && is_address(name + 3);
}

/* OpenSSL's extension language can do more than name: nothing of it gets through here. */
static bool are_alt_names(const char *names)
{
    char one[300];
    while (*names != '\0') {
        size_t len = strcspn(names, ",");
        if (len == 0 || len >= sizeof one)
            return false;
        str_copy(one, len + 1, names);
        if (!is_alt_name(one))
            return false;
        names += len;
        if (*names == ',' && *++names == '\0')
            return false;
    }
    return true;
}

/* Positive, not zero, 127 bits (RFC 5280 4.1.2.2; more than 64 bits of randomness). */
static bool set_serial(X509 *cert, const struct rng *rng)
{
    unsigned char raw[SERIAL_BYTES];
    rng->fill(rng->self, raw, sizeof raw);
    raw[0] = (unsigned char)((raw[0] & 0x7f) | 0x40); /* so that all have one length */
    BIGNUM *bn = BN_bin2bn(raw, sizeof raw, NULL);
    bool fine = bn != NULL && BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(cert)) != NULL;
    BN_free(bn);
    return fine;
}

/* From a minute ago for life_s, but not beyond the issuer's end. */
static bool set_life(X509 *cert, const X509 *issuer, int64_t wall_ms, int64_t life_s)
{
    time_t now = (time_t)(wall_ms / 1000);
    if (ASN1_TIME_set(X509_getm_notBefore(cert), now - BACKDATE_S) == NULL ||
        ASN1_TIME_set(X509_getm_notAfter(cert), now + (time_t)life_s) == NULL)
        return false;
    if (issuer == NULL ||
        ASN1_TIME_compare(X509_get0_notAfter(issuer), X509_get0_notAfter(cert)) >= 0)
        return true;
    return X509_set1_notAfter(cert, X509_get0_notAfter(issuer)) == 1;
}

static bool set_subject(X509 *cert, const char *cn)
{
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                                      (const unsigned char *)cn, -1, -1, 0) == 1;
}

static bool add(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool fine = extension != NULL && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return fine;
}

static bool add_ca(X509 *cert, X509 *issuer, const char *constraints)
{
    return add(cert, issuer, NID_basic_constraints, constraints) &&
           add(cert, issuer, NID_key_usage, "critical,keyCertSign,cRLSign") &&
           add(cert, issuer, NID_subject_key_identifier, "hash") &&
           add(cert, issuer, NID_authority_key_identifier, "keyid:always");
}

static bool add_leaf(X509 *cert, X509 *issuer, const struct cert_sign *s)
{
    char names[ALT_NAMES_MAX];
    bool more = s->alt_names != NULL && s->alt_names[0] != '\0';
    int len = snprintf(names, sizeof names, "DNS:%s%s%s", s->cn, more ? "," : "",
                       more ? s->alt_names : "");
    return len < (int)sizeof names &&
           add(cert, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
           add(cert, issuer, NID_key_usage, "critical,digitalSignature") &&
           add(cert, issuer, NID_ext_key_usage, "clientAuth,serverAuth") &&
           add(cert, issuer, NID_subject_alt_name, names) &&
           add(cert, issuer, NID_subject_key_identifier, "hash") &&
           add(cert, issuer, NID_authority_key_identifier, "keyid:always");
}

static bool is_p256(const EVP_PKEY *key)
{
    char group[32];
    size_t len;
    return EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_group_name(key, group, sizeof group, &len) == 1 &&
           str_eq(group, "prime256v1");
}

static bool fill_root(X509 *cert, EVP_PKEY *key, const struct cert_root *root)
{
    return X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert, root->rng) &&
           set_life(cert, NULL, root->wall_ms, root->life_s) && set_subject(cert, root->cn) &&
           X509_set_issuer_name(cert, X509_get_subject_name(cert)) == 1 &&
           X509_set_pubkey(cert, key) == 1 && add_ca(cert, cert, "critical,CA:TRUE,pathlen:1") &&
           X509_sign(cert, key, EVP_sha256()) > 0;
}

enum err_code cert_make_root(const struct cert_root *root, struct buf *cert_pem, struct err *err)
{
    PRE(root->life_s > 0);
    if (!is_name(root->cn))
        return err_set(err, ERR_INVALID_PARAMETER, "%.64s cannot name a CA", root->cn);
    CLEANUP(cert_key_free) EVP_PKEY *key = cert_pem_key(root->key_pem);
    if (key == NULL || !is_p256(key))
        return cert_failed(err, ERR_TLS, "the CA's key is not a P-256 key in PEM");
    CLEANUP(cert_x509_free) X509 *cert = X509_new();
    INV(cert != NULL);
    if (!fill_root(cert, key, root) || !cert_pem_put_x509(cert_pem, cert))
        return cert_failed(err, ERR_TLS, "the root certificate could not be made");
    return ERR_OK;
}

/* The public key of a request that is signed by it; borrowed from `csr`. */
static enum err_code csr_key(EVP_PKEY **out, X509_REQ *csr, struct err *err)
{
    *out = csr != NULL ? X509_REQ_get0_pubkey(csr) : NULL;
    if (*out == NULL || !is_p256(*out))
        return cert_failed(err, ERR_BAD_REQUEST,
                           "this is not a certificate request for a P-256 key");
    if (X509_REQ_verify(csr, *out) != 1)
        return cert_failed(err, ERR_BAD_REQUEST,
                           "the certificate request is not signed by its key");
    return ERR_OK;
}

static bool fill_signed(X509 *cert, EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key,
                        const struct cert_sign *s)
{
    bool fine = X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert, s->rng) &&
                set_life(cert, ca, s->wall_ms, s->life_s) && set_subject(cert, s->cn) &&
                X509_set_issuer_name(cert, X509_get_subject_name(ca)) == 1 &&
                X509_set_pubkey(cert, key) == 1;
    if (s->kind == CERT_INTERMEDIATE)
        fine = fine && add_ca(cert, ca, "critical,CA:TRUE,pathlen:0");
    else
        fine = fine && add_leaf(cert, ca, s);
    return fine && X509_sign(cert, ca_key, EVP_sha256()) > 0;
}

static enum err_code check_ca(X509 *ca, EVP_PKEY *ca_key, const struct cert_sign *s,
                              struct err *err)
{
    if (ca == NULL || ca_key == NULL || X509_check_private_key(ca, ca_key) != 1)
        return cert_failed(err, ERR_TLS, "the CA's certificate and key are no pair");
    if (X509_check_ca(ca) != 1)
        return err_set(err, ERR_TLS, "the CA's certificate may not sign");
    time_t now = (time_t)(s->wall_ms / 1000);
    if (X509_cmp_time(X509_get0_notAfter(ca), &now) <= 0)
        return err_set(err, ERR_EXPIRED, "the CA's certificate has expired");
    return ERR_OK;
}

static enum err_code check_names(const struct cert_sign *s, struct err *err)
{
    if (!is_name(s->cn))
        return err_set(err, ERR_INVALID_PARAMETER, "%.64s cannot name a node", s->cn);
    if (s->alt_names == NULL)
        return ERR_OK;
    if (strlen(s->alt_names) > ALT_NAMES_MAX - 128 || !are_alt_names(s->alt_names))
        return err_set(err, ERR_INVALID_PARAMETER,
                       "%.128s is not a list of DNS:name and IP:address", s->alt_names);
    return ERR_OK;
}

enum err_code cert_sign(const struct cert_sign *s, struct buf *cert_pem, struct err *err)
{
    PRE(s->life_s > 0);
    CLEANUP(cert_x509_free) X509 *ca = cert_pem_x509(s->ca_cert_pem);
    CLEANUP(cert_key_free) EVP_PKEY *ca_key = cert_pem_key(s->ca_key_pem);
    CLEANUP(cert_csr_free) X509_REQ *csr = cert_pem_csr(s->csr_pem);
    EVP_PKEY *key;
    enum err_code code = check_names(s, err);
    if (code == ERR_OK)
        code = check_ca(ca, ca_key, s, err);
    if (code == ERR_OK)
        code = csr_key(&key, csr, err);
    if (code != ERR_OK)
        return code;
    CLEANUP(cert_x509_free) X509 *cert = X509_new();
    INV(cert != NULL);
    if (!fill_signed(cert, key, ca, ca_key, s) || !cert_pem_put_x509(cert_pem, cert))
        return cert_failed(err, ERR_TLS, "the certificate could not be made");
    return ERR_OK;
}
