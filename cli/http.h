/* http.h - one HTTP exchange at a time, by libcurl's blocking interface; the connection is kept
 * for the next one. Signed with SigV4. No redirects are followed.
 *
 * Knows nothing of EC2 or S3: call.h and s3.h do. Never prints a header or a body. */
#pragma once

#include "base/buf.h"
#include "cli/cli.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A body from a file: `size` bytes at `offset`. */
struct cli_http_source {
    int fd; /* -1: none, `body` counts */
    off_t offset;
    uint64_t size;
};

struct cli_http_ask {
    const char *service;  /* for the signature: "ec2", "sts", "s3" */
    const char *endpoint; /* "http://127.0.0.1:8773" */
    const char *method;
    const char *path;         /* "/bucket/key?query", as it is signed and sent */
    const char *content_type; /* or NULL */
    const char *body;         /* or NULL */
    size_t body_len;
    struct cli_http_source source;
    const char *payload_sha256; /* hex, of the body */
    const char *call_id;        /* signed header that tells this call from others, or NULL */
    int64_t wall_ms;            /* of the signature; 0: now */
    int sink_fd;                /* where the body of a good answer goes; -1: into the reply */
    bool is_bulk;               /* minutes are fine, standing still is not */
    /* Progress of the body, either way; or NULL. The total is 0 while it is not known. */
    void (*moved)(void *self, uint64_t bytes, uint64_t total);
    void *self;
};

struct cli_http_reply {
    int status;
    struct buf body;
    char etag[80];       /* without quotes; "" = none */
    char request_id[80]; /* of S3's header */
};

/* What became of it, when there is no answer. */
enum cli_http_loss {
    CLI_HTTP_ANSWERED,
    CLI_HTTP_REFUSED, /* nobody there: nothing has happened */
    CLI_HTTP_LOST,    /* it may have happened */
    CLI_HTTP_BROKEN,  /* TLS, or our own end: repeating it is useless */
};

/* The last answer: when it came, by the server's clock (0: it does not say) and by ours, and how
 * long it took; spent_ms is -1 while there was none. */
struct cli_http_seen {
    int64_t server_wall_ms, local_wall_ms, spent_ms;
};

struct cli_http_seen cli_http_seen(const struct cli_http *http);
struct cli_http *cli_http_open(const struct cli_profile *profile, struct clock clock,
                               bool is_verbose);
void cli_http_close(struct cli_http *http);
/* CLI_UNREACHABLE, or CLI_FAILED: no answer; `loss` says why. The reply is to be finished with
 * cli_http_reply_fini in any case. */
enum cli_exit cli_http_do(struct cli_http *http, const struct cli_http_ask *ask,
                          struct cli_http_reply *reply, enum cli_http_loss *loss,
                          struct cli_fault *fault);
void cli_http_reply_fini(struct cli_http_reply *reply);

/* An answer that goes on, beside the other exchanges: what comes of a good one is heard, a piece at
 * a time, inside of cli_http_stream_drive. `ask` and its texts are borrowed until it is closed.
 * NULL: it cannot be signed. */
struct cli_http_stream;
struct cli_http_stream *
cli_http_stream_open(struct cli_http *http, const struct cli_http_ask *ask,
                     void (*heard)(void *self, const char *data, size_t len), void *self);
void cli_http_stream_close(struct cli_http_stream *stream);
/* Until something comes, `ms` have passed, a signal came or there is input on `input_fd` (-1:
 * none). False: it is over. */
bool cli_http_stream_drive(struct cli_http_stream *stream, int64_t ms, int input_fd,
                           bool *has_input);
