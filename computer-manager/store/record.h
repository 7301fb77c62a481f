/* record.h - rows of placements. */
#pragma once

#include "base/map.h"
#include "base/store.h"
#include "computer-manager/model/record.h"

enum { HOST_KEY_SIZE = HOST_ID_SIZE + 21 };

/* "i-0123.../2" */
void host_record_key(char out[HOST_KEY_SIZE], const char *id, int64_t pepoch);
void host_record_save(struct store *st, const struct host_record *r);
void host_record_delete(struct store *st, const struct host_record *r);
/* Fills `records` (key -> owned struct host_record) in the order of their keys. */
void host_record_load_all(struct store *st, struct map *records);
