/* public_lend.c - public addresses that come and go with instances, and who may have one when. */
#include "base/log.h"
#include "base/str.h"
#include "cloud-manager/model/address.h"
#include "cloud-manager/model/want.h"
#include "cloud-manager/ops/public_address.h"
#include "cloud-manager/store/setting.h"

#include <stdlib.h>

/* Where the last search ended: an address that was given back rests while others are free. */
static const char cursor[] = "public-address";

static int64_t load_cursor(struct cloud_op *op)
{
    const char *text = cloud_setting_get(op->store, op->arena, cursor);
    return text != NULL ? strtoll(text, NULL, 10) : 0;
}

int64_t cloud_public_free(struct cloud_op *op)
{
    const struct cloud_pool *pool = &op->config->pool;
    struct cloud_public row;
    int64_t address = load_cursor(op);
    for (int64_t tried = 0; tried < cloud_pool_size(pool); tried++) {
        address = cloud_pool_next(pool, address);
        if (cloud_public_get(op->store, op->arena, address, &row))
            continue;
        cloud_setting_save(op->store, cursor, arena_printf(op->arena, "%lld", (long long)address));
        return address;
    }
    return 0;
}

bool cloud_public_lend(struct cloud_op *op, const struct cloud_instance *row)
{
    struct cloud_public had;
    if (op->config->pool.len == 0)
        return false;
    if (cloud_public_of_instance(op->store, op->arena, row->id, &had))
        return true;
    int64_t address = cloud_public_free(op);
    if (address == 0)
        return false;
    cloud_public_insert(op->store, &(struct cloud_public){.address = address,
                                                          .account = row->account,
                                                          .allocation = "",
                                                          .association = "",
                                                          .want = row->id,
                                                          .held = row->id,
                                                          .created_wall_ms = op->wall_ms});
    return true;
}

void cloud_public_part(struct cloud_op *op, const struct cloud_instance *row, int64_t generation)
{
    struct cloud_public had;
    if (!cloud_public_of_instance(op->store, op->arena, row->id, &had))
        return;
    bool is_lent = *had.allocation == '\0';
    if (!is_lent && row->want != CLOUD_WANT_TERMINATED)
        return;
    had.want = had.association = "";
    had.held_generation = generation;
    cloud_public_save(op->store, &had);
}

/* It is at that host: nobody else is told of it before this one is without it, and this one, if it
 * is to have it, is told so again: while another one held it, it was told to be without. */
static void claim(struct cloud_op *op, const struct cloud_instance *row, int64_t address)
{
    struct cloud_public had = {.address = address,
                               .account = row->account,
                               .allocation = "",
                               .association = "",
                               .want = "",
                               .held = row->id,
                               .held_generation = row->generation,
                               .created_wall_ms = op->wall_ms};
    if (!cloud_public_get(op->store, op->arena, address, &had)) {
        cloud_public_insert(op->store, &had);
    } else if (!str_eq(had.held, row->id)) {
        had.held = row->id;
        had.held_generation = row->generation;
        cloud_public_save(op->store, &had);
        if (str_eq(had.want, row->id))
            cloud_instance_touch(op->store, row->id);
    }
}

void cloud_public_hear(struct cloud_op *op, const struct cloud_instance *row, int64_t generation,
                       const char *in_place)
{
    int64_t address = 0;
    if (*in_place != '\0' && !cloud_address_parse(in_place, &address)) {
        log_error("public.malformed", "id", row->id, "address", in_place, NULL);
        return; /* what it has is unknown: nothing is given on */
    }
    cloud_public_given_up(op->store, row->id, generation, address);
    if (address != 0)
        claim(op, row, address);
}

void cloud_public_part_with_others(struct cloud_op *op, const struct cloud_instance *row,
                                   const char *address)
{
    struct cloud_public had;
    int64_t number = 0;
    if (*address != '\0' && !cloud_address_parse(address, &number))
        return;
    if (!cloud_public_of_instance(op->store, op->arena, row->id, &had) || had.address == number)
        return;
    had.want = had.association = "";
    had.held_generation = row->generation;
    cloud_public_save(op->store, &had);
}

/* Nobody is to have it: then the one that it was found with, unless that is to have another. */
static void want_again(struct cloud_op *op, const struct cloud_instance *row,
                       struct cloud_public *found)
{
    struct cloud_public other;
    if (*found->want != '\0' || row->want != CLOUD_WANT_RUNNING ||
        cloud_public_of_instance(op->store, op->arena, row->id, &other))
        return;
    found->want = row->id;
    found->association = *found->allocation != '\0' ? cloud_id(op, "eipassoc") : "";
    cloud_public_save(op->store, found);
}

void cloud_public_adopt(struct cloud_op *op, const struct cloud_instance *row, const char *address)
{
    struct cloud_public found;
    int64_t number = 0;
    if (!cloud_address_parse(address, &number))
        return;
    claim(op, row, number);
    if (!cloud_public_get(op->store, op->arena, number, &found))
        return;
    want_again(op, row, &found);
    /* Told anew: without it, where it is somebody else's by now. */
    cloud_instance_touch(op->store, row->id);
    if (!str_eq(found.want, row->id)) {
        found.held_generation = row->generation + 1;
        cloud_public_save(op->store, &found);
    }
}

int64_t cloud_public_in_wish(struct cloud_op *op, const char *instance)
{
    struct cloud_public row;
    return cloud_public_of_instance(op->store, op->arena, instance, &row) &&
                   str_eq(row.held, instance)
               ? row.address
               : 0;
}

int64_t cloud_public_in_end(struct cloud_op *op, const char *instance)
{
    struct cloud_public row;
    return cloud_public_held_by(op->store, op->arena, instance, &row) ? row.address : 0;
}
