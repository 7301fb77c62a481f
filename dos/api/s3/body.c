/* body.c - bodies on their way in. Called by pool threads, one at a time for each body. */
#include "dos/api/s3/body.h"

#include "base/check.h"
#include "base/str.h"

#include <string.h>

void s3_body_open(struct s3_body *b, const struct dos_bodies *bodies,
                  const struct s3_body_plan *plan, const struct request *request)
{
    *b = (struct s3_body){.bodies = bodies,
                          .kind = plan->kind,
                          .limit_bytes = plan->limit_bytes,
                          .is_md5_wanted = plan->is_md5_wanted};
    digest_open(&b->sha256, DIGEST_SHA256);
    if (b->is_md5_wanted)
        digest_open(&b->md5, DIGEST_MD5);
    s3_checksum_open(&b->checksum, request);
    bool is_file = b->kind == S3_BODY_PART ||
                   (b->kind == S3_BODY_OBJECT && plan->length > DOS_INLINE_MAX);
    if (is_file)
        bodies->begin(bodies->self, &b->file, &b->err);
}

/* It has outgrown memory. */
static enum err_code spill(struct s3_body *b)
{
    if (b->bodies->begin(b->bodies->self, &b->file, &b->err) == ERR_OK)
        b->bodies->write(b->bodies->self, &b->file, b->memory.data, b->memory.len, &b->err);
    buf_clear(&b->memory);
    return b->err.code;
}

static enum err_code put(struct s3_body *b, const void *data, size_t len)
{
    if (b->kind == S3_BODY_OBJECT && !b->file.is_open && b->memory.len + len > DOS_INLINE_MAX &&
        spill(b) != ERR_OK)
        return b->err.code;
    if (b->file.is_open)
        return b->bodies->write(b->bodies->self, &b->file, data, len, &b->err);
    buf_append(&b->memory, data, len);
    return ERR_OK;
}

void s3_body_take(struct s3_body *b, const void *data, size_t len)
{
    if (b->err.code != ERR_OK || len == 0)
        return;
    b->size_bytes += (int64_t)len;
    if (b->kind == S3_BODY_NONE || (b->kind == S3_BODY_XML && b->size_bytes > S3_XML_MAX)) {
        err_set(&b->err, ERR_MALFORMED_XML, "The body is longer than this request can have");
        return;
    }
    if (b->size_bytes > b->limit_bytes) {
        err_set(&b->err, ERR_OBJECT_TOO_LARGE, "Your proposed upload exceeds the maximum size");
        return;
    }
    digest_update(&b->sha256, data, len);
    if (b->is_md5_wanted)
        digest_update(&b->md5, data, len);
    s3_checksum_update(&b->checksum, data, len);
    put(b, data, len);
}

enum err_code s3_body_end(struct s3_body *b, struct err *err)
{
    if (b->err.code != ERR_OK)
        return err_set(err, b->err.code, "%s", b->err.text);
    unsigned char sha256[DIGEST_SHA256_SIZE];
    digest_finish(&b->sha256, sha256);
    str_hex(b->sha256_hex, sha256, sizeof sha256);
    if (b->is_md5_wanted) {
        digest_finish(&b->md5, b->md5_bytes);
        str_hex(b->md5_hex, b->md5_bytes, sizeof b->md5_bytes);
    }
    return s3_checksum_check(&b->checksum, err);
}

enum err_code s3_body_keep(struct s3_body *b, struct dos_body *body, struct err *err)
{
    *body = (struct dos_body){
        .kind = DOS_BODY_INLINE, .ref = "", .bytes = b->memory.data, .size_bytes = b->size_bytes};
    if (!b->file.is_open)
        return ERR_OK;
    /* The temporary name is random enough to be the name for good. */
    INV(str_copy(b->ref, sizeof b->ref, b->file.name));
    *body = (struct dos_body){.kind = DOS_BODY_FILE, .ref = b->ref, .size_bytes = b->size_bytes};
    return b->bodies->keep(b->bodies->self, &b->file, DOS_FOLDER_OBJECTS, b->ref, err);
}

void s3_body_fini(struct s3_body *b)
{
    if (b->bodies != NULL)
        b->bodies->drop(b->bodies->self, &b->file);
    digest_fini(&b->sha256);
    digest_fini(&b->md5);
    s3_checksum_fini(&b->checksum);
    buf_fini(&b->memory);
}
