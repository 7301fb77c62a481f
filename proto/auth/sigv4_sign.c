/* sigv4_sign.c - the client's end of SigV4: for the CLI and for tests. */
#include "proto/auth/sigv4.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/auth/sigv4_compute.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static void format_date(char out[SIGV4_DATE_SIZE], int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t len = strftime(out, SIGV4_DATE_SIZE, "%Y%m%dT%H%M%SZ", &tm);
    PRE(len == SIGV4_DATE_SIZE - 1);
}

static int header_order(const void *a, const void *b)
{
    const struct header *x = a, *y = b;
    return strcasecmp(x->name, y->name);
}

/* "a;b;c", lower case, each name once, of sorted headers. */
static void names_of(char out[SIGV4_SIGNED_SIZE], const struct header *headers, size_t len)
{
    size_t at = 0;
    for (size_t i = 0; i < len; i++) {
        const char *name = headers[i].name;
        if (i > 0 && strcasecmp(headers[i - 1].name, name) == 0)
            continue;
        PRE(at + strlen(name) + 2 < SIGV4_SIGNED_SIZE);
        if (at > 0)
            out[at++] = ';';
        for (; *name != '\0'; name++)
            out[at++] = *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name;
    }
    out[at] = '\0';
}

/* The given headers and the two that are always signed; returns how many. */
static size_t all_headers(struct header all[SIGV4_SIGNED_MAX], const struct sigv4_sign *s,
                          const char *date)
{
    PRE(s->headers_len + 2 <= SIGV4_SIGNED_MAX);
    all[0] = (struct header){"host", s->host};
    all[1] = (struct header){"x-amz-date", date};
    for (size_t i = 0; i < s->headers_len; i++)
        all[2 + i] = s->headers[i];
    return s->headers_len + 2;
}

static void signature(char hex[DIGEST_SHA256_HEX_SIZE], const struct sigv4_sign *s,
                      const struct sigv4_claim *claim, const char *canonical)
{
    unsigned char key[DIGEST_SHA256_SIZE], raw[DIGEST_SHA256_SIZE];
    sigv4_key_derive(key, s->secret, claim);
    sigv4_signature(raw, key, claim, canonical);
    OPENSSL_cleanse(key, sizeof key);
    str_hex(hex, raw, sizeof raw);
}

enum err_code sigv4_sign(const struct sigv4_sign *s, char date[SIGV4_DATE_SIZE],
                         struct buf *authorization, struct err *err)
{
    struct header all[SIGV4_SIGNED_MAX], sorted[SIGV4_SIGNED_MAX];
    char names[SIGV4_SIGNED_SIZE], day[SIGV4_DAY_SIZE];
    char canonical[DIGEST_SHA256_HEX_SIZE], hex[DIGEST_SHA256_HEX_SIZE];
    format_date(date, s->wall_ms);
    str_copy(day, sizeof day, date);
    size_t len = all_headers(all, s, date);
    memcpy(sorted, all, len * sizeof all[0]);
    qsort(sorted, len, sizeof sorted[0], header_order);
    names_of(names, sorted, len);
    struct sigv4_claim claim = {date, day, s->region, s->service, names};
    struct sigv4_subject subject = {s->method, s->target, all, len, s->payload};
    enum err_code code = sigv4_canonical_hash(canonical, &subject, &claim, err);
    if (code != ERR_OK)
        return code;
    signature(hex, s, &claim, canonical);
    buf_printf(authorization,
               SIGV4_ALGORITHM " Credential=%s/%s/%s/%s/" SIGV4_TERMINATOR
                               ", SignedHeaders=%s, Signature=%s",
               s->key_id, day, s->region, s->service, names, hex);
    return ERR_OK;
}
