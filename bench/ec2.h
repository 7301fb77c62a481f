/* ec2.h - signed requests of EC2 Query and S3, as bytes to send to 127.0.0.1. */
#pragma once

#include "base/buf.h"

struct ec2_caller {
    int tcp_port;
    const char *key_id, *secret, *region;
};

/* Appends the request for `form`. */
void ec2_request(const struct ec2_caller *caller, const char *form, struct buf *out);
/* The same of S3; `body` may hold NULs. */
void s3_request(const struct ec2_caller *caller, const char *method, const char *target,
                const struct buf *body, struct buf *out);
