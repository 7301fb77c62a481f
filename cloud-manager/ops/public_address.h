/* public_address.h - public addresses: allocated by an account (EC2's Elastic IPs), or lent to an
 * instance from its start to its stop. See plan/public_address.h for who may have one when. */
#pragma once

#include "cloud-manager/ops/op.h"
#include "cloud-manager/ops/tag.h"
#include "cloud-manager/store/instance.h"
#include "cloud-manager/store/public_address.h"

/* ---- what subscribers ask ----------------------------------------------------------------- */

/* ERR_ADDRESS_LIMIT, ERR_ADDRESS_CAPACITY. */
enum err_code cloud_address_allocate(struct cloud_op *op, const struct cloud_tag_specs *tags,
                                     struct cloud_public *out, struct err *err);

/* Names one address of the caller's: by allocation, association or address; others are "". */
struct cloud_address_name {
    const char *allocation, *association, *address;
};

struct cloud_associate {
    struct cloud_address_name address;
    const char *instance, *port; /* one of them; the other "" */
    const char *private_address; /* "" or that of the port */
    bool may_move;               /* AllowReassociation */
};

/* Associating what is associated so already gives the association that is there. What the instance
 * had otherwise is taken from it. ERR_ADDRESS_ASSOCIATED, ERR_INSTANCE_STATE, and what names
 * nothing. */
enum err_code cloud_address_associate(struct cloud_op *op, const struct cloud_associate *ask,
                                      const char **association, struct err *err);
enum err_code cloud_address_disassociate(struct cloud_op *op, const struct cloud_address_name *name,
                                         struct err *err);
/* ERR_ADDRESS_IN_USE while it is associated. */
enum err_code cloud_address_release(struct cloud_op *op, const struct cloud_address_name *name,
                                    struct err *err);
/* All that the caller has allocated, or those named in either list; `action` is who asks. */
enum err_code cloud_addresses_describe(struct cloud_op *op, enum cloud_action_id action,
                                       const char *const *allocations, size_t allocations_len,
                                       const char *const *addresses, size_t addresses_len,
                                       struct cloud_publics *out, struct err *err);

/* ---- what follows from an instance's life --------------------------------------------------- */

/* A free address of the pool for `row`, which will be told with its next wish; false when there is
 * none. One that it has stays. */
bool cloud_public_lend(struct cloud_op *op, const struct cloud_instance *row);
/* `row`, whose next generation is `generation`, stops or ends: what was lent to it goes back, and
 * at its end what was associated with it is free for others. */
void cloud_public_part(struct cloud_op *op, const struct cloud_instance *row, int64_t generation);
/* A free address of the pool, which nobody has; 0 when there is none. */
int64_t cloud_public_free(struct cloud_op *op);
/* The host of `row` said which address it has in place ("" = none), under that generation. What it
 * has is its own, whatever the rows say: after a restore they may have forgotten. */
void cloud_public_hear(struct cloud_op *op, const struct cloud_instance *row, int64_t generation,
                       const char *in_place);
/* After a restore: what `row` had by the backup and not by its newest wish, which names `address`
 * ("" = none), was taken from it since. */
void cloud_public_part_with_others(struct cloud_op *op, const struct cloud_instance *row,
                                   const char *address);
/* After a restore: a cluster returned that `row` was wished with that address ("" = none). */
void cloud_public_adopt(struct cloud_op *op, const struct cloud_instance *row, const char *address);
/* The address that `instance` may have now; 0 = none. */
int64_t cloud_public_in_wish(struct cloud_op *op, const char *instance);
/* The address that the host of `instance`, which ends, may have until it is gone; 0 = none. */
int64_t cloud_public_in_end(struct cloud_op *op, const char *instance);
