/* xml.c - writes XML; see xml.h. */
#include "computer-manager/hypervisor/xml.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static void escaped(struct buf *out, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'' || c == '\t' || c == '\n' ||
            c == '\r')
            buf_printf(out, "&#%u;", c);
        else
            buf_char(out, c < ' ' || c >= 0x7f ? '?' : *p);
    }
}

static void end_tag_start(struct host_xml *x)
{
    if (x->in_tag)
        buf_char(x->out, '>');
    x->in_tag = false;
}

void host_xml_open(struct host_xml *x, const char *name)
{
    PRE(x->depth < HOST_XML_DEPTH);
    end_tag_start(x);
    buf_printf(x->out, "<%s", name);
    x->open[x->depth++] = name;
    x->in_tag = true;
}

void host_xml_attr(struct host_xml *x, const char *name, const char *value)
{
    PRE(x->in_tag && value != NULL);
    buf_printf(x->out, " %s=\"", name);
    escaped(x->out, value);
    buf_char(x->out, '"');
}

void host_xml_attr_i64(struct host_xml *x, const char *name, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    host_xml_attr(x, name, text);
}

void host_xml_text(struct host_xml *x, const char *text)
{
    PRE(x->depth > 0);
    end_tag_start(x);
    escaped(x->out, text);
}

void host_xml_close(struct host_xml *x)
{
    PRE(x->depth > 0);
    x->depth--;
    if (x->in_tag)
        buf_text(x->out, "/>");
    else
        buf_printf(x->out, "</%s>", x->open[x->depth]);
    x->in_tag = false;
}

void host_xml_leaf(struct host_xml *x, const char *name, ...)
{
    host_xml_open(x, name);
    va_list args;
    va_start(args, name);
    for (const char *key; (key = va_arg(args, const char *)) != NULL;)
        host_xml_attr(x, key, va_arg(args, const char *));
    va_end(args);
    host_xml_close(x);
}

void host_xml_item(struct host_xml *x, const char *name, const char *text)
{
    host_xml_open(x, name);
    host_xml_text(x, text);
    host_xml_close(x);
}
