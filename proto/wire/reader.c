/* reader.c - a recursive descent over JSON; recursion ends with the depth. */
#include "proto/wire/reader.h"

#include "base/check.h"
#include "proto/wire/depth.h"
#include "proto/wire/letter.h"

#include <stdlib.h>
#include <string.h>

void wire_reader_init(struct wire_reader *r, const char *json, size_t len, struct arena *arena)
{
    *r = (struct wire_reader){.at = json, .end = json + len, .arena = arena};
}

void wire_reader_fini(struct wire_reader *r)
{
    free(r->names);
    r->names = NULL;
}

static bool fault(struct wire_reader *r, const char *why)
{
    if (r->why == NULL)
        r->why = why;
    r->at = r->end;
    return false;
}

char wire_reader_peek(struct wire_reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r'))
        r->at++;
    return r->at < r->end ? *r->at : '\0';
}

bool wire_reader_is_at_end(struct wire_reader *r)
{
    wire_reader_peek(r);
    return r->why == NULL && r->at == r->end;
}

static bool take(struct wire_reader *r, char c)
{
    if (wire_reader_peek(r) != c || r->at == r->end)
        return false;
    r->at++;
    return true;
}

/* ---- texts --------------------------------------------------------------------------------- */

/* Four hex digits, or -1. */
static int32_t unit_at(const char *p, const char *end)
{
    int32_t unit = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* The letter behind "\u", over two units where it is written as a pair of surrogates; -1 = none.
 * Gives how many characters that took. */
static int32_t letter_at(const char *p, const char *end, size_t *len)
{
    int32_t unit = unit_at(p, end);
    *len = 4;
    if (unit <= 0 || (unit >= 0xdc00 && unit <= 0xdfff))
        return -1; /* a NUL, or the second half alone */
    if (unit < 0xd800 || unit > 0xdbff)
        return unit;
    int32_t low = end - p >= 10 && p[4] == '\\' && p[5] == 'u' ? unit_at(p + 6, end) : -1;
    *len = 10;
    return low >= 0xdc00 && low <= 0xdfff ? 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00) : -1;
}

/* What stands behind a backslash, in characters; 0 = nothing that may. */
static size_t escape_len(const char *p, const char *end)
{
    size_t len;
    if (p == end || *p == '\0')
        return 0;
    if (*p == 'u')
        return letter_at(p + 1, end, &len) >= 0 ? 1 + len : 0;
    return strchr("\"\\/bfnrt", *p) != NULL;
}

/* Reads to the quote that ends it. */
static bool scan(struct wire_reader *r, struct wire_span *out, bool *is_escaped)
{
    if (!take(r, '"'))
        return fault(r, "a text was due");
    *out = (struct wire_span){.text = r->at};
    *is_escaped = false;
    while (r->at < r->end && *r->at != '"') {
        unsigned char c = (unsigned char)*r->at;
        size_t len = 1;
        if (c == '\\') {
            len = escape_len(r->at + 1, r->end);
            *is_escaped = true;
            if (len++ == 0)
                return fault(r, "a backslash before what needs none");
        } else if (c < ' ') {
            return fault(r, "a control character in a text");
        } else if (c >= 0x80) {
            len = wire_letter_len(r->at, (size_t)(r->end - r->at));
            if (len == 0)
                return fault(r, "a text that is no UTF-8");
        }
        r->at += len;
    }
    out->len = (size_t)(r->at - out->text);
    return take(r, '"') || fault(r, "a text without an end");
}

static char *put_letter(char *to, int32_t letter)
{
    if (letter < 0x80) {
        *to++ = (char)letter;
    } else if (letter < 0x800) {
        *to++ = (char)(0xc0 | letter >> 6);
        *to++ = (char)(0x80 | (letter & 0x3f));
    } else if (letter < 0x10000) {
        *to++ = (char)(0xe0 | letter >> 12);
        *to++ = (char)(0x80 | (letter >> 6 & 0x3f));
        *to++ = (char)(0x80 | (letter & 0x3f));
    } else {
        *to++ = (char)(0xf0 | letter >> 18);
        *to++ = (char)(0x80 | (letter >> 12 & 0x3f));
        *to++ = (char)(0x80 | (letter >> 6 & 0x3f));
        *to++ = (char)(0x80 | (letter & 0x3f));
    }
    return to;
}

