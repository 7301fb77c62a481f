/* seal.c - wrapping and unwrapping; the master key's file is seal_key.c's. */
#include "proto/auth/seal.h"

#include "base/check.h"
#include "proto/auth/base64.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <stdatomic.h>
#include <string.h>

enum { IV_SIZE = 12, TAG_SIZE = 16, SEALED_MAX = IV_SIZE + SEAL_PLAIN_MAX + TAG_SIZE };

/* A context with key, IV and authenticated text set. `encrypt` is 1 or 0, as OpenSSL has it. */
static EVP_CIPHER_CTX *cipher_new(int encrypt, const struct seal_key *key, const unsigned char *iv,
                                  const char *context)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    INV(ctx != NULL);
    INV(EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->bytes, iv, encrypt) == 1);
    int len;
    size_t context_len = strlen(context);
    PRE(context_len < SEAL_PLAIN_MAX);
    INV(EVP_CipherUpdate(ctx, NULL, &len, (const unsigned char *)context, (int)context_len) == 1);
    return ctx;
}

void seal_wrap(const struct seal_key *key, const char *context, const void *plain, size_t len,
               const struct rng *rng, struct buf *text)
{
    PRE(len <= SEAL_PLAIN_MAX);
    size_t sealed_len = IV_SIZE + len + TAG_SIZE;
    unsigned char *sealed = check_alloc(sealed_len);
    rng->fill(rng->self, sealed, IV_SIZE);
    EVP_CIPHER_CTX *ctx = cipher_new(1, key, sealed, context);
    int done = 0, end = 0;
    if (len > 0)
        INV(EVP_CipherUpdate(ctx, sealed + IV_SIZE, &done, plain, (int)len) == 1);
    INV(EVP_CipherFinal_ex(ctx, sealed + IV_SIZE + done, &end) == 1);
    INV((size_t)done + (size_t)end == len);
    INV(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, sealed + IV_SIZE + len) == 1);
    EVP_CIPHER_CTX_free(ctx);
    base64_encode(text, sealed, sealed_len);
    free(sealed);
}

/* Into `out`, which has room; false when the tag does not fit. */
static bool opens(const struct seal_key *key, const char *context, unsigned char *sealed,
                  size_t len, unsigned char *out)
{
    EVP_CIPHER_CTX *ctx = cipher_new(0, key, sealed, context);
    int done = 0, end = 0;
    if (len > 0)
        INV(EVP_CipherUpdate(ctx, out, &done, sealed + IV_SIZE, (int)len) == 1);
    INV(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, sealed + IV_SIZE + len) == 1);
    bool fits = EVP_CipherFinal_ex(ctx, out + done, &end) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return fits;
}

static _Atomic uint64_t opened;

uint64_t seal_work(void)
{
    return atomic_load(&opened);
}

enum err_code seal_unwrap(const struct seal_key *key, const char *context, const char *text,
                          struct buf *plain, struct err *err)
{
    CLEANUP(buf_fini) struct buf sealed = {0};
    size_t text_len = strlen(text);
    atomic_fetch_add_explicit(&opened, 1, memory_order_relaxed);
    if (text_len > (size_t)SEALED_MAX * 4 / 3 + 4 || !base64_decode(&sealed, text, text_len) ||
        sealed.len < IV_SIZE + TAG_SIZE || sealed.len > SEALED_MAX)
        return err_set(err, ERR_INTERNAL, "a sealed secret is malformed");
    size_t len = sealed.len - IV_SIZE - TAG_SIZE;
    unsigned char *out = check_alloc(len + 1);
    bool fits = opens(key, context, (unsigned char *)sealed.data, len, out);
    if (fits)
        buf_append(plain, out, len);
    OPENSSL_cleanse(out, len);
    free(out);
    if (!fits)
        return err_set(err, ERR_INTERNAL,
                       "a sealed secret does not open: another master key, or altered");
    return ERR_OK;
}

void seal_wipe(struct buf *secret)
{
    if (secret->data != NULL)
        OPENSSL_cleanse(secret->data, secret->cap);
    buf_fini(secret);
}

void seal_key_wipe(struct seal_key *key)
{
    OPENSSL_cleanse(key, sizeof *key);
}
