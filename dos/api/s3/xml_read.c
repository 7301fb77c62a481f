/* xml_read.c - a pull parser for what a tenant sends. Must never read beyond `end`, never recurse,
 * and never expand anything to more than it was. */
#include "dos/api/s3/xml.h"

#include "base/check.h"

#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_name_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == ':';
}

static enum dos_xml_event bad(struct dos_xml *x)
{
    x->is_bad = true;
    return DOS_XML_BAD;
}

static void skip_space(struct dos_xml *x)
{
    while (x->at < x->end && is_space(*x->at))
        x->at++;
}

static bool take(struct dos_xml *x, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(x->end - x->at) < len || memcmp(x->at, word, len) != 0)
        return false;
    x->at += len;
    return true;
}

/* A name; what is before ':' is cut off into the wind, but kept for matching the end tag. */
static size_t take_name(struct dos_xml *x, const char **name)
{
    *name = x->at;
    while (x->at < x->end && is_name_char(*x->at))
        x->at++;
    return (size_t)(x->at - *name);
}

static bool set_name(struct dos_xml *x, const char *name, size_t len)
{
    const char *colon = memchr(name, ':', len);
    size_t skip = colon != NULL ? (size_t)(colon - name) + 1 : 0;
    if (len == skip || len - skip >= sizeof x->name || memchr(name + skip, ':', len - skip) != NULL)
        return false;
    memcpy(x->name, name + skip, len - skip);
    x->name[len - skip] = '\0';
    return true;
}

/* Up to and with '>' or "/>"; false when there is something else. */
static bool skip_attributes(struct dos_xml *x)
{
    const char *name;
    for (;;) {
        skip_space(x);
        if (take(x, ">"))
            return true;
        if (take(x, "/>"))
            return x->is_closing = true;
        if (take_name(x, &name) == 0)
            return false;
        skip_space(x);
        if (!take(x, "="))
            return false;
        skip_space(x);
        char quote = x->at < x->end ? *x->at : '\0';
        const char *close = quote == '"' || quote == '\''
                                ? memchr(x->at + 1, quote, (size_t)(x->end - x->at) - 1)
                                : NULL;
        if (close == NULL || memchr(x->at, '<', (size_t)(close - x->at)) != NULL)
            return false;
        x->at = close + 1;
    }
}

static enum dos_xml_event open_element(struct dos_xml *x)
{
    const char *name;
    size_t len = take_name(x, &name);
    if (len == 0 || x->open == DOS_XML_DEPTH || (x->open == 0 && x->is_root_seen) ||
        !set_name(x, name, len) || !skip_attributes(x))
        return bad(x);
    x->names[x->open].name = name;
    x->names[x->open].len = len;
    x->depth = ++x->open;
    x->is_root_seen = true;
    buf_clear(&x->text);
    return DOS_XML_OPEN;
}

static enum dos_xml_event close_element(struct dos_xml *x, const char *name, size_t len)
{
    if (x->open == 0 || x->names[x->open - 1].len != len ||
        memcmp(x->names[x->open - 1].name, name, len) != 0 || !set_name(x, name, len))
        return bad(x);
    x->depth = x->open--;
    x->is_closed = true;
    return DOS_XML_CLOSE;
}

static void append_utf8(struct buf *out, unsigned long c)
{
    if (c < 0x80) {
        buf_char(out, (char)c);
    } else if (c < 0x800) {
        buf_char(out, (char)(0xc0 | c >> 6));
        buf_char(out, (char)(0x80 | (c & 0x3f)));
    } else {
        if (c < 0x10000) {
            buf_char(out, (char)(0xe0 | c >> 12));
        } else {
            buf_char(out, (char)(0xf0 | c >> 18));
            buf_char(out, (char)(0x80 | (c >> 12 & 0x3f)));
        }
        buf_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_char(out, (char)(0x80 | (c & 0x3f)));
    }
}

/* "#38;" or "#x26;", behind "&". */
static bool take_reference(struct dos_xml *x)
{
    unsigned long value = 0, base = take(x, "x") ? 16 : 10;
    int digits = 0;
    for (; x->at < x->end && *x->at != ';'; x->at++, digits++) {
        char c = *x->at;
        unsigned long digit = c >= '0' && c <= '9'   ? (unsigned long)(c - '0')
                              : c >= 'a' && c <= 'f' ? (unsigned long)(c - 'a') + 10
                              : c >= 'A' && c <= 'F' ? (unsigned long)(c - 'A') + 10
                                                     : 99;
        if (digit >= base || digits == 7)
            return false;
        value = value * base + digit;
    }
    if (digits == 0 || !take(x, ";") || value == 0 || value > 0x10ffff ||
        (value >= 0xd800 && value <= 0xdfff))
        return false;
    append_utf8(&x->text, value);
    return true;
}

static bool take_entity(struct dos_xml *x)
{
    static const struct {
        const char *name;
        char c;
    } five[] = {{"amp;", '&'}, {"lt;", '<'}, {"gt;", '>'}, {"quot;", '"'}, {"apos;", '\''}};
    if (take(x, "#"))
        return take_reference(x);
    for (size_t i = 0; i < sizeof five / sizeof *five; i++)
        if (take(x, five[i].name)) {
            buf_char(&x->text, five[i].c);
            return true;
        }
    return false;
}

/* Every end of a line is one line feed (XML 1.0, 2.11); a CR that is meant is written "&#13;". */
static char take_char(struct dos_xml *x)
{
    char c = *x->at++;
    if (c == '\r' && x->at < x->end && *x->at == '\n')
        x->at++;
    return c == '\r' ? '\n' : c;
}

/* Text up to the next '<'; outside of the root only blanks. */
static bool take_text(struct dos_xml *x)
{
    while (x->at < x->end && *x->at != '<') {
        if (x->open == 0 ? !is_space(*x->at) : *x->at == '\0')
            return false;
        char c = take_char(x);
        if (c != '&')
            buf_char(&x->text, c);
        else if (!take_entity(x))
            return false;
    }
    return true;
}

static bool skip_prolog(struct dos_xml *x)
{
    take(x, "\xef\xbb\xbf");
    if (!take(x, "<?xml"))
        return true;
    while (x->at < x->end && *x->at != '>')
        x->at++;
    return take(x, ">");
}

enum dos_xml_event dos_xml_next(struct dos_xml *x)
{
    const char *name;
    PRE(x->at <= x->end);
    if (x->is_bad)
        return DOS_XML_BAD;
    if (x->is_closed)
        buf_clear(&x->text);
    x->is_closed = false;
    if (x->is_closing) {
        x->is_closing = false;
        return close_element(x, x->names[x->open - 1].name, x->names[x->open - 1].len);
    }
    if (!x->is_root_seen && !skip_prolog(x))
        return bad(x);
    if (!take_text(x))
        return bad(x);
    if (x->at == x->end)
        return x->open == 0 && x->is_root_seen ? DOS_XML_END : bad(x);
    if (!take(x, "</"))
        return take(x, "<") ? open_element(x) : bad(x);
    size_t len = take_name(x, &name);
    skip_space(x);
    return take(x, ">") ? close_element(x, name, len) : bad(x);
}

void dos_xml_fini(struct dos_xml *x)
{
    buf_fini(&x->text);
}
