/* pack.h - a run of numbers, texts and blobs in one piece of memory: how an answer of the index
 * travels from the loop thread to a data thread. Never leaves the process.
 *
 * Written and read in the same order; a reader that asks for what is not there is our own mistake
 * and aborts. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void dos_pack_i64(struct buf *out, int64_t value);
void dos_pack_text(struct buf *out, const char *text);
void dos_pack_blob(struct buf *out, const void *data, size_t len);

/* What is left to read; borrowed. */
struct dos_unpack {
    const char *at, *end;
};

bool dos_unpack_more(const struct dos_unpack *in);
int64_t dos_unpack_i64(struct dos_unpack *in);
/* Ended by NUL; borrowed from the memory that is read. */
const char *dos_unpack_text(struct dos_unpack *in);
const void *dos_unpack_blob(struct dos_unpack *in, size_t *len);
