/* bucket.c - S3 actions on buckets. */
#include "dos/api/s3/exchange.h"

#include "base/check.h"
#include "base/str.h"
#include "dos/api/s3/xml.h"
#include "dos/model/name.h"

enum err_code s3_list_buckets_ask(struct s3_exchange *x, struct err *err)
{
    (void)err;
    x->ask.op.kind = DOS_OP_LIST_BUCKETS;
    return ERR_OK;
}

void s3_list_buckets_answer(struct s3_exchange *x, struct dos_unpack *fields)
{
    CLEANUP(buf_fini) struct buf xml = {0};
    s3_xml_begin(&xml, "ListAllMyBucketsResult");
    buf_text(&xml, "<Owner>");
    dos_xml_element(&xml, "ID", x->account);
    dos_xml_element(&xml, "DisplayName", x->account);
    buf_text(&xml, "</Owner><Buckets>");
    while (dos_unpack_more(fields)) {
        buf_text(&xml, "<Bucket>");
        dos_xml_element(&xml, "Name", dos_unpack_text(fields));
        s3_xml_time(&xml, "CreationDate", dos_unpack_i64(fields));
        buf_text(&xml, "</Bucket>");
    }
    buf_text(&xml, "</Buckets></ListAllMyBucketsResult>");
    s3_reply_xml(x, &xml);
}

/* <CreateBucketConfiguration><LocationConstraint>region</...></...>, or nothing. */
static enum err_code check_location(const struct s3_exchange *x, struct err *err)
{
    struct dos_xml xml = {.at = buf_str(&x->body.memory),
                          .end = buf_str(&x->body.memory) + x->body.memory.len};
    enum err_code code = ERR_OK;
    enum dos_xml_event ev = DOS_XML_END;
    while (code == ERR_OK && x->body.memory.len > 0 && (ev = dos_xml_next(&xml)) != DOS_XML_END) {
        if (ev == DOS_XML_BAD)
            code = err_set(err, ERR_MALFORMED_XML, "The XML you provided was not well-formed");
        else if (ev == DOS_XML_CLOSE && xml.depth == 2 && str_eq(xml.name, "LocationConstraint") &&
                 xml.text.len > 0 && !str_eq(buf_str(&xml.text), x->s3->options.region))
            code = err_set(err, ERR_LOCATION, "This region is %s", x->s3->options.region);
        else if (ev == DOS_XML_OPEN && xml.depth == 2 && !str_eq(xml.name, "LocationConstraint"))
            code = err_set(err, ERR_NOT_IMPLEMENTED, "CreateBucketConfiguration.%s", xml.name);
    }
    dos_xml_fini(&xml);
    return code;
}

enum err_code s3_create_bucket_ask(struct s3_exchange *x, struct err *err)
{
    x->ask.op.kind = DOS_OP_CREATE_BUCKET;
    if (!dos_name_is_bucket(x->target.bucket))
        return err_set(err, ERR_BUCKET_NAME, "The specified bucket is not valid");
    return check_location(x, err);
}

void s3_create_bucket_answer(struct s3_exchange *x, struct dos_unpack *fields)
{
    (void)fields;
    const struct header location = {"Location", arena_printf(&x->arena, "/%s", x->target.bucket)};
    s3_reply_empty(x, 200, &location, 1);
}

enum err_code s3_head_bucket_ask(struct s3_exchange *x, struct err *err)
{
    (void)err;
    x->ask.op.kind = DOS_OP_HEAD_BUCKET;
    return ERR_OK;
}

void s3_head_bucket_answer(struct s3_exchange *x, struct dos_unpack *fields)
{
    (void)fields;
    const struct header region = {"x-amz-bucket-region", x->s3->options.region};
    s3_reply_empty(x, 200, &region, 1);
}

enum err_code s3_location_ask(struct s3_exchange *x, struct err *err)
{
    return s3_head_bucket_ask(x, err);
}

void s3_location_answer(struct s3_exchange *x, struct dos_unpack *fields)
{
    (void)fields;
    CLEANUP(buf_fini) struct buf xml = {0};
    s3_xml_begin(&xml, "LocationConstraint");
    /* This one region of AWS is the one without a name here. */
    if (!str_eq(x->s3->options.region, "us-east-1"))
        dos_xml_text(&xml, x->s3->options.region);
    buf_text(&xml, "</LocationConstraint>");
    s3_reply_xml(x, &xml);
}

enum err_code s3_delete_bucket_ask(struct s3_exchange *x, struct err *err)
{
    (void)err;
    x->ask.op.kind = DOS_OP_DELETE_BUCKET;
    return ERR_OK;
}

void s3_delete_bucket_answer(struct s3_exchange *x, struct dos_unpack *fields)
{
    (void)fields;
    s3_reply_empty(x, 204, NULL, 0);
}
