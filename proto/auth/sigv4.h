/* sigv4.h - AWS Signature Version 4 in the Authorization header: checking (servers), making
 * (clients).
 *
 * Pure: no clock, no lookup, no state but the caller's cache of keys. A server does
 *
 *     sigv4_parse(&auth, request, err)          what does the request claim?
 *     ... look up auth.key_id; when unknown, take a dummy secret (below) ...
 *     sigv4_check(&(struct sigv4_check){...}, &payload, err)
 *
 * Unknown keys. So that the time does not tell which key ids exist, a caller that finds no key
 * makes the same check with key_id "" and a random secret of usual length (drawn once at start),
 * and only then answers what an unknown key is answered in place of the ERR_BAD_SIGNATURE that it
 * gets. A check that ends so costs the same whether its key was in the cache or not; whatever else
 * a check finds does not depend on the secret, and is answered as it is.
 *
 * What is demanded beyond the published algorithm: `host`, `x-amz-date` and every x-amz-* header
 * present are signed, each at most once, as is content-*; what is signed is there; the day of the
 * scope is that of x-amz-date; at most SIGV4_SKEW_MS between x-amz-date and the wall clock.
 *
 * Raw targets: '+' in a query stands for a blank (as S3 has it), in a path for itself. The path
 * that is signed for s3 is the decoded one, `a//b` and `a/../b` kept; for other services dot
 * segments and doubled slashes are taken out first. Whoever serves the request must read the target
 * the same way.
 *
 * Not here: presigned URLs, version 2, chunk signatures (STREAMING-*): refused as ERR_UNSUPPORTED.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/event.h"
#include "proto/auth/digest.h"

#include <stdint.h>

enum {
    SIGV4_KEY_ID_SIZE = 129, /* sizes hold the NUL */
    SIGV4_DAY_SIZE = 9,
    SIGV4_DATE_SIZE = 17,
    SIGV4_REGION_SIZE = 65,
    SIGV4_SERVICE_SIZE = 33,
    SIGV4_SIGNED_SIZE = 2049,
    SIGV4_SIGNED_MAX = 64,  /* names in SignedHeaders */
    SIGV4_QUERY_MAX = 2000, /* parameters in the query */
    SIGV4_SKEW_MS = 15 * 60 * 1000,
    SIGV4_KEYS_LEN = 256,
};

/* What an Authorization header claims; nothing in it is proven. */
struct sigv4_auth {
    char key_id[SIGV4_KEY_ID_SIZE];         /* [A-Za-z0-9_-]+ */
    char day[SIGV4_DAY_SIZE];               /* "20260131", digits */
    char region[SIGV4_REGION_SIZE];         /* whatever the client is configured with */
    char service[SIGV4_SERVICE_SIZE];       /* "ec2", "s3", "sts", "iam" */
    char signed_headers[SIGV4_SIGNED_SIZE]; /* "a;b;c", lower case, ascending */
    unsigned char signature[DIGEST_SHA256_SIZE];
};

/* ERR_MISSING_AUTH: no claim at all. ERR_UNSUPPORTED: presigned, or version 2.
 * ERR_INCOMPLETE_SIGNATURE: malformed, or two Authorization headers. */
enum err_code sigv4_parse(struct sigv4_auth *out, const struct request *r, struct err *err);

/* Derived keys by (key id, secret, day, region, service), which save four of five HMACs. Owned by
 * the caller, zeroed at the start, fixed in size, deterministic; 16 KiB. Holds what can sign
 * for a day: wiped with explicit_bzero when done with. */
struct sigv4_key {
    unsigned char name[DIGEST_SHA256_SIZE]; /* hash of all that the key depends on */
    unsigned char key[DIGEST_SHA256_SIZE];
};
struct sigv4_keys {
    struct sigv4_key slots[SIGV4_KEYS_LEN];
};

enum sigv4_body {
    SIGV4_BODY_HERE,   /* request->body is the body */
    SIGV4_BODY_HASHED, /* `body_sha256` is the hex hash of the body that came */
    SIGV4_BODY_LATER,  /* service s3 only: it has not come; judge by x-amz-content-sha256 */
};

struct sigv4_check {
    const struct request *request; /* method, target, headers; body if SIGV4_BODY_HERE */
    const struct sigv4_auth *auth; /* of the same request */
    const char *service;           /* what this endpoint is */
    const char *key_id;            /* of the secret; "" with the dummy */
    const char *secret;
    enum sigv4_body body;
    const char *body_sha256;
    bool unsigned_payload_ok; /* s3: is UNSIGNED-PAYLOAD accepted here (over TLS)? */
    int64_t wall_ms;
    struct sigv4_keys *keys; /* or NULL */
};

/* What was signed of the body. With SIGV4_BODY_LATER the caller compares it with what comes, before
 * anything of it takes effect; otherwise that was done. */
struct sigv4_payload {
    bool is_unsigned;
    char sha256[DIGEST_SHA256_HEX_SIZE]; /* lower case; "" when unsigned */
};

/* ERR_BAD_SIGNATURE: it is not by this secret, or of another request. ERR_BAD_SCOPE: it names
 * another day, service or body. ERR_INCOMPLETE_SIGNATURE: something that must be signed is not, is
 * missing, or is there twice. ERR_EXPIRED: the clocks differ too much. ERR_BAD_REQUEST: bad percent
 * escape in the target, or s3 without x-amz-content-sha256. ERR_CONTENT_SHA256: s3, the body is
 * another. ERR_UNSUPPORTED: STREAMING-*. ERR_INVALID_PARAMETER: x-amz-content-sha256 is nothing
 * known. ERR_DENIED: an unsigned payload where that is not accepted. `payload` may be NULL unless
 * SIGV4_BODY_LATER. */
enum err_code sigv4_check(const struct sigv4_check *c, struct sigv4_payload *payload,
                          struct err *err);

/* A request to be signed by a client. All given headers are signed, and host and x-amz-date. */
struct sigv4_sign {
    const char *method;
    const char *target; /* raw, as it goes out: "/path?query" */
    const char *host; /* value of the Host header that goes out, with the port if not the default */
    const struct header *headers; /* without host, x-amz-date, authorization */
    size_t headers_len;
    const char *payload; /* hex SHA-256 of the body, or "UNSIGNED-PAYLOAD"; for s3 the caller
                            also gives it as header x-amz-content-sha256 */
    const char *key_id, *secret, *region, *service;
    int64_t wall_ms;
};

/* `date` is the value for x-amz-date; the value for Authorization is appended to `authorization`.
 * ERR_BAD_REQUEST: bad percent escape in the target. */
enum err_code sigv4_sign(const struct sigv4_sign *s, char date[SIGV4_DATE_SIZE],
                         struct buf *authorization, struct err *err);
