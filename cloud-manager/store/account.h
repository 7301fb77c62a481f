/* account.h - accounts, what they use, and their access keys. Tables account, usage, access_key. */
#pragma once

#include "cloud-manager/store/row.h"

#include <stdbool.h>

#define CLOUD_ACCESS_KEY_ROW(TEXT, INT)                                       \
    TEXT(id)                                                                  \
    TEXT(account) /* 12 digits */                                             \
    TEXT(sealed)  /* the secret, under the master key; AAD "access_key|ID" */ \
    INT(created_wall_ms)

struct cloud_access_key {
    ROW_FIELDS(CLOUD_ACCESS_KEY_ROW)
};

/* What an account holds, and what it may; a quota of -1 is the configured one. */
struct cloud_usage {
    int64_t instances, vcpus, quota_instances, quota_vcpus;
};

void cloud_account_insert(struct store *st, const char *id, const char *name, int64_t wall_ms);
/* The one that setup made. */
bool cloud_account_is_first(struct store *st, const char *id);
bool cloud_account_has(struct store *st, const char *name);
/* By its id. */
bool cloud_account_known(struct store *st, const char *id);
struct cloud_usage cloud_usage_get(struct store *st, const char *account);
/* The sums over all accounts; no quotas. */
struct cloud_usage cloud_usage_all(struct store *st);
/* Ids of all accounts, in order. */
const char **cloud_account_ids(struct store *st, struct arena *arena, size_t *len);

void cloud_access_key_insert(struct store *st, const struct cloud_access_key *row);
bool cloud_access_key_get(struct store *st, struct arena *arena, const char *id,
                          struct cloud_access_key *out);
int64_t cloud_access_key_count(struct store *st);
struct cloud_access_key *cloud_access_key_list(struct store *st, struct arena *arena, size_t *len);
