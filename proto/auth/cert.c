/* cert.c - keys and requests: what a node makes for itself. */
#include "proto/auth/cert.h"

#include "base/check.h"
#include "proto/auth/auth_file.h"
#include "proto/auth/cert_pem.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <string.h>

enum err_code cert_make_key(struct buf *key_pem, struct err *err)
{
    CLEANUP(cert_key_free) EVP_PKEY *key = EVP_EC_gen("P-256");
    if (key == NULL || !cert_pem_put_key(key_pem, key))
        return cert_failed(err, ERR_TLS, "a P-256 key could not be made");
    return ERR_OK;
}

static bool fill_csr(X509_REQ *csr, EVP_PKEY *key, const char *cn)
{
    X509_NAME *name = X509_REQ_get_subject_name(csr);
    return X509_REQ_set_version(csr, X509_REQ_VERSION_1) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1,
                                      0) == 1 &&
           X509_REQ_set_pubkey(csr, key) == 1 && X509_REQ_sign(csr, key, EVP_sha256()) > 0;
}

enum err_code cert_make_csr(const char *key_pem, const char *cn, struct buf *csr_pem,
                            struct err *err)
{
    CLEANUP(cert_key_free) EVP_PKEY *key = cert_pem_key(key_pem);
    if (key == NULL)
        return cert_failed(err, ERR_TLS, "the key is not a PEM key");
    CLEANUP(cert_csr_free) X509_REQ *csr = X509_REQ_new();
    INV(csr != NULL);
    if (!fill_csr(csr, key, cn) || !cert_pem_put_csr(csr_pem, csr))
        return cert_failed(err, ERR_TLS, "the certificate request could not be made");
    return ERR_OK;
}

enum err_code cert_write_file(const char *path, const char *pem, mode_t mode, struct err *err)
{
    return auth_file_write(path, pem, mode, err);
}
