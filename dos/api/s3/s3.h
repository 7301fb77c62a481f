/* s3.h - the S3 face of dos: an http pool's handler. Path style; SigV4 in headers.
 *
 *   on_headers    target -> action -> signature -> what the headers alone can refuse (507, 404,
 * 403) on_data       counted, hashed, spilled to a temporary file on_body_end   hashes compared ->
 * file durable -> op to the index answered      (loop thread, after COMMIT) -> XML or a file to
 * send
 *
 * What is not built answers NotImplemented with its name. */
#pragma once

#include "base/clock.h"
#include "base/rng.h"
#include "dos/bodies.h"
#include "dos/directory.h"
#include "dos/index.h"
#include "proto/http/pool.h"

struct dos_s3;

struct dos_s3_options {
    struct dos_index *index;
    struct dos_directory *directory;
    struct dos_bodies bodies;
    struct clock clock;
    const struct rng *rng;
    const char *region;
    int64_t object_bytes_max; /* of one PUT or part */
    bool unsigned_payload_ok; /* the listener is TLS */
};

/* What `options` names outlives it. */
struct dos_s3 *dos_s3_new(const struct dos_s3_options *options);
void dos_s3_free(struct dos_s3 *s3);
struct http_pool_handler dos_s3_handler(struct dos_s3 *s3);
