/* garbage.h - files that no row needs any more, to be unlinked after a while.
 *
 * Names are "objects/REF" and "chunks/HASH", as the effect that unlinks them takes them. A file
 * enters in the transaction that drops its last row; it leaves when it is unlinked, or when a row
 * names it again. The while lets a GET that has just read the row open its file. */
#pragma once

#include "base/store.h"
#include "dos/op.h"

enum { DOS_GARBAGE_NAME_SIZE = 80 };

/* The file of an object's or a part's body. */
void dos_garbage_add(struct store *st, const char *ref, int64_t now_ms);
void dos_garbage_forget(struct store *st, const char *ref);
/* By its whole name. */
void dos_garbage_add_name(struct store *st, const char *name, int64_t now_ms);
void dos_garbage_done(struct store *st, const char *name);
/* Chunks enter by a trigger, without a time: gives them one. */
void dos_garbage_stamp(struct store *st, int64_t now_ms);
/* Those since before `before_ms`, oldest first, at most `max`: column name. */
int64_t dos_garbage_len(struct store *st);
void dos_garbage_query(struct store *st, struct query *q, int64_t before_ms, int64_t max);
