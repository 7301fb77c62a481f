/* metadata_token.c - tokens as HMAC-SHA-256 over (expiry, instance). */
#include "computer-manager/model/metadata_token.h"

#include "base/check.h"
#include "base/str.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum { EXPIRY_SIZE = 8, MAC_SIZE = 32, INSTANCE_SIZE = 64 };

/* What is sealed: both fields have a fixed width, so that no two pairs give the same bytes. */
struct sealed {
    uint8_t expiry[EXPIRY_SIZE];
    char instance[INSTANCE_SIZE]; /* zeroes behind it */
};

static void mac(uint8_t out[MAC_SIZE], const uint8_t expiry[EXPIRY_SIZE], const char *instance,
                const uint8_t key[METADATA_TOKEN_KEY_SIZE])
{
    struct sealed text = {.instance = ""};
    unsigned size = 0;
    memcpy(text.expiry, expiry, EXPIRY_SIZE);
    bool whole = str_copy(text.instance, sizeof text.instance, instance);
    PRE(whole && instance[0] != '\0');
    const void *done = HMAC(EVP_sha256(), key, METADATA_TOKEN_KEY_SIZE,
                            (const unsigned char *)&text, sizeof text, out, &size);
    POST(done != NULL && size == MAC_SIZE);
}

void metadata_token_format(char out[METADATA_TOKEN_TEXT_SIZE], const char *instance,
                           int64_t until_ms, const uint8_t key[METADATA_TOKEN_KEY_SIZE])
{
    uint8_t bytes[EXPIRY_SIZE + MAC_SIZE];
    PRE(until_ms >= 0);
    for (int i = 0; i < EXPIRY_SIZE; i++)
        bytes[i] = (uint8_t)((uint64_t)until_ms >> (56 - 8 * i));
    mac(bytes + EXPIRY_SIZE, bytes, instance, key);
    str_hex(out, bytes, sizeof bytes);
}

bool metadata_token_holds(const char *token, const char *instance, int64_t now_ms,
                          const uint8_t key[METADATA_TOKEN_KEY_SIZE])
{
    uint8_t bytes[EXPIRY_SIZE + MAC_SIZE], ours[MAC_SIZE];
    if (!str_unhex(bytes, sizeof bytes, token))
        return false;
    mac(ours, bytes, instance, key);
    if (CRYPTO_memcmp(ours, bytes + EXPIRY_SIZE, MAC_SIZE) != 0)
        return false;
    uint64_t until = 0;
    for (int i = 0; i < EXPIRY_SIZE; i++)
        until = until << 8 | bytes[i];
    return now_ms >= 0 && (uint64_t)now_ms < until;
}
