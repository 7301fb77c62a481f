/* tally.h - what a listener has answered, refused and cut. Any thread counts.
 *
 * Called by server.c and pool.c and their parts. */
#pragma once

#include "base/report.h"

#include <stdatomic.h>
#include <stdint.h>

enum { HTTP_STATUS_MAX = 600, HTTP_TALLY_REASONS = 32 };

/* Starts as zeros. */
struct http_tally {
    _Atomic uint64_t answers[HTTP_STATUS_MAX];
    struct {
        _Atomic(const char *) reason;
        _Atomic uint64_t len;
    } refusals[HTTP_TALLY_REASONS];
    _Atomic uint64_t cuts;
};

void http_tally_answer(struct http_tally *t, int status);
/* `reason` is static text; of more reasons than there is room for the last shares its place. */
void http_tally_refusal(struct http_tally *t, int status, const char *reason);
void http_tally_cuts(struct http_tally *t, unsigned len);

/* `listener` is its name; `held` and `connections` are what it has at the moment. */
void http_tally_report(const struct http_tally *t, const char *listener, size_t connections,
                       size_t held, struct report *r);
/* When the certificate in use ends. */
void http_tally_certificate(struct report *r, int64_t not_after_ms, int64_t wall_ms);