/* It is never longer than it was written. */
static void unescape(struct wire_reader *r, struct wire_span *text)
{
    static const char written[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *p = text->text, *end = p + text->len;
    char *out = arena_alloc(r->arena, text->len + 1), *to = out;
    while (p < end) {
        size_t len = 0;
        if (*p != '\\') {
            *to++ = *p++;
        } else if (p[1] == 'u') {
            to = put_letter(to, letter_at(p + 2, end, &len));
            p += 2 + len;
        } else {
            *to++ = meant[strchr(written, p[1]) - written];
            p += 2;
        }
    }
    *text = (struct wire_span){.text = out, .len = (size_t)(to - out)};
}

bool wire_reader_text(struct wire_reader *r, struct wire_span *out)
{
    bool is_escaped;
    if (!scan(r, out, &is_escaped))
        return false;
    if (is_escaped)
        unescape(r, out);
    return true;
}

/* ---- numbers, words ------------------------------------------------------------------------ */

static size_t digits(struct wire_reader *r)
{
    const char *from = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
        r->at++;
    return (size_t)(r->at - from);
}

static bool is_next(const struct wire_reader *r, char one, char other)
{
    return r->at < r->end && (*r->at == one || *r->at == other);
}

/* ".5", "e+7": true where there is none, or a whole one. */
static bool skip_fraction(struct wire_reader *r, bool *is_whole)
{
    if (is_next(r, '.', '.')) {
        r->at++;
        *is_whole = false;
        if (digits(r) == 0)
            return fault(r, "a fraction without digits");
    }
    if (is_next(r, 'e', 'E')) {
        r->at++;
        *is_whole = false;
        if (is_next(r, '+', '-'))
            r->at++;
        if (digits(r) == 0)
            return fault(r, "an exponent without digits");
    }
    return true;
}

static bool value_of(const char *p, size_t len, bool is_negative, int64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < len; i++) {
        int64_t digit = is_negative ? '0' - p[i] : p[i] - '0';
        if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, digit, out))
            return false;
    }
    return true;
}

bool wire_reader_number(struct wire_reader *r, int64_t *out, bool *is_whole)
{
    bool is_negative = take(r, '-');
    const char *from = r->at;
    size_t len = digits(r);
    *is_whole = true;
    if (len == 0 || (len > 1 && *from == '0'))
        return fault(r, "a number that is none");
    if (!skip_fraction(r, is_whole))
        return false;
    return !*is_whole || value_of(from, len, is_negative, out) ||
           fault(r, "a number of more than 64 bits");
}

static bool take_word(struct wire_reader *r, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0)
        return fault(r, "a word that is none");
    r->at += len;
    return true;
}

bool wire_reader_bool(struct wire_reader *r, bool *out)
{
    *out = wire_reader_peek(r) == 't';
    return take_word(r, *out ? "true" : "false");
}

/* ---- lists, objects ------------------------------------------------------------------------ */

bool wire_reader_open(struct wire_reader *r, char bracket)
{
    if (!take(r, bracket))
        return fault(r, "a bracket was due");
    return ++r->depth <= WIRE_DEPTH_MAX || fault(r, "it is nested too deep");
}

/* Ends with `bracket`, or has another one: after a comma, but for the first. */
static bool has_next(struct wire_reader *r, char bracket, bool is_first)
{
    if (r->why != NULL)
        return false;
    if (take(r, bracket)) {
        r->depth--;
        return false;
    }
    return is_first || take(r, ',') || fault(r, "a comma was due");
}

bool wire_reader_item(struct wire_reader *r, size_t index)
{
    return has_next(r, ']', index == 0);
}

static int by_text(const void *x, const void *y)
{
    const struct wire_span *a = x, *b = y;
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    return memcmp(a->text, b->text, a->len);
}

/* The object ends, and its names with it. */
static bool end_names(struct wire_reader *r, size_t from)
{
    size_t len = r->names_len - from;
    struct wire_span *names = r->names + from;
    if (len > 1)
        qsort(names, len, sizeof *names, by_text);
    for (size_t i = 1; i < len; i++)
        if (by_text(&names[i - 1], &names[i]) == 0)
            return fault(r, "a name twice in one object");
    r->names_len = from;
    return false;
}

static void keep_name(struct wire_reader *r, struct wire_span name)
{
    if (r->names_len == r->names_cap) {
        r->names_cap = r->names_cap == 0 ? 64 : 2 * r->names_cap;
        r->names = check_realloc(r->names, r->names_cap * sizeof *r->names);
    }
    r->names[r->names_len++] = name;
}

bool wire_reader_member(struct wire_reader *r, size_t from, struct wire_span *name)
{
    if (!has_next(r, '}', r->names_len == from))
        return r->why == NULL && end_names(r, from);
    if (!wire_reader_text(r, name))
        return false;
    keep_name(r, *name);
    return take(r, ':') || fault(r, "a colon was due");
}

static bool skip(struct wire_reader *r);

static bool skip_list(struct wire_reader *r)
{
    if (!wire_reader_open(r, '['))
        return false;
    for (size_t i = 0; wire_reader_item(r, i); i++)
        skip(r);
    return r->why == NULL;
}

static bool skip_object(struct wire_reader *r)
{
    struct wire_span name;
    size_t from = r->names_len;
    if (!wire_reader_open(r, '{'))
        return false;
    while (wire_reader_member(r, from, &name))
        skip(r);
    return r->why == NULL;
}

static bool skip(struct wire_reader *r)
{
    struct wire_span text;
    int64_t number;
    bool is;
    switch (wire_reader_peek(r)) {
    case '{':
        return skip_object(r);
    case '[':
        return skip_list(r);
    case '"':
        return scan(r, &text, &is);
    case 't':
    case 'f':
        return wire_reader_bool(r, &is);
    case 'n':
        return take_word(r, "null");
    default:
        return wire_reader_number(r, &number, &is);
    }
}

bool wire_reader_value(struct wire_reader *r, struct wire_span *out)
{
    wire_reader_peek(r);
    *out = (struct wire_span){.text = r->at};
    if (!skip(r))
        return false;
    out->len = (size_t)(r->at - out->text);
    return true;
}
