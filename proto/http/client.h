/* client.h - calls to peers: curl multi in the loop's own thread.
 *
 * Called by a daemon's main() and performer. Each call ends exactly once, as EVENT_REPLY: status
 * 0 when no answer came (refused, cut, timed out, too large, wrong certificate). TLS only, plain
 * HTTP to loopback excepted; no redirects, no proxy; the peer's certificate must chain to our
 * roots and carry the peer's node name, whatever address was dialled.
 * After a failure the next call to that peer dials anew and tries its next address. */
#pragma once

#include "base/err.h"
#include "base/event.h"
#include "proto/http/tls.h"

#include <stddef.h>
#include <stdint.h>

struct loop;
struct http_client;

enum { HTTP_CLIENT_ADDRESSES_MAX = 8, HTTP_CLIENT_BODY_MAX = 16 * 1024 * 1024 };

struct http_client *http_client_new(struct loop *loop);

/* Makes or replaces a peer: `name` is effect_call.peer. Addresses are "https://host:port" or
 * "http://127.0.0.1:port"; no path. `node_name` is the DNS name that its certificate must carry;
 * NULL = that of the address. ERR_CONFIG names what is wrong. */
enum err_code http_client_peer(struct http_client *client, const char *name, const char *node_name,
                               const char *const *addresses, size_t addresses_len, struct err *err);
/* Certificate and trust for every call from now on; kept connections of the old are not used
 * again. May be called before and after joining. */
void http_client_tls(struct http_client *client, const struct http_tls *tls);

/* The performer's call(): copies. An unknown peer ends as status 0. */
void http_client_call(struct http_client *client, const struct effect_call *call);
/* Calls that have not ended. */
size_t http_client_len(const struct http_client *client);
/* After loop_run: open calls are dropped without an event. */
void http_client_free(struct http_client *client);
