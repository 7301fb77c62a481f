/* pack.c - numbers, texts and blobs in a row. Used by ops (write) and api (read). */
#include "dos/pack.h"

#include "base/check.h"

#include <string.h>

void dos_pack_i64(struct buf *out, int64_t value)
{
    buf_append(out, &value, sizeof value);
}

void dos_pack_blob(struct buf *out, const void *data, size_t len)
{
    dos_pack_i64(out, (int64_t)len);
    if (len > 0)
        buf_append(out, data, len);
    buf_char(out, '\0');
}

void dos_pack_text(struct buf *out, const char *text)
{
    dos_pack_blob(out, text, strlen(text));
}

bool dos_unpack_more(const struct dos_unpack *in)
{
    return in->at < in->end;
}

int64_t dos_unpack_i64(struct dos_unpack *in)
{
    int64_t value;
    PRE((size_t)(in->end - in->at) >= sizeof value);
    memcpy(&value, in->at, sizeof value);
    in->at += sizeof value;
    return value;
}

const void *dos_unpack_blob(struct dos_unpack *in, size_t *len)
{
    *len = (size_t)dos_unpack_i64(in);
    PRE((size_t)(in->end - in->at) > *len);
    const char *data = in->at;
    in->at += *len + 1;
    return data;
}

const char *dos_unpack_text(struct dos_unpack *in)
{
    size_t len;
    return dos_unpack_blob(in, &len);
}
