/* utf8.c - one character at a time. */
#include "base/utf8.h"

size_t utf8_len(const char *text, size_t len)
{
    static const unsigned char least[] = {0, 0, 0, 0xa0, 0x90};
    const unsigned char *s = (const unsigned char *)text;
    if (len == 0 || s[0] == 0 || s[0] > 0xf4)
        return 0;
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (n > len)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 || s[0] == 0xf0) && s[1] < least[n])
        return 0;
    bool is_surrogate = s[0] == 0xed && s[1] > 0x9f, is_beyond = s[0] == 0xf4 && s[1] > 0x8f;
    return is_surrogate || is_beyond ? 0 : n;
}

bool utf8_is(const char *text, size_t len)
{
    for (size_t at = 0, n; at < len; at += n)
        if ((n = utf8_len(text + at, len - at)) == 0)
            return false;
    return true;
}
