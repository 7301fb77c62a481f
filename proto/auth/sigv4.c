/* sigv4.c - the verdict on a signed request: what must be signed, when, over which body. */
#include "proto/auth/sigv4.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/auth/sigv4_canonical.h"
#include "proto/auth/sigv4_compute.h"

#include <openssl/crypto.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"

enum { HEADERS_MAX = 128 };

static int digits(const char *text, int len)
{
    int value = 0;
    for (int i = 0; i < len; i++)
        value = 10 * value + (text[i] - '0');
    return value;
}

/* "20260131T235959Z" */
static bool parse_date(const char *text, int64_t *wall_ms)
{
    if (strlen(text) != SIGV4_DATE_SIZE - 1 || strspn(text, "0123456789") != 8 || text[8] != 'T' ||
        strspn(text + 9, "0123456789") != 6 || text[15] != 'Z')
        return false;
    struct tm tm = {
        .tm_year = digits(text, 4) - 1900,
        .tm_mon = digits(text + 4, 2) - 1,
        .tm_mday = digits(text + 6, 2),
        .tm_hour = digits(text + 9, 2),
        .tm_min = digits(text + 11, 2),
        .tm_sec = digits(text + 13, 2),
    };
    struct tm wanted = tm;
    *wall_ms = (int64_t)timegm(&tm) * 1000;
    return tm.tm_mon == wanted.tm_mon && tm.tm_mday == wanted.tm_mday &&
           tm.tm_hour == wanted.tm_hour && tm.tm_min == wanted.tm_min; /* no 30 February */
}

static enum err_code check_date(const struct sigv4_check *c, const char *date, struct err *err)
{
    int64_t at_ms;
    if (!parse_date(date, &at_ms))
        return err_set(err, ERR_INCOMPLETE_SIGNATURE,
                       "x-amz-date is not of the form "
                       "20260131T235959Z");
    if (strncmp(date, c->auth->day, SIGV4_DAY_SIZE - 1) != 0)
        return err_set(err, ERR_BAD_SCOPE, "x-amz-date is not of the day in Credential");
    int64_t skew_ms = at_ms > c->wall_ms ? at_ms - c->wall_ms : c->wall_ms - at_ms;
    if (skew_ms > SIGV4_SKEW_MS)
        return err_set(err, ERR_EXPIRED, "the request is signed %lld s %s this server's clock",
                       (long long)skew_ms / 1000, at_ms > c->wall_ms ? "after" : "before");
    return ERR_OK;
}

/* --- what must be signed --- */

static bool has_prefix(const char *name, const char *prefix)
{
    return strncasecmp(name, prefix, strlen(prefix)) == 0;
}

static bool must_be_signed(const char *name)
{
    return strcasecmp(name, "host") == 0 || has_prefix(name, "x-amz-");
}

static size_t count_of(const struct request *r, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < r->headers_len; i++)
        count += strcasecmp(r->headers[i].name, name) == 0;
    return count;
}

static enum err_code check_header(const struct sigv4_check *c, const char *name, struct err *err)
{
    bool must = must_be_signed(name);
    if ((must || has_prefix(name, "content-")) && count_of(c->request, name) > 1)
        return err_set(err, ERR_INCOMPLETE_SIGNATURE, "header %.64s is there twice", name);
    if (must && !sigv4_is_signed(c->auth->signed_headers, name))
        return err_set(err, ERR_INCOMPLETE_SIGNATURE, "header %.64s is not signed", name);
    return ERR_OK;
}

