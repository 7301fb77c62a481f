/* sign.h - signs the certificates of hosts with the cluster's own intermediate CA. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "proto/http/enroll.h"

/* A job_handler (base/job.h); `ctx` is the cluster's struct enroll_identity. */
enum err_code cluster_sign_run(void *ctx, const void *spec, size_t spec_size, struct buf *result,
                               struct err *err);
