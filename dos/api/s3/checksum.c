/* checksum.c - a client's own checksum of a body. Called by body.c. */
#include "dos/api/s3/checksum.h"

#include "base/check.h"
#include "proto/auth/base64.h"

#include <string.h>

static const struct row {
    const char *header;
    bool is_crc;
    unsigned kind;
} rows[] = {
#define IS_CRC             true
#define IS_DIGEST          false
#define X(name, how, kind) {"x-amz-checksum-" name, IS_##how, kind},
    S3_CHECKSUMS(X)
#undef X
};

void s3_checksum_open(struct s3_checksum *c, const struct request *r)
{
    *c = (struct s3_checksum){0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows && c->header == NULL; i++) {
        const char *value = request_header(r, rows[i].header);
        if (value == NULL)
            continue;
        *c = (struct s3_checksum){
            .header = rows[i].header, .value = value, .is_crc = rows[i].is_crc};
        if (c->is_crc)
            dos_crc_open(&c->crc, (enum dos_crc_kind)rows[i].kind);
        else
            digest_open(&c->digest, (enum digest_kind)rows[i].kind);
    }
}

void s3_checksum_update(struct s3_checksum *c, const void *data, size_t len)
{
    if (c->header == NULL)
        return;
    if (c->is_crc)
        dos_crc_update(&c->crc, data, len);
    else
        digest_update(&c->digest, data, len);
}

enum err_code s3_checksum_check(struct s3_checksum *c, struct err *err)
{
    unsigned char have[DIGEST_MAX_SIZE];
    CLEANUP(buf_fini) struct buf given = {0};
    size_t len;
    if (c->header == NULL)
        return ERR_OK;
    if (c->is_crc) {
        len = dos_crc_finish(&c->crc, have);
    } else {
        len = c->digest.kind == DIGEST_SHA1 ? DIGEST_SHA1_SIZE : DIGEST_SHA256_SIZE;
        digest_finish(&c->digest, have);
    }
    if (!base64_decode(&given, c->value, strlen(c->value)) || given.len != len)
        return err_set(err, ERR_INVALID_DIGEST, "Value for %s header is invalid", c->header);
    if (!digest_equal(given.data, have, len))
        return err_set(err, ERR_BAD_DIGEST, "The %s you specified did not match what we received",
                       c->header);
    return ERR_OK;
}

void s3_checksum_fini(struct s3_checksum *c)
{
    digest_fini(&c->digest);
}
