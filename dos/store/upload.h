/* upload.h - rows of multipart uploads that are open. A completed one has no row here: its parts
 * belong to the object whose ref is the upload's id. */
#pragma once

#include "base/store.h"
#include "dos/op.h"

struct dos_upload {
    char id[DOS_REF_SIZE];
    const char *bucket, *key; /* borrowed */
    const char *headers;      /* what the object will say */
    int64_t created_ms;       /* wall clock */
};

void dos_upload_insert(struct store *st, const struct dos_upload *row);
/* Is there an open upload of that id for that key? `headers` may be NULL. */
bool dos_upload_find(struct store *st, const char *id, const char *bucket, const char *key,
                     struct buf *headers);
/* The row alone; what becomes of the parts is the caller's word. */
void dos_upload_delete(struct store *st, const char *id);
/* All of a bucket, with their parts; the files become garbage. */
void dos_upload_drop_all(struct store *st, const char *bucket, int64_t now_ms);
/* In order of id, after `after`: columns id, key, created_ms. */
void dos_upload_query(struct store *st, struct query *q, const char *bucket, const char *after);
