/* xml.c - the escaping writer. */
#include "cloud-manager/api/xml.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

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

#define NO_CHAR "\xef\xbf\xbd" /* U+FFFD */

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
        return c < 0x20 && c != '\n' && c != '\t' ? NO_CHAR : NULL;
    }
}

/* The same of what begins with a byte above 0x7f: NULL for a Char of XML (1.0, section 2.2), of
 * which U+FFFE and U+FFFF are none. `*len` is how much of `text` it is about. */
static const char *escape_of_wide(const char *text, size_t left, size_t *len)
{
    *len = utf8_len(text, left);
    if (*len == 0) {
        *len = 1;
        return NO_CHAR;
    }
    bool is_none = *len == 3 && memcmp(text, "\xef\xbf", 2) == 0 && (text[2] & 0x3f) >= 0x3e;
    return is_none ? NO_CHAR : NULL;
}

static void escape(struct buf *out, const char *text)
{
    const char *run = text, *end = text + strlen(text);
    for (size_t len = 1; text < end; text += len, len = 1) {
        unsigned char c = (unsigned char)*text;
        const char *instead = c < 0x80 ? escape_of(c)
                                       : escape_of_wide(text, (size_t)(end - text), &len);
        if (instead == NULL)
            continue;
        buf_append(out, run, (size_t)(text - run));
        buf_text(out, instead);
        run = text + len;
    }
    buf_append(out, run, (size_t)(text - run));
}

/* Nothing to escape: how long it is. */
static bool is_plain(const char *text, size_t *len)
{
    const char *at = text;
    while ((unsigned char)*at >= 0x20 && (unsigned char)*at < 0x7f && *at != '<' && *at != '>' &&
           *at != '&')
        at++;
    *len = (size_t)(at - text);
    return *at == '\0';
}

static char *put(char *to, const char *text, size_t len)
{
    memcpy(to, text, len);
    return to + len;
}

/* <name>text</name>: nearly all of an answer, so its room is asked for once. */
static void write_plain(struct buf *out, const char *name, const char *text, size_t len)
{
    size_t name_len = strlen(name);
    char *to = buf_extend(out, 2 * name_len + len + sizeof "<></>" - 1);
    to = put(put(to, "<", 1), name, name_len);
    to = put(put(to, ">", 1), text, len);
    to = put(put(to, "</", 2), name, name_len);
    *to = '>';
}

void cloud_xml_text(struct cloud_xml *x, const char *name, const char *text)
{
    if (x->tree != NULL) {
        cloud_tree_text(x->tree, name, text);
        return;
    }
    size_t len;
    if (is_plain(text, &len)) {
        write_plain(x->out, name, text, len);
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
