/* safe.c - see safe.h. */
#include "cli/safe.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Bytes of the UTF-8 character at `text`, its number in *rune; 0: there is none. */
static size_t rune_at(const char *text, size_t len, uint32_t *rune)
{
    const unsigned char *at = (const unsigned char *)text;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t size = *at < 0x80 ? 1 : *at < 0xc2 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
    if (size == 0 || *at > 0xf4 || size > len)
        return 0;
    *rune = size == 1 ? *at : (uint32_t)(*at & (0xff >> (size + 1)));
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        *rune = *rune << 6 | (at[i] & 0x3f);
    }
    bool is_surrogate = *rune >= 0xd800 && *rune <= 0xdfff;
    return *rune < least[size] || *rune > 0x10ffff || is_surrogate ? 0 : size;
}

/* Obeyed by a terminal: controls, marks of direction, separators of lines. */
static bool is_command(uint32_t rune)
{
    return rune < 0x20 || (rune >= 0x7f && rune <= 0x9f) || (rune >= 0x200e && rune <= 0x200f) ||
           (rune >= 0x2028 && rune <= 0x202e) || (rune >= 0x2066 && rune <= 0x2069);
}

void cli_safe_text(struct buf *out, const char *text)
{
    size_t left = strlen(text), size;
    uint32_t rune = 0;
    for (; left > 0; text += size, left -= size) {
        size = rune_at(text, left, &rune);
        if (size == 0) {
            size = 1;
            buf_printf(out, "\\x%02x", (unsigned char)*text);
        } else if (is_command(rune)) {
            buf_printf(out, rune < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned)rune);
        } else {
            buf_append(out, text, size);
        }
    }
}

/* C0 is escaped already: what stands here of it is the document's own form. */
void cli_safe_json(struct buf *out, const char *json, size_t len)
{
    size_t size;
    uint32_t rune = 0;
    for (; len > 0; json += size, len -= size) {
        size = rune_at(json, len, &rune);
        if (size == 0) {
            size = 1;
            buf_text(out, "\\ufffd");
        } else if (rune >= 0x7f && is_command(rune)) {
            buf_printf(out, "\\u%04x", (unsigned)rune);
        } else {
            buf_append(out, json, size);
        }
    }
}

/* ---- a stream ----------------------------------------------------------------------------- */

static enum cli_plain_state behind_escape(unsigned char c)
{
    if (c == '[')
        return CLI_PLAIN_CONTROL;
    if (strchr("]PX^_", c) != NULL && c != '\0')
        return CLI_PLAIN_STRING;
    return c >= 0x20 && c < 0x30 ? CLI_PLAIN_ESCAPE : CLI_PLAIN_TEXT;
}

/* A character that is whole. One of C1 is what ESC and a byte of 0x40 less would be. */
static void take_rune(struct cli_plain *p, struct buf *out, uint32_t rune, size_t size)
{
    if (rune == 0x1b)
        p->state = CLI_PLAIN_ESCAPE;
    else if (rune >= 0x80 && rune <= 0x9f)
        p->state = behind_escape((unsigned char)(rune - 0x40));
    else if (!is_command(rune) || rune == '\n' || rune == '\t')
        buf_append(out, p->held, size);
}

/* What began and did not become a character is forgotten. */
static void take_text(struct cli_plain *p, struct buf *out, unsigned char c)
{
    bool is_more = (c & 0xc0) == 0x80;
    uint32_t rune = 0;
    if (!is_more || p->held_len == sizeof p->held)
        p->held_len = 0;
    if (is_more && p->held_len == 0)
        return;
    p->held[p->held_len++] = (char)c;
    size_t size = rune_at(p->held, p->held_len, &rune);
    if (size == 0)
        return;
    p->held_len = 0;
    take_rune(p, out, rune, size);
}

static void take_byte(struct cli_plain *p, struct buf *out, unsigned char c)
{
    switch (p->state) {
    case CLI_PLAIN_TEXT:
        take_text(p, out, c);
        return;
    case CLI_PLAIN_ESCAPE:
        p->state = behind_escape(c);
        return;
    case CLI_PLAIN_CONTROL:
        /* A line feed within a broken sequence ends it: the rest of a log is not lost. */
        if ((c >= 0x40 && c <= 0x7e) || c == '\n')
            p->state = CLI_PLAIN_TEXT;
        if (c == '\n')
            buf_char(out, '\n');
        return;
    case CLI_PLAIN_STRING:
        if (c == '\a' || c == '\n')
            p->state = CLI_PLAIN_TEXT;
        else if (c == 0x1b)
            p->state = CLI_PLAIN_STRING_END;
        if (c == '\n')
            buf_char(out, '\n');
        return;
    case CLI_PLAIN_STRING_END:
        p->state = c == '\\' ? CLI_PLAIN_TEXT : behind_escape(c);
        return;
    }
}

void cli_plain_take(struct cli_plain *p, struct buf *out, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        take_byte(p, out, (unsigned char)data[i]);
}
