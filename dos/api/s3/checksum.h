/* checksum.h - x-amz-checksum-*: what a client says its body sums up to, verified while it comes.
 */
#pragma once

#include "base/event.h"
#include "dos/model/crc.h"
#include "proto/auth/digest.h"

/* header's suffix, how it is computed, digest or CRC */
#define S3_CHECKSUMS(X)                 \
    X("crc32", CRC, DOS_CRC_32)         \
    X("crc32c", CRC, DOS_CRC_32C)       \
    X("crc64nvme", CRC, DOS_CRC_64NVME) \
    X("sha1", DIGEST, DIGEST_SHA1)      \
    X("sha256", DIGEST, DIGEST_SHA256)

/* One being computed. Zeroed = the client gave none. */
struct s3_checksum {
    const char *header; /* static; NULL = none */
    const char *value;  /* as sent; borrowed from the request */
    bool is_crc;
    struct dos_crc crc;
    struct digest digest;
};

/* Looks what was sent; of several, the first of the table. */
void s3_checksum_open(struct s3_checksum *c, const struct request *r);
void s3_checksum_update(struct s3_checksum *c, const void *data, size_t len);
/* ERR_INVALID_DIGEST: not base64 of the right length. ERR_BAD_DIGEST: another body. Closes. */
enum err_code s3_checksum_check(struct s3_checksum *c, struct err *err);
void s3_checksum_fini(struct s3_checksum *c);
