/* xml_write.c - escapes. Called for everything that goes into an answer. */
#include "dos/api/s3/xml.h"

#include <stdio.h>

static const char *escape(unsigned char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\r':
        return "&#13;";
    default:
        return NULL;
    }
}

void dos_xml_text(struct buf *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        const char *escaped = escape((unsigned char)*at);
        if (escaped != NULL)
            buf_text(out, escaped);
        else if ((unsigned char)*at < 0x20)
            buf_printf(out, "&#%d;", *at);
        else
            buf_char(out, *at);
    }
}

void dos_xml_element(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, "<%s>", name);
    dos_xml_text(out, text);
    buf_printf(out, "</%s>", name);
}

void dos_xml_element_i64(struct buf *out, const char *name, long long value)
{
    buf_printf(out, "<%s>%lld</%s>", name, value, name);
}

static bool is_plain(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~' || c == '/';
}

void dos_url_encode(struct buf *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (is_plain(*at))
            buf_char(out, *at);
        else
            buf_printf(out, "%%%02X", (unsigned)(unsigned char)*at);
    }
}
