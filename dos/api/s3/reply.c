/* reply.c - answers of S3: documents, errors, nothing. Called from pool threads (refusals) and from
 * the loop thread (answers of the index). */
#include "dos/api/s3/exchange.h"

#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "dos/api/s3/xml.h"

#include <string.h>

enum { REPLY_HEADERS_MAX = 160 };

void s3_xml_begin(struct buf *out, const char *name)
{
    buf_printf(out,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
               "<%s xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">",
               name);
}

void s3_xml_time(struct buf *out, const char *name, int64_t wall_ms)
{
    char text[CLOCK_ISO_SIZE];
    clock_format_iso(text, wall_ms);
    dos_xml_element(out, name, text);
}

void s3_xml_etag(struct buf *out, const char *etag)
{
    buf_printf(out, "<ETag>&quot;%s&quot;</ETag>", etag);
}

/* Adds what every answer says. */
void s3_reply_send(struct s3_exchange *x, struct http_pool_reply *reply)
{
    struct header headers[REPLY_HEADERS_MAX];
    size_t len = reply->headers_len < REPLY_HEADERS_MAX - 2 ? reply->headers_len
                                                            : REPLY_HEADERS_MAX - 2;
    if (len > 0)
        memcpy(headers, reply->headers, len * sizeof *headers);
    headers[len++] = (struct header){"x-amz-request-id", x->request->trace};
    headers[len++] = (struct header){"x-amz-id-2", x->request->trace};
    reply->headers = headers;
    reply->headers_len = len;
    http_exchange_reply(x->http, reply);
}

void s3_reply_empty(struct s3_exchange *x, int status, const struct header *headers, size_t len)
{
    s3_reply_send(x, &(struct http_pool_reply){.status = status,
                                               .content_type = "",
                                               .headers = headers,
                                               .headers_len = len,
                                               .body = "",
                                               .fd = -1});
}

void s3_reply_xml(struct s3_exchange *x, const struct buf *xml)
{
    s3_reply_send(x, &(struct http_pool_reply){.status = 200,
                                               .content_type = "application/xml",
                                               .body = buf_str(xml),
                                               .body_len = xml->len,
                                               .fd = -1});
}

static void log_error_once(const struct s3_exchange *x, const struct err *err)
{
    static const enum log_level levels[] = {
        [ERR_LEVEL_INFO] = LOG_INFO, [ERR_LEVEL_WARN] = LOG_WARN, [ERR_LEVEL_ERROR] = LOG_ERROR};
    log_line(levels[err_row(err->code)->level], "s3.refused", "request", x->request->trace,
             "action", x->action != NULL ? x->action->name : x->request->method, "code",
             err_row(err->code)->name, "why", err->text, "remote", x->request->remote, NULL);
}

void s3_reply_error(struct s3_exchange *x, const struct err *err)
{
    const struct err_row *row = err_row(err->code);
    CLEANUP(buf_fini) struct buf xml = {0}, path = {0};
    /* Without the query, which may be a signature or a token. */
    buf_append(&path, x->request->target, strcspn(x->request->target, "?"));
    bool is_silent = str_eq(x->request->method, "HEAD") || row->http == 304;
    log_error_once(x, err);
    if (!is_silent) {
        buf_text(&xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
        dos_xml_element(&xml, "Code", *row->s3 != '\0' ? row->s3 : "InternalError");
        /* What went wrong inside is for the log. */
        dos_xml_element(&xml, "Message",
                        row->http == 500 ? "We encountered an internal error. "
                                           "Please try again."
                                         : err->text);
        dos_xml_element(&xml, "Resource", buf_str(&path));
        dos_xml_element(&xml, "RequestId", x->request->trace);
        dos_xml_element(&xml, "HostId", x->request->trace);
        buf_text(&xml, "</Error>");
    }
    s3_reply_send(x, &(struct http_pool_reply){.status = row->http,
                                               .content_type = "application/xml",
                                               .body = buf_str(&xml),
                                               .body_len = xml.len,
                                               .fd = -1});
}
