/* have.c - see have.h. */
#include "computer-manager/effect/have.h"

#include "base/check.h"
#include "proto/wire/manifest.h"

#include <string.h>
#include <unistd.h>

bool host_have_is(int fd, off_t at, off_t len)
{
    return lseek(fd, at, SEEK_DATA) == at && lseek(fd, at, SEEK_HOLE) >= at + len;
}

/* Chunks that lie whole within [from, to). */
static void mark(char *bits, off_t from, off_t to, off_t size)
{
    for (off_t at = (from + MANIFEST_CHUNK_SIZE - 1) / MANIFEST_CHUNK_SIZE;; at++) {
        off_t start = at * MANIFEST_CHUNK_SIZE, end = start + MANIFEST_CHUNK_SIZE;
        if (start >= size || (end < size ? end : size) > to)
            return;
        bits[at / 8] = (char)(bits[at / 8] | 1 << (at % 8));
    }
}

void host_have_write(struct buf *out, int fd, off_t size, bool is_part)
{
    PRE(size >= 0);
    off_t chunks = (size + MANIFEST_CHUNK_SIZE - 1) / MANIFEST_CHUNK_SIZE;
    size_t len = (size_t)(chunks + 7) / 8, before = out->len;
    for (size_t i = 0; i < len; i++)
        buf_append(out, is_part ? "" : "\xff", 1);
    off_t hole = 0, data;
    while (is_part && hole < size && (data = lseek(fd, hole, SEEK_DATA)) >= 0) {
        hole = lseek(fd, data, SEEK_HOLE);
        if (hole <= data)
            return; /* it changes under our hands */
        mark(out->data + before, data, hole, size);
    }
}
