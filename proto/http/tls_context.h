/* tls_context.h - OpenSSL contexts from PEM text, and what a client's certificate says.
 *
 * Called by front.c and client.c; nobody else sees OpenSSL through proto/http. */
#pragma once

#include "base/err.h"
#include "proto/http/front.h"
#include "proto/http/listen.h"

#include <openssl/ssl.h>
#include <stdbool.h>

/* For a listener: TLS 1.2 and 1.3, sound suites, no renegotiation, no compression; on a tier
 * listener no tickets either, so that every connection shows its certificate. */
enum err_code http_tls_server_context(SSL_CTX **out, const struct http_listen *listen,
                                      struct err *err);
/* Hardens a context that curl made. `ca_sha256` as in struct http_tls, "" = trust what curl was
 * told to; it outlives the context. */
void http_tls_client_context(SSL_CTX *context, char *ca_sha256, int64_t newest_ms);
/* Judges by the later of `newest_ms` and the wall clock. */
void http_tls_set_time(X509_VERIFY_PARAM *param, int64_t newest_ms);
/* Fills node, serial and validity; false for a certificate that is no node's. */
bool http_tls_read_peer(const SSL *ssl, struct http_peer *peer);
/* The first error in this thread's queue, as text. */
const char *http_tls_why(void);
