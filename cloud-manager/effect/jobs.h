/* jobs.h - what blocks or uses the crypto library's own randomness: handlers of base/job.
 *
 * Named by main.c only; the simulator has its own. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

/* The root of the tiers; outlives the pool. */
struct cloud_ca {
    struct buf cert_pem, key_pem;
};

/* CLOUD_JOB_SIGN; ctx: struct cloud_ca. A leaf; for a cluster, its key as an intermediate CA
 * behind it. */
enum err_code cloud_job_sign(void *ctx, const void *spec, size_t spec_size, struct buf *result,
                             struct err *err);
/* CLOUD_JOB_RSA; no ctx. */
enum err_code cloud_job_rsa(void *ctx, const void *spec, size_t spec_size, struct buf *result,
                            struct err *err);
