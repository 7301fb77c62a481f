/* server.h - HTTP in, events out: libmicrohttpd in the loop's own thread.
 *
 * Called by a daemon's main() and performer. Each whole request that passed the gate is posted to
 * the loop as EVENT_REQUEST and its connection suspended until http_server_reply. What the gate,
 * the size limit or the held limit refuses never reaches the core. It never decodes a target,
 * never reads a form, never decides who may do what. Every answer carries its id as
 * x-request-id and as x-amzn-requestid.
 * All calls belong to the loop's thread. */
#pragma once

#include "base/err.h"
#include "base/event.h"
#include "base/report.h"
#include "base/rng.h"
#include "proto/http/listen.h"

#include <stddef.h>
#include <stdint.h>

struct loop;
struct http_server;

/* `rng` makes the request ids. */
struct http_server *http_server_new(struct loop *loop, const struct rng *rng);

/* Opens one more listener; ERR_CONFIG for what may not be (plain on another address than
 * loopback, bad PEM), ERR_IO when the system refuses. `*listener` numbers it: 0, 1, ... */
enum err_code http_server_listen(struct http_server *server, const struct http_listen *listen,
                                 size_t *listener, struct err *err);
uint16_t http_server_tcp_port(const struct http_server *server, size_t listener);
/* New certificates for a TLS listener; connections that stand keep theirs. */
enum err_code http_server_reload(struct http_server *server, size_t listener,
                                 const struct http_tls *tls, struct err *err);

/* The performer's reply(): answers a request that was posted. One that is gone is not an error.
 * CR, LF or another control byte in a header is our own mistake let in by somebody's input: it
 * is logged and the answer becomes a 500. */
void http_server_reply(struct http_server *server, const struct effect_reply *reply);

/* The performer's more(): for an answer that was opened (reply.is_open). What waits to be sent is
 * bounded: a client that does not read is cut. One that is gone is not an error. */
void http_server_more(struct http_server *server, const struct effect_more *more);

/* What its listeners answered, refused and hold. */
void http_server_report(const struct http_server *server, struct report *r);
/* Requests that wait for their answer, or for the rest of it. */
size_t http_server_held(const struct http_server *server);
/* After loop_run: whoever still waits gets 503, what can be sent at once is sent. */
void http_server_free(struct http_server *server);
