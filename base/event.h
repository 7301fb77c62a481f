/* event.h - what goes into a core and what comes out: values, both.
 *
 * An event is borrowed for the call. Effects live in the turn's arena and are performed by the
 * shell after COMMIT, never before. Whatever is answered later is named by a number, never by
 * a pointer: the thing may be gone by then. */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct header {
    const char *name; /* as sent; compare without case */
    const char *value;
};

enum face {              /* which listener a request came through */
            FACE_PUBLIC, /* subscribers: EC2, REST */
            FACE_TIER,   /* the tiers: a client certificate was checked by TLS, if one was sent */
            FACE_STATUS, /* whoever runs the daemon; no core sees it (proto/http/status.h) */
};

/* An HTTP request, whole. Everything borrowed. */
struct request {
    uint64_t id; /* names the request in a reply; unique in this run */
    enum face face;
    const char *method;
    const char *target; /* raw: "/path?query", undecoded */
    const struct header *headers;
    size_t headers_len;
    const char *body; /* NUL after body_len bytes */
    size_t body_len;
    const char *peer_node;   /* common name of a verified client certificate, "" without one */
    const char *peer_serial; /* its serial in hex, "" without one */
    int64_t peer_not_before_ms, peer_not_after_ms; /* its validity, wall clock; 0 without one */
    const char *remote;                            /* address of the client, for the log */
    const char *trace; /* request id (UUID), for the log and the answer */
};

/* The answer to a call that the core asked for. */
struct reply {
    uint64_t call_id;
    int status; /* HTTP; 0 = no answer: timeout, refused, cut */
    const char *body;
    size_t body_len;
};

/* The result of a job. `result` is the tier's own fixed struct. */
struct job_done {
    uint64_t job_id;
    int kind;
    enum err_code code; /* ERR_OK, or how it failed; ERR_TIMEOUT: outcome unknown */
    const char *text;   /* error text, "" when fine */
    const void *result;
    size_t result_size;
};

enum event_kind { EVENT_START, EVENT_TICK, EVENT_REQUEST, EVENT_REPLY, EVENT_JOB_DONE };

struct event {
    enum event_kind kind;
    struct instant at; /* raw clocks when it was taken */
    int64_t now_ms;    /* the daemon's own time: never goes back (PROTOCOL 5) */
    union {
        struct request request;
        struct reply reply;
        struct job_done job;
    };
};

enum effect_kind { EFFECT_REPLY, EFFECT_MORE, EFFECT_CALL, EFFECT_JOB };

struct effect_reply {
    uint64_t request_id;
    int status;
    const char *content_type;
    const struct header *headers; /* further ones */
    size_t headers_len;
    const char *body;
    size_t body_len;
    bool is_open; /* more of the body follows, until EFFECT_MORE says that it is the last */
};

/* More of a body that is open. The other side may have gone: then nothing happens. */
struct effect_more {
    uint64_t request_id;
    const char *data;
    size_t len;
    bool is_last;
};

struct effect_call {
    uint64_t call_id; /* comes back in the reply */
    const char *peer; /* the shell knows its address: "parent" */
    const char *method, *target;
    const char *body;
    size_t body_len;
    int64_t timeout_ms;
};

struct effect_job {
    uint64_t job_id; /* comes back in job_done */
    int kind;
    const void *spec; /* the tier's own fixed struct, copied */
    size_t spec_size;
    int64_t timeout_ms;
};

struct effect {
    struct effect *next;
    enum effect_kind kind;
    union {
        struct effect_reply reply;
        struct effect_more more;
        struct effect_call call;
        struct effect_job job;
    };
};

/* In order of emission. */
struct effects {
    struct arena *arena;
    struct effect *first, *last;
};

/* The value of a header, or NULL; names compare without case. */
const char *request_header(const struct request *r, const char *name);

/* Each copies what it is given into the arena. */
void effect_reply(struct effects *out, uint64_t request_id, int status, const char *content_type,
                  const char *body, size_t body_len);
void effect_reply_with(struct effects *out, const struct effect_reply *reply);
void effect_more(struct effects *out, const struct effect_more *more);
void effect_call(struct effects *out, const struct effect_call *call);
void effect_job(struct effects *out, const struct effect_job *job);

/* Takes back everything emitted after `mark` (= out->last at the time). */
void effects_cut(struct effects *out, struct effect *mark);
