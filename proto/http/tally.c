/* tally.c - counters of a listener. */
#include "proto/http/tally.h"

#include "base/check.h"
#include "base/str.h"

#define FAMILY(id, name, type, help) \
    static const struct report_family id = {name, REPORT_##type, help};
#include "proto/http/metrics.def"
#undef FAMILY

static void add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static int64_t read_of(const _Atomic uint64_t *counter)
{
    return (int64_t)atomic_load_explicit(counter, memory_order_relaxed);
}

void http_tally_answer(struct http_tally *t, int status)
{
    PRE(status > 0 && status < HTTP_STATUS_MAX);
    add(&t->answers[status], 1);
}

/* Is the place that reason's? An empty one becomes it. */
static bool claim(_Atomic(const char *) *place, const char *reason)
{
    const char *there = NULL;
    return atomic_compare_exchange_strong(place, &there, reason) || str_eq(there, reason);
}

void http_tally_refusal(struct http_tally *t, int status, const char *reason)
{
    size_t at = 0;
    while (at < HTTP_TALLY_REASONS - 1 && !claim(&t->refusals[at].reason, reason))
        at++;
    if (at == HTTP_TALLY_REASONS - 1)
        claim(&t->refusals[at].reason, "another one");
    add(&t->refusals[at].len, 1);
    http_tally_answer(t, status);
}

void http_tally_cuts(struct http_tally *t, unsigned len)
{
    add(&t->cuts, len);
}

void http_tally_report(const struct http_tally *t, const char *listener, size_t connections_len,
                       size_t held_len, struct report *r)
{
    for (int status = 0; status < HTTP_STATUS_MAX; status++) {
        CLEANUP(buf_fini) struct buf code = {0};
        int64_t len = read_of(&t->answers[status]);
        if (len == 0)
            continue;
        buf_i64(&code, status);
        report_number(r, &answers, len, "listener", listener, "status", buf_str(&code), NULL);
    }
    for (size_t i = 0; i < HTTP_TALLY_REASONS; i++) {
        const char *reason = atomic_load(&t->refusals[i].reason);
        if (reason != NULL)
            report_number(r, &refusals, read_of(&t->refusals[i].len), "listener", listener,
                          "reason", reason, NULL);
    }
    report_number(r, &cuts, read_of(&t->cuts), "listener", listener, NULL);
    report_number(r, &connections, (int64_t)connections_len, "listener", listener, NULL);
    report_number(r, &held, (int64_t)held_len, "listener", listener, NULL);
}

void http_tally_certificate(struct report *r, int64_t not_after_ms, int64_t wall_ms)
{
    report_number(r, &certificate, not_after_ms / 1000, NULL);
    report_check(r, "certificate", wall_ms < not_after_ms ? "" : "it has expired");
}
