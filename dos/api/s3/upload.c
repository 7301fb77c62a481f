/* upload.c - S3 actions on multipart uploads. */
#include "dos/api/s3/exchange.h"

#include "base/check.h"
#include "base/str.h"
#include "dos/api/s3/headers.h"
#include "dos/api/s3/xml.h"
#include "dos/model/name.h"

#include <string.h>

/* The uploadId of the query; one that we cannot have made is simply not there. */
static enum err_code set_upload(struct s3_exchange *x, enum dos_op_kind kind, struct err *err)
{
    const char *id = s3_target_param(&x->target, "uploadId");
    x->ask.op.kind = kind;
    if (id == NULL || !dos_name_is_hex(id, DOS_REF_SIZE - 1))
        return err_set(err, ERR_NO_SUCH_UPLOAD, "The specified upload does not exist");
    x->ask.op.upload = id;
    return ERR_OK;
}

enum err_code s3_create_upload_ask(struct s3_exchange *x, struct err *err)
{
    CLEANUP(buf_fini) struct buf headers = {0};
    x->ask.op.kind = DOS_OP_CREATE_UPLOAD;
    if (s3_headers_collect(&headers, x->request, err) != ERR_OK)
        return err->code;
    x->ask.op.put.headers = arena_strdup(&x->arena, buf_str(&headers));
    return ERR_OK;
}

static void begin_result(struct buf *xml, const struct s3_exchange *x, const char *name)
{
    s3_xml_begin(xml, name);
    dos_xml_element(xml, "Bucket", x->target.bucket);
    dos_xml_element(xml, "Key", x->target.key);
}

void s3_create_upload_answer(struct s3_exchange *x, struct dos_unpack *fields)
{
    CLEANUP(buf_fini) struct buf xml = {0};
    begin_result(&xml, x, "InitiateMultipartUploadResult");
    dos_xml_element(&xml, "UploadId", dos_unpack_text(fields));
    buf_text(&xml, "</InitiateMultipartUploadResult>");
    s3_reply_xml(x, &xml);
}

enum err_code s3_upload_part_ask(struct s3_exchange *x, struct err *err)
{
    const char *number = s3_target_param(&x->target, "partNumber");
    if (set_upload(x, DOS_OP_PUT_PART, err) != ERR_OK)
        return err->code;
    if (number == NULL || !str_parse_i64(number, 1, DOS_PART_MAX, &x->ask.op.part))
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Part number must be an integer between 1 and 10000, inclusive");
    x->ask.op.put.etag = x->body.md5_hex;
    x->ask.op.put.headers = "";
    return s3_body_keep(&x->body, &x->ask.op.put.body, err);
}

void s3_upload_part_answer(struct s3_exchange *x, struct dos_unpack *fields)
{
    s3_put_object_answer(x, fields);
}

/* An ETag may come with its quotes, or with &quot; which the parser has resolved. */
static const char *unquote(struct s3_exchange *x, const struct buf *text)
{
    const char *at = buf_str(text);
    size_t len = text->len;
    if (len >= 2 && at[0] == '"' && at[len - 1] == '"')
        return arena_strndup(&x->arena, at + 1, len - 2);
    return arena_strndup(&x->arena, at, len);
}

/* <CompleteMultipartUpload><Part><PartNumber/><ETag/></Part>... */
static enum dos_xml_event read_parts(struct s3_exchange *x, struct dos_xml *xml,
                                     struct dos_part *parts, size_t *len)
{
    enum dos_xml_event ev;
    struct dos_part part = {.etag = ""};
    while ((ev = dos_xml_next(xml)) != DOS_XML_END && ev != DOS_XML_BAD) {
        if (ev == DOS_XML_OPEN && xml->depth == 2)
            part = (struct dos_part){.etag = ""};
        if (ev != DOS_XML_CLOSE)
            continue;
        if (xml->depth == 3 && str_eq(xml->name, "PartNumber") &&
            !str_parse_i64(buf_str(&xml->text), 1, DOS_PART_MAX, &part.number))
            return DOS_XML_BAD;
        if (xml->depth == 3 && str_eq(xml->name, "ETag"))
            part.etag = unquote(x, &xml->text);
        if (xml->depth == 2 && (*len == DOS_PART_MAX || part.number == 0))
            return DOS_XML_BAD;
        if (xml->depth == 2)
            parts[(*len)++] = part;
    }
    return ev;
}

enum err_code s3_complete_upload_ask(struct s3_exchange *x, struct err *err)
{
    const char *text = buf_str(&x->body.memory);
    struct dos_xml xml = {.at = text, .end = text + x->body.memory.len};
    size_t len = 0;
    if (set_upload(x, DOS_OP_COMPLETE_UPLOAD, err) != ERR_OK)
        return err->code;
    struct dos_part *parts = arena_alloc(&x->arena, DOS_PART_MAX * sizeof *parts);
    enum dos_xml_event end = read_parts(x, &xml, parts, &len);
    dos_xml_fini(&xml);
    if (end != DOS_XML_END || len == 0)
        return err_set(err, ERR_MALFORMED_XML, "The XML you provided was not well-formed");
    x->ask.op.complete.parts = parts;
    x->ask.op.complete.len = len;
    return ERR_OK;
}

