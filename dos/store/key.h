/* key.h - access keys and shared secrets, as the cloud sent them: sealed. */
#pragma once

#include "base/store.h"
#include "dos/op.h"

enum { DOS_KEY_ID_SIZE = 129, DOS_SEALED_SIZE = 513 };

void dos_key_put(struct store *st, const char *id, const char *account, const char *sealed);
void dos_key_delete(struct store *st, const char *id);
/* All, by id: columns id, account, sealed. */
void dos_key_query(struct store *st, struct query *q);

void dos_secret_put(struct store *st, const char *name, const char *sealed);
void dos_secret_delete(struct store *st, const char *name);
/* All, by name: columns name, sealed. */
void dos_secret_query(struct store *st, struct query *q);
