/* share.h - gives images that are here, or are on their way here, to other hosts of the cluster.
 *
 *   GET /v1/bases/<manifest>/...      as near.h asks; x-tercet-grant: what the host found in its
 *                                     wish
 *
 * Over the tiers' TLS with client certificates, on threads of its own. The certificate's node must
 * be the grant's, and the grant made with the key that the cluster told this host: before that
 * nothing is given to anybody. So many chunks at once and no more (503: whoever asks has dos), each
 * connection paced by the kernel. What is given is not looked at: who asks knows its hash. */
#pragma once

#include "base/err.h"
#include "proto/http/tls.h"

#include <stdint.h>

struct host_share;

struct host_share_config {
    const char *images_dir; /* without links */
    const char *address;    /* numeric */
    uint16_t tcp_port;      /* 0 = the kernel chooses */
    int transfers;          /* chunks at once */
    int64_t bytes_s;        /* all together, once each of them is under way */
    const struct http_tls *tls;
};

enum err_code host_share_open(struct host_share **out, const struct host_share_config *config,
                              struct err *err);
uint16_t host_share_tcp_port(const struct host_share *share);
/* The key of grants, 64 hex digits; from any thread. ERR_INVALID_PARAMETER. */
enum err_code host_share_set_key(struct host_share *share, const char *hex, struct err *err);
enum err_code host_share_reload(struct host_share *share, const struct http_tls *tls,
                                struct err *err);
/* NULL is fine. */
void host_share_close(struct host_share *share);
