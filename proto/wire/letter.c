/* letter.c - one letter of UTF-8. */
#include "proto/wire/letter.h"

#include <stdbool.h>

size_t wire_letter_len(const char *text, size_t left)
{
    const unsigned char *p = (const unsigned char *)text;
    if (left == 0 || p[0] < 0x80)
        return left > 0;
    size_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || left < len)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool outside = (p[0] == 0xed && p[1] >= 0xa0) || (p[0] == 0xf4 && p[1] >= 0x90);
    return overlong || outside ? 0 : len;
}
