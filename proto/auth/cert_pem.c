/* cert_pem.c - PEM in and out, over memory BIOs. */
#include "proto/auth/cert_pem.h"

#include "base/check.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

enum { PEM_MAX = 256 * 1024 };

/* NULL when the text is absurdly long. */
static BIO *reader(const char *pem)
{
    size_t len = strnlen(pem, PEM_MAX);
    if (len == PEM_MAX)
        return NULL;
    BIO *bio = BIO_new_mem_buf(pem, (int)len);
    INV(bio != NULL);
    return bio;
}

static BIO *writer(void)
{
    BIO *bio = BIO_new(BIO_s_secmem()); /* wiped when freed */
    INV(bio != NULL);
    return bio;
}

/* Frees the BIO. */
static bool drain(struct buf *out, BIO *bio, int written)
{
    char *text;
    long len = BIO_get_mem_data(bio, &text);
    if (written == 1 && len > 0)
        buf_append(out, text, (size_t)len);
    BIO_free(bio);
    return written == 1 && len > 0;
}

/* Without this OpenSSL would ask the terminal for the password of an encrypted key. */
static int no_password(char *out, int size, int writing, void *self)
{
    (void)out, (void)size, (void)writing, (void)self;
    return -1;
}

X509 *cert_pem_x509(const char *pem)
{
    BIO *bio = reader(pem);
    X509 *cert = bio != NULL ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;
    BIO_free(bio);
    return cert;
}

EVP_PKEY *cert_pem_key(const char *pem)
{
    BIO *bio = reader(pem);
    EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    BIO_free(bio);
    return key;
}

X509_REQ *cert_pem_csr(const char *pem)
{
    BIO *bio = reader(pem);
    X509_REQ *csr = bio != NULL ? PEM_read_bio_X509_REQ(bio, NULL, no_password, NULL) : NULL;
    BIO_free(bio);
    return csr;
}

bool cert_pem_put_x509(struct buf *out, X509 *cert)
{
    BIO *bio = writer();
    return drain(out, bio, PEM_write_bio_X509(bio, cert));
}

bool cert_pem_put_key(struct buf *out, EVP_PKEY *key)
{
    BIO *bio = writer();
    return drain(out, bio, PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL));
}

bool cert_pem_put_csr(struct buf *out, X509_REQ *csr)
{
    BIO *bio = writer();
    return drain(out, bio, PEM_write_bio_X509_REQ(bio, csr));
}

enum err_code cert_failed(struct err *err, enum err_code code, const char *what)
{
    unsigned long reason = ERR_peek_last_error();
    const char *why = reason != 0 ? ERR_reason_error_string(reason) : NULL;
    ERR_clear_error();
    if (why == NULL)
        return err_set(err, code, "%s", what);
    return err_set(err, code, "%s: %s", what, why);
}

void cert_x509_free(X509 **cert)
{
    X509_free(*cert);
}

void cert_key_free(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

void cert_csr_free(X509_REQ **csr)
{
    X509_REQ_free(*csr);
}
