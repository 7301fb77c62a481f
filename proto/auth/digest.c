/* digest.c - hashes by OpenSSL. The algorithms are fetched once: fetching costs more than hashing.
 */
#include "proto/auth/digest.h"

#include "base/check.h"
#include "base/str.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

const char digest_sha256_of_nothing[DIGEST_SHA256_HEX_SIZE] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static const struct {
    const char *name;
    unsigned size;
} kinds[] = {
    [DIGEST_SHA256] = {"SHA256", DIGEST_SHA256_SIZE},
    [DIGEST_SHA1] = {"SHA1", DIGEST_SHA1_SIZE},
    [DIGEST_MD5] = {"MD5", DIGEST_MD5_SIZE},
};
enum { KINDS_LEN = sizeof kinds / sizeof kinds[0] };

/* Written once, then only read: algorithms, and an HMAC-SHA256 without a key that is copied for
 * use. */
static EVP_MD *algorithms[KINDS_LEN];
static EVP_MAC_CTX *hmac_blank;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void fetch(void)
{
    for (size_t i = 0; i < KINDS_LEN; i++) {
        algorithms[i] = EVP_MD_fetch(NULL, kinds[i].name, NULL);
        INV(algorithms[i] != NULL);
    }
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    INV(hmac != NULL);
    hmac_blank = EVP_MAC_CTX_new(hmac);
    EVP_MAC_free(hmac);
    INV(hmac_blank != NULL);
    char name[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0), OSSL_PARAM_END};
    INV(EVP_MAC_CTX_set_params(hmac_blank, params) == 1);
}

static _Atomic uint64_t hashes, hmacs;

static void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

struct digest_work digest_work(void)
{
    return (struct digest_work){atomic_load(&hashes), atomic_load(&hmacs)};
}

static const EVP_MD *algorithm(enum digest_kind kind)
{
    INV(pthread_once(&fetched, fetch) == 0);
    return algorithms[kind];
}

void digest_open(struct digest *d, enum digest_kind kind)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    count(&hashes);
    INV(ctx != NULL);
    INV(EVP_DigestInit_ex(ctx, algorithm(kind), NULL) == 1);
    *d = (struct digest){.ctx = ctx, .kind = kind};
}

void digest_update(struct digest *d, const void *data, size_t len)
{
    PRE(d->ctx != NULL);
    INV(EVP_DigestUpdate(d->ctx, data, len) == 1);
}

void digest_finish(struct digest *d, unsigned char *out)
{
    PRE(d->ctx != NULL);
    unsigned size = 0;
    INV(EVP_DigestFinal_ex(d->ctx, out, &size) == 1);
    POST(size == kinds[d->kind].size);
    digest_fini(d);
}

void digest_fini(struct digest *d)
{
    EVP_MD_CTX_free(d->ctx);
    d->ctx = NULL;
}

static void at_once(unsigned char *out, enum digest_kind kind, const void *data, size_t len)
{
    struct digest d;
    digest_open(&d, kind);
    digest_update(&d, data, len);
    digest_finish(&d, out);
}

void digest_sha256(unsigned char out[DIGEST_SHA256_SIZE], const void *data, size_t len)
{
    at_once(out, DIGEST_SHA256, data, len);
}

void digest_sha256_hex(char out[DIGEST_SHA256_HEX_SIZE], const void *data, size_t len)
{
    unsigned char raw[DIGEST_SHA256_SIZE];
    digest_sha256(raw, data, len);
    str_hex(out, raw, sizeof raw);
}

void digest_sha1(unsigned char out[DIGEST_SHA1_SIZE], const void *data, size_t len)
{
    at_once(out, DIGEST_SHA1, data, len);
}

void digest_md5(unsigned char out[DIGEST_MD5_SIZE], const void *data, size_t len)
{
    at_once(out, DIGEST_MD5, data, len);
}

void digest_hmac_sha256(unsigned char out[DIGEST_SHA256_SIZE], const void *key, size_t key_len,
                        const void *data, size_t len)
{
    INV(pthread_once(&fetched, fetch) == 0);
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(hmac_blank);
    count(&hmacs);
    INV(ctx != NULL);
    /* A NULL key would mean "the key that is there": an empty one is the empty text. */
    INV(EVP_MAC_init(ctx, key_len > 0 ? key : (const void *)"", key_len, NULL) == 1);
    INV(EVP_MAC_update(ctx, data, len) == 1);
    size_t size = 0;
    INV(EVP_MAC_final(ctx, out, &size, DIGEST_SHA256_SIZE) == 1);
    EVP_MAC_CTX_free(ctx);
    POST(size == DIGEST_SHA256_SIZE);
}

bool digest_equal(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

bool digest_text_equal(const char *a, const char *b)
{
    size_t len = strlen(a);
    return strlen(b) == len && digest_equal(a, b, len);
}
