/* join.h - children come in: by a one-use token, then by their own certificate (PROTOCOL 10). */
#pragma once

#include "base/buf.h"
#include "cloud-manager/ops/op.h"
#include "cloud-manager/store/node.h"
#include "proto/wire/messages.h"

/* What came of a request to join or to renew. */
struct cloud_joining {
    struct cloud_sign sign;  /* to be signed, unless ... */
    struct cloud_node known; /* ... `is_repeat`: then this is answered again */
    bool is_repeat;
    const char *csr_hash;
    const char *token_hash; /* "" when renewing */
};

/* Is the token good for that node? ERR_TOKEN_INVALID, ERR_ZONE_UNAVAILABLE. */
enum err_code cloud_join_begin(struct cloud_op *op, const struct wire_join *join,
                               struct cloud_joining *out, struct err *err);
/* Is it a node of ours with a certificate of ours? ERR_PEER_DENIED, ERR_PEER_UNKNOWN,
 * ERR_BAD_REQUEST. `peer_node`: of its certificate, which may have expired. */
enum err_code cloud_renew_begin(struct cloud_op *op, const struct wire_join *join,
                                const char *peer_node, struct cloud_joining *out, struct err *err);
/* The certificate was made: records the node. Checks the token once more. */
enum err_code cloud_join_finish(struct cloud_op *op, const struct cloud_joining *joining,
                                const char *certificate, struct cloud_node *out, struct err *err);
/* The 32 bytes that secrets on its link are sealed with, as hex, appended. */
enum err_code cloud_node_link_key(struct cloud_op *op, const struct cloud_node *node,
                                  struct buf *hex, struct err *err);
