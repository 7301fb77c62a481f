/* name.c - rules of names. Called by api (before anything is stored) and ops. */
#include "dos/model/name.h"

#include <string.h>

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_address(const char *name)
{
    return name[strspn(name, "0123456789.")] == '\0';
}

bool dos_name_is_bucket(const char *name)
{
    size_t len = strnlen(name, 64);
    if (len < 3 || len > 63 || is_address(name))
        return false;
    for (size_t i = 0; i < len; i++) {
        bool edge = i == 0 || i == len - 1 || name[i - 1] == '.' || name[i + 1] == '.';
        if (!is_alnum(name[i]) && (edge || (name[i] != '-' && name[i] != '.')))
            return false;
    }
    return true;
}

/* Length of the sequence that `lead` begins, 0 = none. */
static size_t sequence_len(unsigned char lead)
{
    if (lead < 0x80)
        return lead != 0 ? 1 : 0;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef)
        return 3;
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

static bool is_sequence(const unsigned char *p, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return false;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f))
        return false; /* overlong; surrogate */
    return !(p[0] == 0xf0 && p[1] < 0x90) && !(p[0] == 0xf4 && p[1] > 0x8f);
}

bool dos_name_is_utf8(const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;
    for (size_t at = 0; at < len;) {
        size_t n = sequence_len(p[at]);
        if (n == 0 || n > len - at || (n > 1 && !is_sequence(p + at, n)))
            return false;
        at += n;
    }
    return true;
}

bool dos_name_is_hex(const char *text, size_t len)
{
    return strlen(text) == len && strspn(text, "0123456789abcdef") == len;
}
