/* manifest.h - the list of chunks that an image is made of, as dos writes and hosts read it.
 *
 * Canonical JSON, one line, so that equal images have equal names (the SHA-256 of the text):
 *   {"version":1,"hash":"sha256","size":N,"chunk_size":262144,"chunks":["<hex>","",...]}
 * "" is a hole: a chunk of zeroes, which is neither stored nor fetched. The last chunk carries
 * only what is left of the size. Whoever fetches one hashes the text before it decodes it. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MANIFEST_CHUNK_SIZE = 262144, MANIFEST_HASH_SIZE = 32 };
#define MANIFEST_MAX_SIZE ((uint64_t)1 << 40) /* of the image, bytes */

struct manifest_chunk {
    bool is_hole;
    unsigned char hash[MANIFEST_HASH_SIZE]; /* SHA-256 of the chunk's bytes; zeroes for a hole */
};

struct manifest {
    uint64_t size_bytes; /* of the raw image; > 0, a multiple of 512 */
    uint32_t chunk_size_bytes;
    size_t len;                    /* chunks */
    struct manifest_chunk *chunks; /* owned */
};

/* An image of `size_bytes` made of holes only. */
void manifest_init(struct manifest *m, uint64_t size_bytes);
void manifest_fini(struct manifest *m);
/* Bytes of chunk `index`. */
size_t manifest_chunk_len(const struct manifest *m, size_t index);
/* ERR_IMAGE_INVALID for anything that manifest_encode would not have written in meaning. */
enum err_code manifest_decode(struct manifest *m, const char *text, size_t len, struct err *err);
void manifest_encode(struct buf *out, const struct manifest *m);
