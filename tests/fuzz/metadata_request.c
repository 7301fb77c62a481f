/* metadata_request.c - target: what a guest sends to its metadata service
 * (computer-manager/model/metadata_request.h).
 *
 * Holds: as long as more may come every beginning says so; once whole or refused, what follows
 * changes nothing; what is accepted is as the header says it is. */
#include "computer-manager/model/metadata_request.h"

#include "base/check.h"
#include "tests/fuzz/fuzz.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Of bytes that end where they end. */
static int parse(struct metadata_request *out, const char *data, size_t len)
{
    char *exact = check_alloc(len + 1);
    memcpy(exact, data, len);
    int got = metadata_request_parse(out, exact, len);
    free(exact);
    return got;
}

static void hold_whole(const struct metadata_request *r)
{
    INV(r->path[0] == '/' && strchr(r->path, '?') == NULL);
    for (const char *p = r->path; *p != '\0'; p++)
        INV(isgraph((unsigned char)*p));
    INV(strlen(r->path) < METADATA_PATH_SIZE && strlen(r->token) < METADATA_TOKEN_SIZE);
    INV(r->ttl_s >= -1 && (r->has_ttl || r->ttl_s == -1) && (r->has_token || r->token[0] == '\0'));
    for (const char *p = r->token; *p != '\0'; p++)
        INV(*p == '\t' || !iscntrl((unsigned char)*p));
}

static bool is_equal(const struct metadata_request *a, const struct metadata_request *b)
{
    return a->method == b->method && strcmp(a->path, b->path) == 0 &&
           strcmp(a->token, b->token) == 0 && a->has_token == b->has_token &&
           a->has_ttl == b->has_ttl && a->ttl_s == b->ttl_s && a->forwarded == b->forwarded;
}

/* As it arrives, piece by piece: the first answer is the last one. */
static void hold_beginnings(const char *data, size_t len)
{
    struct metadata_request part, all;
    size_t at = 0, step = 1 + len / 64;
    int got = parse(&part, data, 0);
    while (at < len && got == METADATA_MORE) {
        at += step < len - at ? step : len - at;
        got = parse(&part, data, at);
    }
    int whole = parse(&all, data, len);
    INV(got == whole);
    if (got == METADATA_WHOLE) {
        hold_whole(&part);
        INV(is_equal(&part, &all));
    }
    INV(got != METADATA_MORE || len < METADATA_HEAD_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz input = {data, len};
    char *text = fuzz_rest(&input, &len);
    hold_beginnings(text, len);
    free(text);
    return 0;
}
