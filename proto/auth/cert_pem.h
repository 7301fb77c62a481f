/* cert_pem.h - OpenSSL's objects from PEM text and back, and its errors as ours. For cert*.c only.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <openssl/x509.h>
#include <stdbool.h>

/* The first certificate, key or request in the text; NULL when there is none. The caller frees. */
X509 *cert_pem_x509(const char *pem);
EVP_PKEY *cert_pem_key(const char *pem);
X509_REQ *cert_pem_csr(const char *pem);

/* Appends; false when the library fails. */
bool cert_pem_put_x509(struct buf *out, X509 *cert);
bool cert_pem_put_key(struct buf *out, EVP_PKEY *key);
bool cert_pem_put_csr(struct buf *out, X509_REQ *csr);

/* Sets `code` with what OpenSSL says, and forgets its queue. */
enum err_code cert_failed(struct err *err, enum err_code code, const char *what);

/* Scope-owned things. */
void cert_x509_free(X509 **cert);
void cert_key_free(EVP_PKEY **key);
void cert_csr_free(X509_REQ **csr);
