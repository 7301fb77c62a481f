/* enroll.h - how a child becomes known: its key and certificate, by token or by renewal
 * (PROTOCOL 10).
 *
 * Called by the main() of a child, before its core runs or as a process of its own. A folder
 * holds what a node is: key.pem (never leaves it), cert.pem, ca.pem, link.key and parent. All
 * blocking, with a loop of its own. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "proto/auth/cert.h"

#include <stdbool.h>

enum { ENROLL_PATH_SIZE = 300 };

struct enroll_identity {
    char node[CERT_NAME_SIZE];
    char parent[CERT_NAME_SIZE]; /* node name of the parent */
    char region[32], zone[32];
    unsigned char link_key[32]; /* seals secrets on the link to the parent */
    struct buf chain;           /* leaf, intermediates, root: what a listener shows */
    struct buf key, ca;         /* PEM */
    struct cert_info info;
};

/* Has this folder an identity? */
bool enroll_is_joined(const char *folder);
/* ERR_CONFIG says what is missing and what to do. */
enum err_code enroll_load(struct enroll_identity *id, const char *folder, struct err *err);
void enroll_fini(struct enroll_identity *id);

/* `token` "-" = a line of stdin. Asks the parent named in the token, whose root must have the
 * token's fingerprint. ERR_TIMEOUT when it does not answer within `timeout_ms`; ERR_TOKEN_INVALID
 * and others as it says. A run that was cut off may be repeated: the same key asks again. */
enum err_code enroll_join(const char *folder, const char *token, int64_t timeout_ms,
                          struct err *err);
/* A new certificate for the same key; also with an expired one. */
enum err_code enroll_renew(const char *folder, const char *parent_url, int64_t timeout_ms,
                           struct err *err);