void s3_complete_upload_answer(struct s3_exchange *x, struct dos_unpack *fields)
{
    CLEANUP(buf_fini) struct buf xml = {0};
    s3_xml_begin(&xml, "CompleteMultipartUploadResult");
    buf_text(&xml, "<Location>/");
    dos_xml_text(&xml, x->target.bucket);
    buf_char(&xml, '/');
    dos_xml_text(&xml, x->target.key);
    buf_text(&xml, "</Location>");
    dos_xml_element(&xml, "Bucket", x->target.bucket);
    dos_xml_element(&xml, "Key", x->target.key);
    s3_xml_etag(&xml, dos_unpack_text(fields));
    buf_text(&xml, "</CompleteMultipartUploadResult>");
    s3_reply_xml(x, &xml);
}

enum err_code s3_abort_upload_ask(struct s3_exchange *x, struct err *err)
{
    return set_upload(x, DOS_OP_ABORT_UPLOAD, err);
}

void s3_abort_upload_answer(struct s3_exchange *x, struct dos_unpack *fields)
{
    (void)fields;
    s3_reply_empty(x, 204, NULL, 0);
}

enum err_code s3_list_parts_ask(struct s3_exchange *x, struct err *err)
{
    const char *after = s3_target_param(&x->target, "part-number-marker");
    if (after != NULL && *after != '\0' && !str_parse_i64(after, 0, DOS_PART_MAX, &x->ask.op.part))
        return err_set(err, ERR_INVALID_PARAMETER, "part-number-marker is not a part number");
    return set_upload(x, DOS_OP_LIST_PARTS, err);
}

void s3_list_parts_answer(struct s3_exchange *x, struct dos_unpack *fields)
{
    CLEANUP(buf_fini) struct buf xml = {0};
    CLEANUP(buf_fini) struct buf rows = {0};
    int64_t number = 0;
    bool is_more = dos_unpack_i64(fields) != 0;
    while (dos_unpack_more(fields)) {
        number = dos_unpack_i64(fields);
        int64_t size = dos_unpack_i64(fields);
        buf_text(&rows, "<Part>");
        dos_xml_element_i64(&rows, "PartNumber", number);
        s3_xml_etag(&rows, dos_unpack_text(fields));
        s3_xml_time(&rows, "LastModified", dos_unpack_i64(fields));
        dos_xml_element_i64(&rows, "Size", size);
        buf_text(&rows, "</Part>");
    }
    begin_result(&xml, x, "ListPartsResult");
    dos_xml_element(&xml, "UploadId", x->ask.op.upload);
    dos_xml_element(&xml, "StorageClass", "STANDARD");
    dos_xml_element_i64(&xml, "PartNumberMarker", x->ask.op.part);
    if (is_more)
        dos_xml_element_i64(&xml, "NextPartNumberMarker", number);
    dos_xml_element_i64(&xml, "MaxParts", DOS_LIST_MAX);
    dos_xml_element(&xml, "IsTruncated", is_more ? "true" : "false");
    buf_append(&xml, buf_str(&rows), rows.len);
    buf_text(&xml, "</ListPartsResult>");
    s3_reply_xml(x, &xml);
}

enum err_code s3_list_uploads_ask(struct s3_exchange *x, struct err *err)
{
    const char *prefix = s3_target_param(&x->target, "prefix");
    const char *delimiter = s3_target_param(&x->target, "delimiter");
    const char *marker = s3_target_param(&x->target, "upload-id-marker");
    x->ask.op.kind = DOS_OP_LIST_UPLOADS;
    if ((prefix != NULL && *prefix != '\0') || (delimiter != NULL && *delimiter != '\0'))
        return err_set(err, ERR_NOT_IMPLEMENTED,
                       "prefix and delimiter of ListMultipartUploads are not implemented");
    x->ask.op.upload = marker != NULL ? marker : "";
    return ERR_OK;
}

void s3_list_uploads_answer(struct s3_exchange *x, struct dos_unpack *fields)
{
    CLEANUP(buf_fini) struct buf xml = {0};
    CLEANUP(buf_fini) struct buf rows = {0};
    const char *id = "", *key = "";
    bool is_more = dos_unpack_i64(fields) != 0;
    while (dos_unpack_more(fields)) {
        id = dos_unpack_text(fields);
        key = dos_unpack_text(fields);
        buf_text(&rows, "<Upload>");
        dos_xml_element(&rows, "Key", key);
        dos_xml_element(&rows, "UploadId", id);
        dos_xml_element(&rows, "StorageClass", "STANDARD");
        s3_xml_time(&rows, "Initiated", dos_unpack_i64(fields));
        buf_text(&rows, "</Upload>");
    }
    s3_xml_begin(&xml, "ListMultipartUploadsResult");
    dos_xml_element(&xml, "Bucket", x->target.bucket);
    dos_xml_element(&xml, "UploadIdMarker", x->ask.op.upload);
    if (is_more) {
        dos_xml_element(&xml, "NextKeyMarker", key);
        dos_xml_element(&xml, "NextUploadIdMarker", id);
    }
    dos_xml_element_i64(&xml, "MaxUploads", DOS_LIST_MAX);
    dos_xml_element(&xml, "IsTruncated", is_more ? "true" : "false");
    buf_append(&xml, buf_str(&rows), rows.len);
    buf_text(&xml, "</ListMultipartUploadsResult>");
    s3_reply_xml(x, &xml);
}
