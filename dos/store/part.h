/* part.h - rows of parts, each one file: of an open upload, or of the object it became. */
#pragma once

#include "base/store.h"
#include "dos/op.h"

struct dos_part_row {
    int64_t number;
    char ref[DOS_REF_SIZE];
    int64_t size_bytes;
    char etag[DOS_ETAG_SIZE]; /* MD5 in hex */
    int64_t modified_ms;      /* wall clock */
    int64_t start;            /* of an object: offset of its first byte */
};

bool dos_part_find(struct store *st, const char *upload, int64_t number, struct dos_part_row *out);
/* Replaces; the old file becomes garbage. */
void dos_part_put(struct store *st, const char *upload, const struct dos_part_row *row,
                  int64_t now_ms);
void dos_part_set_start(struct store *st, const char *upload, int64_t number, int64_t start);
/* Drops one, those with above < number < below, or all of an upload; the files become garbage. */
void dos_part_drop(struct store *st, const char *upload, int64_t number, int64_t now_ms);
void dos_part_drop_between(struct store *st, const char *upload, int64_t above, int64_t below,
                           int64_t now_ms);
void dos_part_drop_all(struct store *st, const char *upload, int64_t now_ms);
/* By number, after `after`; read with dos_part_read. */
void dos_part_query(struct store *st, struct query *q, const char *upload, int64_t after);
/* Of an object: those that hold any of `len` bytes from `offset`. */
void dos_part_query_bytes(struct store *st, struct query *q, const char *upload, int64_t offset,
                          int64_t len);
void dos_part_read(const struct query *q, struct dos_part_row *out);
bool dos_part_has_ref(struct store *st, const char *ref);
