/* body.h - a request's body on its way in: counted, hashed, kept in memory while it is small and
 * in a temporary file when it is not.
 *
 * Once something is wrong, what follows is thrown away and the first error is kept: the answer
 * can only be given when the body has ended. Nothing has a name before s3_body_keep. */
#pragma once

#include "base/buf.h"
#include "dos/api/s3/checksum.h"
#include "dos/bodies.h"
#include "dos/op.h"
#include "proto/auth/sigv4.h"

#include <stdbool.h>

enum s3_body_kind {
    S3_BODY_NONE, /* there should be none */
    S3_BODY_XML,  /* a document, in memory, at most S3_XML_MAX */
    S3_BODY_OBJECT,
    S3_BODY_PART, /* like an object, but always a file */
};

enum { S3_XML_MAX = 4 << 20 };

struct s3_body {
    const struct dos_bodies *bodies;
    enum s3_body_kind kind;
    int64_t size_bytes, limit_bytes;
    bool is_md5_wanted;
    struct digest sha256, md5;
    struct s3_checksum checksum;
    struct buf memory;
    struct dos_temporary file;
    struct err err;
    char ref[DOS_REF_SIZE];            /* name of the file, once it is kept */
    char md5_hex[DIGEST_MD5_HEX_SIZE]; /* once it has ended, if wanted */
    unsigned char md5_bytes[DIGEST_MD5_SIZE];
    char sha256_hex[DIGEST_SHA256_HEX_SIZE];
};

/* What is to come. */
struct s3_body_plan {
    enum s3_body_kind kind;
    int64_t length; /* as announced, -1 = unknown */
    int64_t limit_bytes;
    bool is_md5_wanted;
};

void s3_body_open(struct s3_body *b, const struct dos_bodies *bodies,
                  const struct s3_body_plan *plan, const struct request *request);
/* Takes all of it. */
void s3_body_take(struct s3_body *b, const void *data, size_t len);
/* It is whole: finishes the hashes, compares the client's own checksum; gives the first error. */
enum err_code s3_body_end(struct s3_body *b, struct err *err);
/* Makes a file durable under a new name (b->ref); nothing to do for a small one. `file` says what
 * an op is to store. */
enum err_code s3_body_keep(struct s3_body *b, struct dos_body *body, struct err *err);
/* Removes what was not kept. */
void s3_body_fini(struct s3_body *b);
