/* base64.c - both alphabets over one encoder and one strict decoder. */
#include "proto/auth/base64.h"

#include <stdint.h>

struct form {
    char digits[65];
    bool padded;
};

static const struct form plain = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true};
static const struct form url = {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
                                false};

static void encode(struct buf *out, const struct form *form, const void *data, size_t len)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        uint32_t bits = (uint32_t)p[i] << 16 | (n > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
                        (n > 2 ? (uint32_t)p[i + 2] : 0);
        char four[4];
        for (unsigned k = 0; k < 4; k++)
            four[k] = k <= n ? form->digits[bits >> (18 - 6 * k) & 63] : '=';
        buf_append(out, four, form->padded ? 4 : n + 1);
    }
}

void base64_encode(struct buf *out, const void *data, size_t len)
{
    encode(out, &plain, data, len);
}

void base64_url_encode(struct buf *out, const void *data, size_t len)
{
    encode(out, &url, data, len);
}

/* Value of a digit, or -1. */
static int digit(const struct form *form, char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == form->digits[62])
        return 62;
    return c == form->digits[63] ? 63 : -1;
}

/* Up to four digits into one byte less; false when malformed. */
static bool decode_group(struct buf *out, const struct form *form, const char *text, size_t n)
{
    uint32_t bits = 0;
    for (size_t k = 0; k < 4; k++) {
        int value = k < n ? digit(form, text[k]) : 0;
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
    }
    uint32_t unused = n == 2 ? 0xffff : n == 3 ? 0xff : 0;
    if (n < 2 || (bits & unused) != 0)
        return false;
    unsigned char three[3] = {(unsigned char)(bits >> 16), (unsigned char)(bits >> 8),
                              (unsigned char)bits};
    buf_append(out, three, n - 1);
    return true;
}

/* The number of digits without the padding; false when the padding is not as the form wants it. */
static bool strip(const struct form *form, const char *text, size_t *len)
{
    if (!form->padded)
        return true;
    if (*len % 4 != 0)
        return false;
    for (int k = 0; k < 2 && *len > 0 && text[*len - 1] == '='; k++)
        --*len;
    return true;
}

static bool decode(struct buf *out, const struct form *form, const char *text, size_t len)
{
    size_t before = out->len;
    if (!strip(form, text, &len))
        return false;
    for (size_t i = 0; i < len; i += 4) {
        if (!decode_group(out, form, text + i, len - i < 4 ? len - i : 4)) {
            out->len = before;
            if (out->data != NULL)
                out->data[before] = '\0';
            return false;
        }
    }
    return true;
}

bool base64_decode(struct buf *out, const char *text, size_t len)
{
    return decode(out, &plain, text, len);
}

bool base64_url_decode(struct buf *out, const char *text, size_t len)
{
    return decode(out, &url, text, len);
}
