/* public_address.h - addresses of the operator's pool that somebody has. Table public_address.
 *
 * One is allocated (an account keeps it until it releases it: EC2's Elastic IP) or lent (it comes
 * with an instance and goes when that stops). A row stays until no host can have the address. */
#pragma once

#include "cloud-manager/store/row.h"

#include <stdbool.h>

#define CLOUD_PUBLIC_ROW(TEXT, INT)                                                      \
    INT(address)                                                                         \
    TEXT(account)                                                                        \
    TEXT(allocation)     /* eipalloc-..., "" = lent */                                   \
    TEXT(association)    /* eipassoc-..., "" = none, or lent */                          \
    TEXT(want)           /* the instance that is to have it, "" = none */                \
    TEXT(held)           /* the instance whose host may have it, "" = none */            \
    INT(held_generation) /* from this generation of that instance on it is without it */ \
    INT(created_wall_ms)                                                                 \
    INT(is_dirty)

struct cloud_public {
    ROW_FIELDS(CLOUD_PUBLIC_ROW)
};

struct cloud_publics {
    struct cloud_public *list;
    size_t len;
};

void cloud_public_insert(struct store *st, const struct cloud_public *row);
/* allocation, association, account, want, held, held_generation of `row`; marks it dirty. */
void cloud_public_save(struct store *st, const struct cloud_public *row);
void cloud_public_settled(struct store *st, int64_t address);
void cloud_public_delete(struct store *st, int64_t address);
bool cloud_public_get(struct store *st, struct arena *arena, int64_t address,
                      struct cloud_public *out);
bool cloud_public_by_allocation(struct store *st, struct arena *arena, const char *allocation,
                                struct cloud_public *out);
bool cloud_public_by_association(struct store *st, struct arena *arena, const char *association,
                                 struct cloud_public *out);
/* The one that an instance is to have. */
bool cloud_public_of_instance(struct store *st, struct arena *arena, const char *instance,
                              struct cloud_public *out);
/* The one that its host may have; of several the one that it was to give up last. */
bool cloud_public_held_by(struct store *st, struct arena *arena, const char *instance,
                          struct cloud_public *out);
/* Allocated by an account, by address. */
struct cloud_publics cloud_public_list(struct store *st, struct arena *arena, const char *account);
struct cloud_publics cloud_public_list_dirty(struct store *st, struct arena *arena);
int64_t cloud_public_count(struct store *st, const char *account);
/* The host of `instance` said, under `generation`, which address it has in place (0 = none): every
 * other that it had to give up is nobody's now. */
void cloud_public_given_up(struct store *st, const char *instance, int64_t generation,
                           int64_t in_place);
/* `instance` is gone, and whatever it had is nobody's. */
void cloud_public_ended(struct store *st, const char *instance);
