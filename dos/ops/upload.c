/* upload.c - operations on multipart uploads. An upload is invisible until it is complete; then
 * its parts are the object, without a copy. */
#include "dos/store/upload.h"

#include "base/check.h"
#include "base/str.h"
#include "dos/ops/ops.h"
#include "dos/store/object.h"
#include "dos/store/part.h"
#include "proto/auth/digest.h"

#include <stdio.h>
#include <string.h>

enum { PART_LEAST_BYTES = 5 << 20 }; /* of every part but the last */

static enum err_code no_upload(struct dos_call *c)
{
    return err_set(c->err, ERR_NO_SUCH_UPLOAD, "The specified upload does not exist");
}

static bool find(struct dos_call *c, struct buf *headers)
{
    return dos_upload_find(c->core->store, c->op->upload, c->op->bucket, c->op->key, headers);
}

enum err_code dos_create_upload(struct dos_call *c)
{
    unsigned char random[(DOS_REF_SIZE - 1) / 2];
    struct dos_upload row = {.bucket = c->op->bucket,
                             .key = c->op->key,
                             .headers = c->op->put.headers,
                             .created_ms = c->event->at.wall_ms};
    c->core->rng->fill(c->core->rng->self, random, sizeof random);
    str_hex(row.id, random, sizeof random);
    dos_upload_insert(c->core->store, &row);
    dos_pack_text(c->fields, row.id);
    return ERR_OK;
}

enum err_code dos_put_part(struct dos_call *c)
{
    const struct dos_put *put = &c->op->put;
    PRE(c->op->part >= 1 && c->op->part <= DOS_PART_MAX && put->body.kind == DOS_BODY_FILE);
    if (!find(c, NULL))
        return no_upload(c);
    struct dos_part_row row = {.number = c->op->part,
                               .size_bytes = put->body.size_bytes,
                               .modified_ms = c->event->at.wall_ms};
    INV(str_copy(row.ref, sizeof row.ref, put->body.ref));
    INV(str_copy(row.etag, sizeof row.etag, put->etag));
    dos_part_put(c->core->store, c->op->upload, &row, c->event->now_ms);
    return ERR_OK;
}

/* An upload being completed. */
struct sum {
    struct digest md5;
    int64_t size_bytes;
    int64_t last_number;
};

static enum err_code add_part(struct dos_call *c, struct sum *sum, const struct dos_part *want,
                              bool is_last)
{
    struct dos_part_row row;
    unsigned char md5[DIGEST_MD5_SIZE];
    INV(want->number > sum->last_number);
    if (!dos_part_find(c->core->store, c->op->upload, want->number, &row) ||
        !str_eq(row.etag, want->etag))
        return err_set(c->err, ERR_INVALID_PART, "Part %lld was not found or has another ETag",
                       (long long)want->number);
    if (!is_last && row.size_bytes < PART_LEAST_BYTES)
        return err_set(c->err, ERR_ENTITY_TOO_SMALL,
                       "Part %lld is smaller than the least allowed size of 5 MiB",
                       (long long)want->number);
    INV(str_unhex(md5, sizeof md5, row.etag));
    digest_update(&sum->md5, md5, sizeof md5);
    dos_part_set_start(c->core->store, c->op->upload, want->number, sum->size_bytes);
    sum->size_bytes += row.size_bytes;
    /* What was uploaded and is not named belongs to nothing. */
    dos_part_drop_between(c->core->store, c->op->upload, sum->last_number, want->number,
                          c->event->now_ms);
    sum->last_number = want->number;
    return ERR_OK;
}

static enum err_code check_order(const struct dos_call *c)
{
    const struct dos_part *parts = c->op->complete.parts;
    if (c->op->complete.len == 0)
        return err_set(c->err, ERR_MALFORMED_XML, "The list of parts is empty");
    for (size_t i = 1; i < c->op->complete.len; i++)
        if (parts[i].number <= parts[i - 1].number)
            return err_set(c->err, ERR_PART_ORDER, "The list of parts was not in ascending order");
    return ERR_OK;
}

