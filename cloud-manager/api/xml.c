/* xml.c - the escaping writer. */
#include "cloud-manager/api/xml.h"

#include "base/check.h"
#include "base/clock.h"

void cloud_xml_init(struct cloud_xml *x, struct buf *out)
{
    *x = (struct cloud_xml){.out = out};
    buf_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
}

static void push(struct cloud_xml *x, const char *name)
{
    PRE(x->depth < CLOUD_XML_DEPTH);
    x->open[x->depth++] = name;
}

void cloud_xml_open(struct cloud_xml *x, const char *name)
{
    push(x, name);
    buf_printf(x->out, "<%s>", name);
}

void cloud_xml_open_ns(struct cloud_xml *x, const char *name, const char *xmlns)
{
    push(x, name);
    buf_printf(x->out, "<%s xmlns=\"%s\">", name, xmlns);
}

void cloud_xml_close(struct cloud_xml *x)
{
    PRE(x->depth > 0);
    buf_printf(x->out, "</%s>", x->open[--x->depth]);
}

void cloud_xml_close_to(struct cloud_xml *x, int depth)
{
    while (x->depth > depth)
        cloud_xml_close(x);
}

static void escape(struct buf *out, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '<')
            buf_text(out, "&lt;");
        else if (c == '>')
            buf_text(out, "&gt;");
        else if (c == '&')
            buf_text(out, "&amp;");
        else if (c == '\r')
            buf_text(out, "&#13;");
        else if (c < 0x20 && c != '\n' && c != '\t')
            buf_text(out, "\xef\xbf\xbd");
        else
            buf_char(out, *p);
    }
}

void cloud_xml_text(struct cloud_xml *x, const char *name, const char *text)
{
    buf_printf(x->out, "<%s>", name);
    escape(x->out, text);
    buf_printf(x->out, "</%s>", name);
}

void cloud_xml_text_if(struct cloud_xml *x, const char *name, const char *text)
{
    if (*text != '\0')
        cloud_xml_text(x, name, text);
}

void cloud_xml_i64(struct cloud_xml *x, const char *name, int64_t number)
{
    buf_printf(x->out, "<%s>%lld</%s>", name, (long long)number, name);
}

void cloud_xml_bool(struct cloud_xml *x, const char *name, bool value)
{
    cloud_xml_text(x, name, value ? "true" : "false");
}

void cloud_xml_time(struct cloud_xml *x, const char *name, int64_t wall_ms)
{
    char text[CLOCK_ISO_SIZE];
    clock_format_iso(text, wall_ms);
    cloud_xml_text(x, name, text);
}
