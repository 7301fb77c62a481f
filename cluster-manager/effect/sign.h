/* sign.h - signs the certificates of hosts with the cluster's own intermediate CA. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "proto/http/enroll.h"

struct cluster_signer {
    const char *folder; /* of the cluster's identity: read at each signature, it may be renewed */
    int64_t life_s;     /* of a host's certificate */
};

/* A job_handler (base/job.h); `ctx` is a struct cluster_signer. */
enum err_code cluster_sign_run(void *ctx, const void *spec, size_t spec_size, struct buf *result,
                               struct err *err);
