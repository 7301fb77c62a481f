/* xml.c - the escaping writer. */
#include "cloud-manager/api/xml.h"

#include "base/check.h"
#include "base/clock.h"

#include <stdio.h>

void cloud_xml_init(struct cloud_xml *x, struct buf *out)
{
    *x = (struct cloud_xml){.out = out};
    buf_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
}

void cloud_xml_init_tree(struct cloud_xml *x, struct cloud_tree *tree)
{
    *x = (struct cloud_xml){.tree = tree};
}

static void tag(struct buf *out, const char *begin, const char *name)
{
    buf_text(out, begin);
    buf_text(out, name);
    buf_char(out, '>');
}

static void push(struct cloud_xml *x, const char *name)
{
    PRE(x->depth < CLOUD_XML_DEPTH);
    x->open[x->depth++] = name;
}

void cloud_xml_open(struct cloud_xml *x, const char *name)
{
    push(x, name);
    if (x->tree != NULL)
        cloud_tree_open(x->tree, name);
    else
        tag(x->out, "<", name);
}

void cloud_xml_open_ns(struct cloud_xml *x, const char *name, const char *xmlns)
{
    push(x, name);
    buf_printf(x->out, "<%s xmlns=\"%s\">", name, xmlns);
}

void cloud_xml_close(struct cloud_xml *x)
{
    PRE(x->depth > 0);
    x->depth--;
    if (x->tree != NULL)
        cloud_tree_close(x->tree);
    else
        tag(x->out, "</", x->open[x->depth]);
}

void cloud_xml_close_to(struct cloud_xml *x, int depth)
{
    while (x->depth > depth)
        cloud_xml_close(x);
}

static const char *escape_of(unsigned char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '\r':
        return "&#13;";
    default:
        return c < 0x20 && c != '\n' && c != '\t' ? "\xef\xbf\xbd" : NULL;
    }
}

static void escape(struct buf *out, const char *text)
{
    const char *run = text;
    for (; *text != '\0'; text++) {
        const char *instead = escape_of((unsigned char)*text);
        if (instead == NULL)
            continue;
        buf_append(out, run, (size_t)(text - run));
        buf_text(out, instead);
        run = text + 1;
    }
    buf_append(out, run, (size_t)(text - run));
}

void cloud_xml_text(struct cloud_xml *x, const char *name, const char *text)
{
    if (x->tree != NULL) {
        cloud_tree_text(x->tree, name, text);
        return;
    }
    tag(x->out, "<", name);
    escape(x->out, text);
    tag(x->out, "</", name);
}

void cloud_xml_text_if(struct cloud_xml *x, const char *name, const char *text)
{
    if (*text != '\0')
        cloud_xml_text(x, name, text);
}

void cloud_xml_i64(struct cloud_xml *x, const char *name, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)number);
    cloud_xml_text(x, name, text);
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
