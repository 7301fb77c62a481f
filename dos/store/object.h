/* object.h - rows of objects, in byte order of their keys within a bucket.
 *
 * A body is inline (its own table, so that the rows that a listing reads stay small), a file, or
 * the parts of a completed upload. Who replaces or deletes a row passes on what its body leaves:
 * files become garbage in the same transaction. */
#pragma once

#include "base/store.h"
#include "dos/op.h"

struct dos_object {
    enum dos_body_kind kind;
    int64_t inline_id; /* of DOS_BODY_INLINE, else 0 */
    char ref[DOS_REF_SIZE];
    int64_t size_bytes;
    char etag[DOS_ETAG_SIZE];
    int64_t modified_ms; /* wall clock */
};

/* `headers`, when not NULL, gets the stored header lines appended. */
bool dos_object_find(struct store *st, const char *bucket, const char *key, struct dos_object *out,
                     struct buf *headers);
/* Appends the bytes of an inline body. */
void dos_object_inline(struct store *st, int64_t inline_id, struct buf *out);
/* Replaces whatever stands there; the old body's files become garbage since `now_ms`. */
void dos_object_put(struct store *st, const char *bucket, const char *key,
                    const struct dos_put *put, int64_t modified_ms, int64_t now_ms);
/* False when there was none. */
bool dos_object_delete(struct store *st, const char *bucket, const char *key, int64_t now_ms);

/* Objects of a bucket whose keys are > `after` and begin with `prefix`, in order: walk with
 * query_next; columns are key, size, etag, modified_ms. */
void dos_object_query(struct store *st, struct query *q, const char *bucket, const char *prefix,
                      const char *after);
/* Does an object's body have this name (a file, or an upload's parts)? */
bool dos_object_has_ref(struct store *st, const char *ref);
