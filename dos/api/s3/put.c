/* put.c - PutObject, DeleteObject and DeleteObjects. */
#include "dos/api/s3/exchange.h"

#include "base/check.h"
#include "base/str.h"
#include "dos/api/s3/headers.h"
#include "dos/api/s3/xml.h"
#include "dos/model/name.h"

#include <string.h>

enum err_code s3_put_object_ask(struct s3_exchange *x, struct err *err)
{
    struct dos_put *put = &x->ask.op.put;
    CLEANUP(buf_fini) struct buf headers = {0};
    const char *none = request_header(x->request, "if-none-match");
    x->ask.op.kind = DOS_OP_PUT_OBJECT;
    if (request_header(x->request, "if-match") != NULL || (none != NULL && !str_eq(none, "*")))
        return err_set(err, ERR_NOT_IMPLEMENTED,
                       "a conditional PUT other than If-None-Match: * is not implemented");
    if (s3_headers_collect(&headers, x->request, err) != ERR_OK ||
        s3_body_keep(&x->body, &put->body, err) != ERR_OK)
        return err->code;
    put->etag = x->body.md5_hex;
    put->headers = arena_strdup(&x->arena, buf_str(&headers));
    put->if_absent = none != NULL;
    return ERR_OK;
}

void s3_put_object_answer(struct s3_exchange *x, struct dos_unpack *fields)
{
    (void)fields;
    const struct header etag = {"ETag", arena_printf(&x->arena, "\"%s\"", x->body.md5_hex)};
    s3_reply_empty(x, 200, &etag, 1);
}

enum err_code s3_delete_object_ask(struct s3_exchange *x, struct err *err)
{
    (void)err;
    const char **keys = arena_alloc(&x->arena, sizeof *keys);
    keys[0] = x->target.key;
    x->ask.op.kind = DOS_OP_DELETE_OBJECTS;
    x->ask.op.remove.keys = keys;
    x->ask.op.remove.len = 1;
    return ERR_OK;
}

void s3_delete_object_answer(struct s3_exchange *x, struct dos_unpack *fields)
{
    (void)fields;
    s3_reply_empty(x, 204, NULL, 0);
}

static bool is_key(const struct buf *text)
{
    return text->len > 0 && text->len < DOS_KEY_SIZE && dos_name_is_utf8(text->data, text->len);
}

/* <Delete><Object><Key/></Object>...<Quiet/></Delete> */
static enum dos_xml_event read_keys(struct s3_exchange *x, struct dos_xml *xml, const char **keys,
                                    size_t *len)
{
    enum dos_xml_event ev;
    while ((ev = dos_xml_next(xml)) != DOS_XML_END && ev != DOS_XML_BAD) {
        if (ev != DOS_XML_CLOSE || xml->depth != 3 || !str_eq(xml->name, "Key"))
            continue;
        if (*len == DOS_LIST_MAX || !is_key(&xml->text))
            return DOS_XML_BAD;
        keys[(*len)++] = arena_strndup(&x->arena, xml->text.data, xml->text.len);
    }
    return ev;
}

enum err_code s3_delete_objects_ask(struct s3_exchange *x, struct err *err)
{
    const char *text = buf_str(&x->body.memory);
    struct dos_xml xml = {.at = text, .end = text + x->body.memory.len};
    const char **keys = arena_alloc(&x->arena, DOS_LIST_MAX * sizeof *keys);
    size_t len = 0;
    enum dos_xml_event end = read_keys(x, &xml, keys, &len);
    dos_xml_fini(&xml);
    if (end != DOS_XML_END || len == 0)
        return err_set(err, ERR_MALFORMED_XML,
                       "The XML you provided was not well-formed or names no or too many keys");
    x->ask.op.kind = DOS_OP_DELETE_OBJECTS;
    x->ask.op.remove.keys = keys;
    x->ask.op.remove.len = len;
    return ERR_OK;
}

static bool is_quiet(const struct s3_exchange *x)
{
    const char *text = buf_str(&x->body.memory);
    struct dos_xml xml = {.at = text, .end = text + x->body.memory.len};
    enum dos_xml_event ev;
    bool quiet = false;
    while ((ev = dos_xml_next(&xml)) != DOS_XML_END && ev != DOS_XML_BAD)
        if (ev == DOS_XML_CLOSE && xml.depth == 2 && str_eq(xml.name, "Quiet"))
            quiet = str_eq(buf_str(&xml.text), "true");
    dos_xml_fini(&xml);
    return quiet;
}

/* A key that did not exist counts as deleted (S3 API reference, "DeleteObjects"). */
void s3_delete_objects_answer(struct s3_exchange *x, struct dos_unpack *fields)
{
    (void)fields;
    CLEANUP(buf_fini) struct buf xml = {0};
    s3_xml_begin(&xml, "DeleteResult");
    bool quiet = is_quiet(x);
    for (size_t i = 0; i < x->ask.op.remove.len && !quiet; i++) {
        buf_text(&xml, "<Deleted>");
        dos_xml_element(&xml, "Key", x->ask.op.remove.keys[i]);
        buf_text(&xml, "</Deleted>");
    }
    buf_text(&xml, "</DeleteResult>");
    s3_reply_xml(x, &xml);
}
