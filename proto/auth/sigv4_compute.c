/* sigv4_compute.c - keys, the canonical request's hash, the signature. */
#include "proto/auth/sigv4_compute.h"

#include "base/check.h"
#include "proto/auth/sigv4_canonical.h"

#include <openssl/crypto.h>
#include <string.h>

static void hmac_text(unsigned char out[DIGEST_SHA256_SIZE],
                      const unsigned char key[DIGEST_SHA256_SIZE], const char *text)
{
    digest_hmac_sha256(out, key, DIGEST_SHA256_SIZE, text, strlen(text));
}

void sigv4_key_derive(unsigned char out[DIGEST_SHA256_SIZE], const char *secret,
                      const struct sigv4_claim *claim)
{
    CLEANUP(buf_fini) struct buf first = {0};
    buf_printf(&first, "AWS4%s", secret);
    unsigned char a[DIGEST_SHA256_SIZE], b[DIGEST_SHA256_SIZE];
    digest_hmac_sha256(a, first.data, first.len, claim->day, strlen(claim->day));
    hmac_text(b, a, claim->region);
    hmac_text(a, b, claim->service);
    hmac_text(out, a, SIGV4_TERMINATOR);
    OPENSSL_cleanse(first.data, first.len);
    OPENSSL_cleanse(a, sizeof a);
    OPENSSL_cleanse(b, sizeof b);
}

/* The slot depends on the secret, so nobody can aim at one. */
bool sigv4_key_get(unsigned char out[DIGEST_SHA256_SIZE], struct sigv4_keys *keys,
                   const char *key_id, const char *secret, const struct sigv4_claim *claim)
{
    CLEANUP(buf_fini) struct buf text = {0};
    buf_printf(&text, "%s\n%s\n%s\n%s\n%s", key_id, claim->day, claim->region, claim->service,
               secret);
    unsigned char name[DIGEST_SHA256_SIZE];
    digest_sha256(name, text.data, text.len);
    OPENSSL_cleanse(text.data, text.len);
    struct sigv4_key *slot = &keys->slots[name[0] % SIGV4_KEYS_LEN];
    bool was_kept = digest_equal(slot->name, name, sizeof name);
    if (!was_kept) {
        sigv4_key_derive(slot->key, secret, claim);
        memcpy(slot->name, name, sizeof name);
    }
    memcpy(out, slot->key, DIGEST_SHA256_SIZE);
    return was_kept;
}

enum err_code sigv4_canonical_hash(char out[DIGEST_SHA256_HEX_SIZE],
                                   const struct sigv4_subject *subject,
                                   const struct sigv4_claim *claim, struct err *err)
{
    CLEANUP(buf_fini) struct buf text = {0};
    buf_printf(&text, "%s\n", subject->method);
    enum err_code code = sigv4_canonical_target(&text, subject->target, claim->service, err);
    if (code == ERR_OK)
        code = sigv4_canonical_headers(&text, subject->headers, subject->headers_len,
                                       claim->signed_headers, err);
    if (code != ERR_OK)
        return code;
    buf_printf(&text, "\n%s\n%s", claim->signed_headers, subject->payload);
    digest_sha256_hex(out, text.data, text.len);
    return ERR_OK;
}

void sigv4_signature(unsigned char out[DIGEST_SHA256_SIZE],
                     const unsigned char key[DIGEST_SHA256_SIZE], const struct sigv4_claim *claim,
                     const char *canonical_sha256)
{
    CLEANUP(buf_fini) struct buf text = {0};
    buf_printf(&text, SIGV4_ALGORITHM "\n%s\n%s/%s/%s/" SIGV4_TERMINATOR "\n%s", claim->date,
               claim->day, claim->region, claim->service, canonical_sha256);
    hmac_text(out, key, buf_str(&text));
}
