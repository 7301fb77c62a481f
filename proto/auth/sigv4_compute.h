/* sigv4_compute.h - the arithmetic of SigV4 that both ends share. For sigv4.c and sigv4_sign.c
 * only; pure. */
#pragma once

#include "proto/auth/sigv4.h"

#define SIGV4_ALGORITHM  "AWS4-HMAC-SHA256"
#define SIGV4_TERMINATOR "aws4_request"

/* The scope of a signature and the names that are signed. Borrowed. */
struct sigv4_claim {
    const char *date; /* of x-amz-date */
    const char *day, *region, *service;
    const char *signed_headers;
};

/* What of a request is signed. Borrowed. */
struct sigv4_subject {
    const char *method, *target;
    const struct header *headers;
    size_t headers_len;
    const char *payload; /* the last line of the canonical request */
};

/* The signing key; the caller wipes it. */
void sigv4_key_derive(unsigned char out[DIGEST_SHA256_SIZE], const char *secret,
                      const struct sigv4_claim *claim);
/* The same from the cache (true), or derived into it. */
bool sigv4_key_get(unsigned char out[DIGEST_SHA256_SIZE], struct sigv4_keys *keys,
                   const char *key_id, const char *secret, const struct sigv4_claim *claim);

/* Hex SHA-256 of the canonical request. Errors as of sigv4_canonical.h. */
enum err_code sigv4_canonical_hash(char out[DIGEST_SHA256_HEX_SIZE],
                                   const struct sigv4_subject *subject,
                                   const struct sigv4_claim *claim, struct err *err);

void sigv4_signature(unsigned char out[DIGEST_SHA256_SIZE],
                     const unsigned char key[DIGEST_SHA256_SIZE], const struct sigv4_claim *claim,
                     const char *canonical_sha256);
