/* bucket.h - rows of buckets: a name, whose it is, since when. */
#pragma once

#include "base/store.h"
#include "dos/op.h"

struct dos_bucket {
    char name[DOS_BUCKET_SIZE];
    char account[DOS_ACCOUNT_SIZE];
    int64_t created_ms; /* wall clock */
};

bool dos_bucket_find(struct store *st, const char *name, struct dos_bucket *out);
/* False when the name is taken. */
bool dos_bucket_insert(struct store *st, const struct dos_bucket *row);
void dos_bucket_delete(struct store *st, const char *name);
int64_t dos_bucket_count(struct store *st, const char *account);
/* Does it hold an object? */
bool dos_bucket_has_objects(struct store *st, const char *name);
/* By name: walk with query_next and dos_bucket_row. */
void dos_bucket_query(struct store *st, struct query *q, const char *account);
/* Of all accounts. */
void dos_bucket_query_all(struct store *st, struct query *q);
void dos_bucket_row(const struct query *q, struct dos_bucket *out);
