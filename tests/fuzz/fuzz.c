/* fuzz.c - cutting an input into pieces. */
#include "tests/fuzz/fuzz.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

uint8_t fuzz_byte(struct fuzz *f)
{
    if (f->len == 0)
        return 0;
    f->len--;
    return *f->at++;
}

static char *copy(const uint8_t *from, size_t len)
{
    char *out = check_alloc(len + 1);
    if (len > 0)
        memcpy(out, from, len);
    out[len] = '\0';
    return out;
}

char *fuzz_until(struct fuzz *f, char end, size_t *len)
{
    const uint8_t *stop = f->len > 0 ? memchr(f->at, end, f->len) : NULL;
    size_t n = stop != NULL ? (size_t)(stop - f->at) : f->len;
    char *out = copy(f->at, n);
    size_t used = n + (stop != NULL);
    if (used > 0)
        *f = (struct fuzz){f->at + used, f->len - used};
    if (len != NULL)
        *len = n;
    return out;
}

char *fuzz_line(struct fuzz *f)
{
    char *whole = fuzz_until(f, '\n', NULL);
    char *out = check_strdup(whole);
    free(whole);
    return out;
}

char *fuzz_rest(struct fuzz *f, size_t *len)
{
    char *out = copy(f->at, f->len);
    if (len != NULL)
        *len = f->len;
    f->len = 0;
    return out;
}

size_t fuzz_rune(const char *text, size_t len, uint32_t *rune)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least;
    } forms[] = {{0x80, 0, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    for (size_t n = 1; n <= 4 && n <= len; n++) {
        unsigned char lead = (unsigned char)text[0];
        if ((lead & forms[n - 1].mask) != forms[n - 1].lead)
            continue;
        *rune = lead & (unsigned char)~forms[n - 1].mask;
        for (size_t i = 1; i < n; i++) {
            if (((unsigned char)text[i] & 0xc0) != 0x80)
                return 0;
            *rune = *rune << 6 | ((unsigned char)text[i] & 0x3f);
        }
        bool is_fine = *rune >= forms[n - 1].least && *rune <= 0x10ffff && *rune >> 11 != 0x1b;
        return is_fine ? n : 0;
    }
    return 0;
}

bool fuzz_is_utf8(const char *text, size_t len)
{
    uint32_t rune;
    for (size_t n; len > 0; text += n, len -= n)
        if ((n = fuzz_rune(text, len, &rune)) == 0)
            return false;
    return true;
}

bool fuzz_same(const struct buf *a, const struct buf *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}
