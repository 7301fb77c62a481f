/* status.h - what a daemon says of itself to who runs it, over plain HTTP on loopback.
 *
 *   /healthz  200 while the loop turns
 *   /readyz   200 while the daemon is of use, 503 while not; a line for each check, either way
 *   /version  JSON: which daemon, which version, which protocol between the tiers
 *   /metrics  figures, as Prometheus reads them
 *
 * Opened by a daemon's main(). It answers outside of any turn, so also while the store refuses
 * every transaction. A port that is taken is logged and nothing more: no service hangs on it. */
#pragma once

#include "base/report.h"
#include "proto/http/server.h"

#include <stdint.h>

struct status_config {
    const char *daemon;          /* "tercet-dos" */
    const char *address;         /* loopback */
    int64_t tcp_port;            /* 0 = the kernel chooses, and the log tells; -1 = none */
    const int64_t *not_after_ms; /* of the certificate in use, wall clock; NULL = it has none */
    void (*report)(void *self, struct report *r); /* of further parts of the shell; NULL = none */
    void *self;
};

/* Gives its port; 0 = it is not open. A copy of the config stays in the server, which frees it;
 * what it points at outlives the loop. */
uint16_t status_open(struct http_server *server, struct loop *loop,
                     const struct status_config *config);