static enum err_code check_headers(const struct sigv4_check *c, struct err *err)
{
    const struct request *r = c->request;
    if (r->headers_len > HEADERS_MAX)
        return err_set(err, ERR_BAD_REQUEST, "more than %d headers", HEADERS_MAX);
    if (request_header(r, "host") == NULL || request_header(r, "x-amz-date") == NULL)
        return err_set(err, ERR_INCOMPLETE_SIGNATURE, "host and x-amz-date are needed");
    for (size_t i = 0; i < r->headers_len; i++) {
        enum err_code code = check_header(c, r->headers[i].name, err);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

/* --- the payload --- */

static bool is_sha256(const char *text)
{
    unsigned char raw[DIGEST_SHA256_SIZE];
    return str_unhex(raw, sizeof raw, text);
}

static bool same_hex(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

/* The hash of the body that is there. */
static void body_hash(char out[DIGEST_SHA256_HEX_SIZE], const struct sigv4_check *c)
{
    if (c->body == SIGV4_BODY_HASHED)
        str_copy(out, DIGEST_SHA256_HEX_SIZE, c->body_sha256);
    else
        digest_sha256_hex(out, c->request->body, c->request->body_len);
}

/* EC2, STS, IAM: the body is what is signed; a header may say its hash, but not another. */
static enum err_code payload_of_form(const struct sigv4_check *c, const char *declared,
                                     struct sigv4_payload *out, struct err *err)
{
    body_hash(out->sha256, c);
    if (declared != NULL && !same_hex(declared, out->sha256))
        return err_set(err, ERR_BAD_SCOPE, "x-amz-content-sha256 is not that of the body");
    return ERR_OK;
}

static enum err_code payload_of_s3(const struct sigv4_check *c, const char *declared,
                                   struct sigv4_payload *out, struct err *err)
{
    if (declared == NULL)
        return err_set(err, ERR_BAD_REQUEST, "header x-amz-content-sha256 is needed");
    out->is_unsigned = str_eq(declared, UNSIGNED_PAYLOAD);
    if (out->is_unsigned && !c->unsigned_payload_ok)
        return err_set(err, ERR_DENIED, "an unsigned payload is accepted over TLS only");
    if (str_has_prefix(declared, "STREAMING-"))
        return err_set(err, ERR_UNSUPPORTED, "x-amz-content-sha256: %.64s is not supported yet",
                       declared);
    if (out->is_unsigned)
        return ERR_OK;
    if (!is_sha256(declared))
        return err_set(err, ERR_INVALID_PARAMETER,
                       "x-amz-content-sha256 must be UNSIGNED-PAYLOAD or a SHA-256 in hex");
    str_copy(out->sha256, sizeof out->sha256, declared);
    for (char *p = out->sha256; *p != '\0'; p++)
        *p = *p >= 'A' && *p <= 'F' ? (char)(*p - 'A' + 'a') : *p;
    return ERR_OK;
}

/* s3, after the signature held: is the body the one that was signed? */
static enum err_code check_body(const struct sigv4_check *c, const struct sigv4_payload *payload,
                                struct err *err)
{
    if (c->body == SIGV4_BODY_LATER || payload->is_unsigned)
        return ERR_OK;
    char hex[DIGEST_SHA256_HEX_SIZE];
    body_hash(hex, c);
    if (!same_hex(hex, payload->sha256))
        return err_set(err, ERR_CONTENT_SHA256, "the body's SHA-256 is not x-amz-content-sha256");
    return ERR_OK;
}

/* --- the verdict --- */

static enum err_code check_signature(const struct sigv4_check *c, const char *date,
                                     const char *payload, struct err *err)
{
    const struct sigv4_auth *auth = c->auth;
    const struct request *r = c->request;
    struct sigv4_claim claim = {date, auth->day, auth->region, auth->service, auth->signed_headers};
    struct sigv4_subject subject = {r->method, r->target, r->headers, r->headers_len, payload};
    char canonical[DIGEST_SHA256_HEX_SIZE];
    enum err_code code = sigv4_canonical_hash(canonical, &subject, &claim, err);
    if (code != ERR_OK)
        return code;
    unsigned char key[DIGEST_SHA256_SIZE], wanted[DIGEST_SHA256_SIZE];
    bool was_kept = c->keys != NULL && sigv4_key_get(key, c->keys, c->key_id, c->secret, &claim);
    if (c->keys == NULL)
        sigv4_key_derive(key, c->secret, &claim);
    sigv4_signature(wanted, key, &claim, canonical);
    bool is_right = digest_equal(wanted, auth->signature, sizeof wanted);
    if (!is_right && was_kept) /* a refusal does not tell whose key was in use today */
        sigv4_key_derive(key, c->secret, &claim);
    OPENSSL_cleanse(key, sizeof key);
    if (!is_right)
        return err_set(err, ERR_BAD_SIGNATURE,
                       "the signature does not match: check the secret key and how it signs");
    return ERR_OK;
}

enum err_code sigv4_check(const struct sigv4_check *c, struct sigv4_payload *payload,
                          struct err *err)
{
    bool is_s3 = str_eq(c->service, "s3");
    PRE(c->secret != NULL && c->key_id != NULL);
    PRE(c->body != SIGV4_BODY_LATER || (is_s3 && payload != NULL));
    PRE(c->body != SIGV4_BODY_HASHED || is_sha256(c->body_sha256));
    struct sigv4_payload own = {0};
    if (!str_eq(c->auth->service, c->service))
        return err_set(err, ERR_BAD_SCOPE, "Credential is for service %s, this is %s",
                       c->auth->service, c->service);
    enum err_code code = check_headers(c, err);
    if (code != ERR_OK)
        return code;
    const char *date = request_header(c->request, "x-amz-date");
    const char *declared = request_header(c->request, "x-amz-content-sha256");
    code = check_date(c, date, err);
    if (code == ERR_OK)
        code = is_s3 ? payload_of_s3(c, declared, &own, err)
                     : payload_of_form(c, declared, &own, err);
    if (code == ERR_OK)
        code = check_signature(c, date, is_s3 ? declared : own.sha256, err);
    if (code == ERR_OK && is_s3)
        code = check_body(c, &own, err);
    if (code == ERR_OK && payload != NULL)
        *payload = own;
    return code;
}
