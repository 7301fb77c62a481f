/* key_pair.h - SSH keys of accounts: the public halves. Table key_pair. */
#pragma once

#include "cloud-manager/store/row.h"

#include <stdbool.h>

#define CLOUD_KEY_PAIR_ROW(TEXT, INT)    \
    TEXT(id) /* key-... */               \
    TEXT(account)                        \
    TEXT(name)                           \
    TEXT(type) /* "rsa", "ed25519" */    \
    TEXT(fingerprint)                    \
    TEXT(line) /* OpenSSH public line */ \
    INT(created_wall_ms)

struct cloud_key_pair {
    ROW_FIELDS(CLOUD_KEY_PAIR_ROW)
};

void cloud_key_pair_insert(struct store *st, const struct cloud_key_pair *row);
bool cloud_key_pair_get(struct store *st, struct arena *arena, const char *account,
                        const char *name, struct cloud_key_pair *out);
bool cloud_key_pair_by_id(struct store *st, struct arena *arena, const char *account,
                          const char *id, struct cloud_key_pair *out);
/* By name. */
struct cloud_key_pair *cloud_key_pair_list(struct store *st, struct arena *arena,
                                           const char *account, size_t *len);
void cloud_key_pair_delete(struct store *st, const char *id);