static enum err_code add_parts(struct dos_call *c, struct sum *sum)
{
    size_t len = c->op->complete.len;
    if (check_order(c) != ERR_OK)
        return c->err->code;
    for (size_t i = 0; i < len; i++) {
        enum err_code code = add_part(c, sum, &c->op->complete.parts[i], i == len - 1);
        if (code != ERR_OK)
            return code;
    }
    dos_part_drop_between(c->core->store, c->op->upload, sum->last_number, DOS_PART_MAX + 1,
                          c->event->now_ms);
    return ERR_OK;
}

/* The answer was lost and the client asks again: the object is the upload already. */
static enum err_code complete_again(struct dos_call *c)
{
    struct dos_object object;
    if (!dos_object_find(c->core->store, c->op->bucket, c->op->key, &object, NULL) ||
        object.kind != DOS_BODY_PARTS || !str_eq(object.ref, c->op->upload))
        return no_upload(c);
    dos_pack_text(c->fields, object.etag);
    return ERR_OK;
}

enum err_code dos_complete_upload(struct dos_call *c)
{
    CLEANUP(buf_fini) struct buf headers = {0};
    struct sum sum = {0};
    if (!find(c, &headers))
        return complete_again(c);
    digest_open(&sum.md5, DIGEST_MD5);
    enum err_code code = add_parts(c, &sum);
    if (code != ERR_OK) {
        digest_fini(&sum.md5);
        return code;
    }
    unsigned char md5[DIGEST_MD5_SIZE];
    char hex[DIGEST_MD5_HEX_SIZE], etag[DOS_ETAG_SIZE];
    digest_finish(&sum.md5, md5);
    str_hex(hex, md5, sizeof md5);
    snprintf(etag, sizeof etag, "%s-%zu", hex, c->op->complete.len);
    struct dos_put put = {
        .body = {.kind = DOS_BODY_PARTS, .ref = c->op->upload, .size_bytes = sum.size_bytes},
        .etag = etag,
        .headers = buf_str(&headers)};
    dos_object_put(c->core->store, c->op->bucket, c->op->key, &put, c->event->at.wall_ms,
                   c->event->now_ms);
    dos_upload_delete(c->core->store, c->op->upload);
    dos_pack_text(c->fields, etag);
    return ERR_OK;
}

enum err_code dos_abort_upload(struct dos_call *c)
{
    if (!find(c, NULL))
        return no_upload(c);
    dos_part_drop_all(c->core->store, c->op->upload, c->event->now_ms);
    dos_upload_delete(c->core->store, c->op->upload);
    return ERR_OK;
}

enum err_code dos_list_parts(struct dos_call *c)
{
    CLEANUP(buf_fini) struct buf rows = {0};
    struct query q;
    struct dos_part_row row;
    int64_t count = 0;
    if (!find(c, NULL))
        return no_upload(c);
    dos_part_query(c->core->store, &q, c->op->upload, c->op->part);
    bool is_more = false;
    while (!is_more && query_next(&q)) {
        is_more = count++ == DOS_LIST_MAX;
        if (is_more)
            break;
        dos_part_read(&q, &row);
        dos_pack_i64(&rows, row.number);
        dos_pack_i64(&rows, row.size_bytes);
        dos_pack_text(&rows, row.etag);
        dos_pack_i64(&rows, row.modified_ms);
    }
    query_close(&q);
    dos_pack_i64(c->fields, is_more);
    buf_append(c->fields, buf_str(&rows), rows.len);
    return ERR_OK;
}

enum err_code dos_list_uploads(struct dos_call *c)
{
    CLEANUP(buf_fini) struct buf rows = {0};
    struct query q;
    int64_t count = 0;
    bool is_more = false;
    dos_upload_query(c->core->store, &q, c->op->bucket, c->op->upload);
    while (!is_more && query_next(&q)) {
        is_more = count++ == DOS_LIST_MAX;
        if (is_more)
            break;
        dos_pack_text(&rows, query_text(&q, 0));
        dos_pack_text(&rows, query_text(&q, 1));
        dos_pack_i64(&rows, query_i64(&q, 2));
    }
    query_close(&q);
    dos_pack_i64(c->fields, is_more);
    buf_append(c->fields, buf_str(&rows), rows.len);
    return ERR_OK;
}
