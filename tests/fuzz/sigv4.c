/* sigv4.c - target: Signature Version 4 (proto/auth/sigv4.h), both ends.
 *
 * First byte: service and what is spoiled; second: where. Lines: method, target, Authorization as a
 * stranger would send it, headers up to an empty line; then the body. Holds: the canonical request
 * is that of a second implementation; what was signed is accepted; with one byte changed it is
 * refused, unless that changes nothing of what is signed; an Authorization has one spelling. */
#include "proto/auth/sigv4.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/auth/sigv4_compute.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/sigv4_naive.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NOW_MS 1440938160000
#define SECRET "secret"

enum { HEADERS_MAX = 24, OWN_MAX = HEADERS_MAX + 4 };

struct subject {
    const char *service;
    char *method, *target, *stranger, *body;
    size_t body_len;
    char *lines[HEADERS_MAX];
    struct header headers[OWN_MAX]; /* those of the input, then ours */
    size_t headers_len;
    char payload[DIGEST_SHA256_HEX_SIZE];
};

/* ---- reading the input ---------------------------------------------------------------------- */

static bool is_token(const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        if (!isgraph((unsigned char)*p) || strchr("\"(),/:;<=>?@[\\]{}", *p) != NULL)
            return false;
    return *text != '\0';
}

/* Ours, and those of which there may be one only: the round trip brings them itself. */
static bool is_ours(const char *name)
{
    static const char *const names[] = {"host", "authorization", "x-amz-date",
                                        "x-amz-content-sha256"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(names[i], name) == 0)
            return true;
    return false;
}

static bool is_there(const struct subject *s, const char *name)
{
    for (size_t i = 0; i < s->headers_len; i++)
        if (strcasecmp(s->headers[i].name, name) == 0)
            return true;
    return false;
}

/* What the server refuses twice is there once. */
static bool may_come(const struct subject *s, const char *name)
{
    bool is_single = strncasecmp(name, "x-amz-", 6) == 0 || strncasecmp(name, "content-", 8) == 0;
    return is_token(name) && strlen(name) < 60 && !is_ours(name) &&
           !(is_single && is_there(s, name));
}

static void read_headers(struct subject *s, struct fuzz *input)
{
    for (size_t lines = 0; lines < HEADERS_MAX; lines++) {
        char *line = s->lines[lines] = fuzz_line(input), *colon = strchr(line, ':');
        if (*line == '\0')
            return;
        if (colon != NULL)
            *colon = '\0';
        if (may_come(s, line))
            s->headers[s->headers_len++] = (struct header){
                line, colon != NULL ? colon + 1 : line + strlen(line)};
    }
}

static void read_subject(struct subject *s, struct fuzz *input)
{
    s->method = fuzz_line(input);
    s->target = fuzz_line(input);
    s->stranger = fuzz_line(input);
    read_headers(s, input);
    s->body = fuzz_rest(input, &s->body_len);
    digest_sha256_hex(s->payload, s->body, s->body_len);
}

static void free_subject(struct subject *s)
{
    for (size_t i = 0; i < HEADERS_MAX; i++)
        free(s->lines[i]);
    free(s->method);
    free(s->target);
    free(s->stranger);
    free(s->body);
}

/* ---- a second opinion ----------------------------------------------------------------------- */

static bool naive_hash(char out[DIGEST_SHA256_HEX_SIZE], const struct subject *s,
                       const char *signed_headers)
{
    CLEANUP(buf_fini) struct buf text = {0};
    if (!sigv4_naive(&text, &(struct naive_request){.method = s->method,
                                                    .target = s->target,
                                                    .headers = s->headers,
                                                    .headers_len = s->headers_len,
                                                    .signed_headers = signed_headers,
                                                    .payload = s->payload,
                                                    .is_s3 = str_eq(s->service, "s3")}))
        return false;
    digest_sha256_hex(out, text.data, text.len);
    return true;
}

/* Is it what the other implementation says? False: both refuse. */
static bool hold_canonical(const struct subject *s, const char *signed_headers)
{
    char ours[DIGEST_SHA256_HEX_SIZE] = "", theirs[DIGEST_SHA256_HEX_SIZE] = "";
    struct err err = {0};
    enum err_code code = sigv4_canonical_hash(
        ours, &(struct sigv4_subject){s->method, s->target, s->headers, s->headers_len, s->payload},
        &(struct sigv4_claim){"", "", "", s->service, signed_headers}, &err);
    bool is_fine = naive_hash(theirs, s, signed_headers);
    INV((code == ERR_OK) == is_fine);
    INV(str_eq(ours, theirs));
    return is_fine;
}

/* ---- an Authorization of a stranger --------------------------------------------------------- */

static void hold_claim(const struct sigv4_auth *a)
{
    char again[4096], hex[DIGEST_SHA256_HEX_SIZE];
    struct sigv4_auth other;
    struct err err = {0};
    str_hex(hex, a->signature, sizeof a->signature);
    snprintf(again, sizeof again,
             SIGV4_ALGORITHM " SignedHeaders=%s,Credential=%s/%s/%s/%s/aws4_request,Signature=%s",
             a->signed_headers, a->key_id, a->day, a->region, a->service, hex);
    struct header header = {"Authorization", again};
    struct request r = {.target = "/", .headers = &header, .headers_len = 1};
    INV(sigv4_parse(&other, &r, &err) == ERR_OK);
    INV(memcmp(a, &other, sizeof other) == 0);
    for (const char *p = a->signed_headers; *p != '\0'; p++)
        INV(!isupper((unsigned char)*p));
}

