/* digest.h - hashes: SHA-256, MD5 and SHA-1 in pieces or at once, HMAC-SHA256, constant-time
 * equality.
 *
 * Called by everything that signs, checks or names by content. Deterministic, no clock, no
 * randomness. SHA-1 and MD5 are here because EC2 fingerprints and S3 ETags are made of them;
 * nothing trusts them. A hash that the crypto library refuses is an assertion, not an error value.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DIGEST_SHA256_SIZE = 32,
    DIGEST_SHA1_SIZE = 20,
    DIGEST_MD5_SIZE = 16,
    DIGEST_MAX_SIZE = 32,
    DIGEST_SHA256_HEX_SIZE = 65, /* with the NUL */
    DIGEST_MD5_HEX_SIZE = 33,
};

/* SHA-256 of nothing, in hex: the payload hash of a request without a body. */
extern const char digest_sha256_of_nothing[DIGEST_SHA256_HEX_SIZE];

enum digest_kind { DIGEST_SHA256, DIGEST_SHA1, DIGEST_MD5 };

/* A hash being computed. Zeroed = closed. */
struct digest {
    void *ctx; /* owned */
    enum digest_kind kind;
};

void digest_open(struct digest *d, enum digest_kind kind);
void digest_update(struct digest *d, const void *data, size_t len);
/* Writes the hash (DIGEST_<kind>_SIZE bytes) and closes. */
void digest_finish(struct digest *d, unsigned char *out);
/* Closes without a result; fine when closed already. */
void digest_fini(struct digest *d);

void digest_sha256(unsigned char out[DIGEST_SHA256_SIZE], const void *data, size_t len);
void digest_sha256_hex(char out[DIGEST_SHA256_HEX_SIZE], const void *data, size_t len);
void digest_sha1(unsigned char out[DIGEST_SHA1_SIZE], const void *data, size_t len);
void digest_md5(unsigned char out[DIGEST_MD5_SIZE], const void *data, size_t len);

void digest_hmac_sha256(unsigned char out[DIGEST_SHA256_SIZE], const void *key, size_t key_len,
                        const void *data, size_t len);

/* How often this process hashed and made HMACs: told in its metrics, and how tests see that two
 * answers cost the same. */
struct digest_work {
    uint64_t hashes, hmacs;
};
struct digest_work digest_work(void);

/* Are `len` bytes the same? In a time that does not tell where they differ. */
bool digest_equal(const void *a, const void *b, size_t len);
/* The same for texts; their lengths may show. */
bool digest_text_equal(const char *a, const char *b);
