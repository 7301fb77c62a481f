/* mhd.h - what server.c and pool.c share of libmicrohttpd: settings, the reading of a request's
 * head, and answers. Nobody else includes it. */
#pragma once

#include "base/arena.h"
#include "base/event.h"
#include "base/id.h"
#include "base/rng.h"
#include "proto/http/gate.h"
#include "proto/http/sweeper.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

/* The four callbacks of libmicrohttpd, each with `self` first. */
struct http_mhd_hooks {
    void *self;
    void *(*line)(void *self, const char *target, struct MHD_Connection *mhd);
    MHD_AccessHandlerCallback handle;
    MHD_RequestCompletedCallback completed;
    MHD_NotifyConnectionCallback connection;
};

/* A daemon without a socket of its own: connections are added. `own_thread`: with an epoll thread
 * inside; otherwise for somebody's loop. NULL when the system refuses. `hooks` outlive it. */
struct MHD_Daemon *http_mhd_start(const struct http_mhd_hooks *hooks,
                                  const struct http_listen *listen, bool own_thread);

/* What is asked, or 20000; never more than there are file descriptors for: a TLS connection takes
 * three. */
unsigned http_mhd_connections_max(const struct http_listen *listen);

/* What is asked, or as many as take 32 MiB; `memory_bytes` is known. */
unsigned http_mhd_idle_max(const struct http_listen *listen, size_t memory_bytes);

/* The head of a request, collected by http_intake_*. Lives in one block with its arena. */
struct http_intake {
    struct arena arena;
    struct http_conn *conn;
    struct request request;
    struct gate_verdict verdict;
    char trace[ID_UUID_SIZE];
};

/* At the request line; `target` may be NULL. */
void http_intake_begin(struct http_intake *intake, struct http_conn *conn, enum face face,
                       const char *target, const struct rng *rng);
/* When the headers are in: fills request and verdict. */
void http_intake_judge(struct http_intake *intake, struct MHD_Connection *mhd, const char *method,
                       const char *version);
void http_intake_fini(struct http_intake *intake);

/* Tokens in the name, no control bytes in the value: what may leave in a header. */
bool http_header_is_fit(const char *name, const char *value);

/* With a copy of `body`. */
struct MHD_Response *http_mhd_response(const char *body, size_t len);
/* Puts type, trace and further headers on `response`; false when one of them may not leave. */
bool http_mhd_dress(struct MHD_Response *response, const char *content_type,
                    const struct header *headers, size_t headers_len, const char *trace);
/* Answers "reason\n" as text; `is_last` closes the connection after it. */
enum MHD_Result http_mhd_say(struct MHD_Connection *mhd, int status, const char *reason,
                             const char *trace, bool is_last);
/* The connection of a request. */
struct http_conn *http_mhd_conn(struct MHD_Connection *mhd);
/* Its socket. */
int http_mhd_fd(struct MHD_Connection *mhd);