/* Nobody who does not know the secret is let in. */
static void hold_stranger(struct subject *s)
{
    struct sigv4_auth auth;
    struct err err = {0};
    s->headers[s->headers_len] = (struct header){"authorization", s->stranger};
    struct request r = {.method = s->method,
                        .target = s->target,
                        .headers = s->headers,
                        .headers_len = s->headers_len + 1,
                        .body = s->body,
                        .body_len = s->body_len};
    enum err_code code = sigv4_parse(&auth, &r, &err);
    INV(code == err.code);
    if (code != ERR_OK)
        return;
    hold_claim(&auth);
    struct sigv4_check check = {.request = &r,
                                .auth = &auth,
                                .service = s->service,
                                .key_id = "",
                                .secret = SECRET,
                                .wall_ms = NOW_MS};
    INV(sigv4_check(&check, NULL, &err) != ERR_OK);
}

/* ---- the round trip ------------------------------------------------------------------------- */

/* False: nobody can sign such a target. */
static bool sign(const struct subject *s, char date[SIGV4_DATE_SIZE], struct buf *authorization)
{
    struct err err = {0};
    return sigv4_sign(&(struct sigv4_sign){.method = s->method,
                                           .target = s->target,
                                           .host = "cloud.example",
                                           .headers = s->headers,
                                           .headers_len = s->headers_len,
                                           .payload = s->payload,
                                           .key_id = "AKID",
                                           .secret = SECRET,
                                           .region = "lab",
                                           .service = s->service,
                                           .wall_ms = NOW_MS},
                      date, authorization, &err) == ERR_OK;
}

static enum err_code verdict(const struct subject *s, struct sigv4_keys *keys)
{
    struct sigv4_auth auth;
    struct err err = {0};
    struct request r = {.method = s->method,
                        .target = s->target,
                        .headers = s->headers,
                        .headers_len = s->headers_len,
                        .body = s->body,
                        .body_len = s->body_len};
    enum err_code code = sigv4_parse(&auth, &r, &err);
    if (code != ERR_OK)
        return code;
    if (!str_eq(auth.key_id, "AKID")) /* a caller would take another secret */
        return ERR_UNKNOWN_KEY;
    struct sigv4_check check = {.request = &r,
                                .auth = &auth,
                                .service = s->service,
                                .key_id = "AKID",
                                .secret = SECRET,
                                .wall_ms = NOW_MS,
                                .keys = keys};
    return sigv4_check(&check, NULL, &err);
}

/* One byte of one part is another. */
static void spoil(struct subject *s, unsigned part, unsigned where, char *authorization)
{
    char *parts[] = {s->method, s->target, s->body, authorization};
    size_t lens[] = {strlen(s->method), strlen(s->target), s->body_len, strlen(authorization)};
    part %= 4;
    if (lens[part] == 0)
        return;
    char *at = parts[part] + where % lens[part];
    *at = (char)(*at ^ (*at == 1 ? 2 : 1));
}

static const char *signed_of(const char *authorization, char out[SIGV4_SIGNED_SIZE])
{
    const char *at = strstr(authorization, "SignedHeaders=");
    INV(at != NULL);
    at += strlen("SignedHeaders=");
    snprintf(out, SIGV4_SIGNED_SIZE, "%.*s", (int)strcspn(at, ","), at);
    return out;
}

static void hold_round_trip(struct subject *s, unsigned part, unsigned where)
{
    static struct sigv4_keys keys;
    CLEANUP(buf_fini) struct buf authorization = {0};
    char date[SIGV4_DATE_SIZE], names[SIGV4_SIGNED_SIZE];
    char before[DIGEST_SHA256_HEX_SIZE], after[DIGEST_SHA256_HEX_SIZE];
    if (str_eq(s->service, "s3"))
        s->headers[s->headers_len++] = (struct header){"x-amz-content-sha256", s->payload};
    if (!sign(s, date, &authorization))
        return;
    s->headers[s->headers_len++] = (struct header){"Host", "cloud.example"};
    s->headers[s->headers_len++] = (struct header){"X-Amz-Date", date};
    signed_of(authorization.data, names);
    INV(hold_canonical(s, names) && naive_hash(before, s, names));
    s->headers[s->headers_len++] = (struct header){"Authorization", authorization.data};
    enum err_code code = verdict(s, NULL);
    INV(code == ERR_OK || code == ERR_UNSUPPORTED); /* looks presigned */
    INV(verdict(s, &keys) == code);
    CLEANUP(buf_fini) struct buf original = {0};
    buf_text(&original, authorization.data);
    char payload[DIGEST_SHA256_HEX_SIZE];
    spoil(s, part, where, authorization.data);
    digest_sha256_hex(payload, s->body, s->body_len);
    bool is_same = str_eq(payload, s->payload) && fuzz_same(&original, &authorization) &&
                   naive_hash(after, s, names) && str_eq(before, after);
    INV(verdict(s, &keys) != ERR_OK || is_same);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz input = {data, len};
    unsigned choice = fuzz_byte(&input), where = fuzz_byte(&input);
    struct subject s = {.service = choice & 1 ? "s3" : "ec2"};
    read_subject(&s, &input);
    if (strlen(s.target) < 1500) {
        hold_canonical(&s, "a;content-type;host");
        hold_stranger(&s);
        hold_round_trip(&s, choice >> 1, where);
    }
    free_subject(&s);
    return 0;
}
