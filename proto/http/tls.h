/* tls.h - TLS material as PEM text, for listeners and for the client. Both copy what they need. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

/* Any member may be NULL or "". */
struct http_tls {
    const char *cert_pem;  /* own chain, leaf first */
    const char *key_pem;   /* its key */
    const char *ca_pem;    /* whom to trust: roots */
    const char *ca_sha256; /* client without ca_pem, while joining: SHA-256 (64 hex digits, any
                              case) of the DER of the one root to trust; the parent sends it at
                              the end of its chain */
    int64_t newest_ms;     /* newest wall time in the node's store, or 0: certificates are judged
                              by the later of it and the wall clock (PROTOCOL 10) */
};

/* Reads a PEM file of at most 1 MiB and appends it to `out`. */
enum err_code http_tls_read(struct buf *out, const char *path, struct err *err);
