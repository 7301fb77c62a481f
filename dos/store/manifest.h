/* manifest.h - manifests of imported images and which chunks each names.
 *
 * The rows of chunks follow by triggers (schema.c): a chunk lives as long as a manifest names it.
 */
#pragma once

#include "base/buf.h"
#include "base/store.h"
#include "dos/op.h"
#include "proto/wire/manifest.h"

/* Nothing when a manifest of that hash is there already. */
void dos_manifest_insert(struct store *st, const char *hash, const struct buf *text,
                         const struct manifest *m);
/* Drops it when no import names it any more. */
void dos_manifest_drop_unused(struct store *st, const char *hash);
/* Appends its text; false when there is none. */
bool dos_manifest_text(struct store *st, const char *hash, struct buf *out);
/* Bytes of a chunk if that manifest names it, else -1. */
int64_t dos_manifest_chunk(struct store *st, const char *hash,
                           const unsigned char chunk[MANIFEST_HASH_SIZE]);
/* Is there a row for that chunk? */
bool dos_chunk_has(struct store *st, const unsigned char chunk[MANIFEST_HASH_SIZE]);
