/* record.h - rows of placements. */
#pragma once

#include "base/store.h"
#include "computer-manager/model/record.h"

enum { HOST_KEY_SIZE = HOST_ID_SIZE + 21 };

/* "i-0123.../2" */
void host_record_key(char out[HOST_KEY_SIZE], const char *id, int64_t pepoch);
void host_record_save(struct store *st, const struct host_record *r);
void host_record_delete(struct store *st, const struct host_record *r);
/* Gives each, to be owned by whoever takes it, in the order of their keys. */
void host_record_load_all(struct store *st, void (*take)(void *self, struct host_record *r),
                          void *self);
