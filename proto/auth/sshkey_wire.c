/* sshkey_wire.c - length and bytes. */
#include "proto/auth/sshkey_wire.h"

#include "base/check.h"

#include <stdint.h>
#include <string.h>

bool sshkey_wire_take(struct sshkey_wire *rest, struct sshkey_wire *out)
{
    if (rest->len < 4)
        return false;
    const unsigned char *p = rest->at;
    size_t len = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    if (len > rest->len - 4)
        return false;
    *out = (struct sshkey_wire){p + 4, len};
    *rest = (struct sshkey_wire){p + 4 + len, rest->len - 4 - len};
    return true;
}

void sshkey_wire_put_u32(struct buf *out, size_t value)
{
    PRE(value <= UINT32_MAX);
    unsigned char raw[4] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16),
                            (unsigned char)(value >> 8), (unsigned char)value};
    buf_append(out, raw, sizeof raw);
}

void sshkey_wire_put(struct buf *out, const void *data, size_t len)
{
    sshkey_wire_put_u32(out, len);
    buf_append(out, data, len);
}

void sshkey_wire_put_text(struct buf *out, const char *text)
{
    sshkey_wire_put(out, text, strlen(text));
}

void sshkey_wire_put_number(struct buf *out, const unsigned char *data, size_t len)
{
    while (len > 0 && *data == 0) {
        data++;
        len--;
    }
    bool pad = len > 0 && (*data & 0x80) != 0;
    sshkey_wire_put_u32(out, len + pad);
    if (pad)
        buf_char(out, '\0');
    buf_append(out, data, len);
}
