/* problem.c - errors, spelled. */
#include "cloud-manager/api/problem.h"

#include "cloud-manager/api/xml.h"
#include "proto/wire/wire.h"

const char *cloud_problem_message(const struct err *err)
{
    return err_row(err->code)->http == 500 && err->code != ERR_NO_CAPACITY
               ? "An internal error has occurred. Try again; the request id finds it in the log."
               : err->text;
}

void cloud_problem_ec2(struct buf *out, const struct err *err, const char *request_id)
{
    struct cloud_xml x;
    cloud_xml_init(&x, out);
    cloud_xml_open(&x, "Response");
    cloud_xml_open(&x, "Errors");
    cloud_xml_open(&x, "Error");
    cloud_xml_text(&x, "Code", err_row(err->code)->ec2);
    cloud_xml_text(&x, "Message", cloud_problem_message(err));
    cloud_xml_close(&x);
    cloud_xml_close(&x);
    cloud_xml_text(&x, "RequestID", request_id);
    cloud_xml_close(&x);
}

void cloud_problem_sts(struct buf *out, const struct err *err, const char *request_id)
{
    struct cloud_xml x;
    cloud_xml_init(&x, out);
    cloud_xml_open_ns(&x, "ErrorResponse", "https://sts.amazonaws.com/doc/2011-06-15/");
    cloud_xml_open(&x, "Error");
    cloud_xml_text(&x, "Type", err_row(err->code)->http < 500 ? "Sender" : "Receiver");
    cloud_xml_text(&x, "Code", err_row(err->code)->ec2);
    cloud_xml_text(&x, "Message", cloud_problem_message(err));
    cloud_xml_close(&x);
    cloud_xml_text(&x, "RequestId", request_id);
    cloud_xml_close(&x);
}

void cloud_problem_json(struct buf *out, const struct err *err, const char *request_id)
{
    const struct err_row *row = err_row(err->code);
    buf_text(out, "{\"type\":\"about:blank\",\"title\":");
    wire_quote(out, row->name);
    buf_printf(out, ",\"status\":%d,\"code\":", row->http);
    wire_quote(out, row->ec2);
    buf_text(out, ",\"detail\":");
    wire_quote(out, cloud_problem_message(err));
    buf_text(out, ",\"request_id\":");
    wire_quote(out, request_id);
    buf_char(out, '}');
}
