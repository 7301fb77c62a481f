/* public_address.c - what an account asks of its public addresses. */
#include "cloud-manager/model/want.h"
#include "cloud-manager/ops/public_address.h"

#include "base/check.h"
#include "base/id.h"
#include "base/str.h"
#include "cloud-manager/model/address.h"
#include "cloud-manager/ops/instance.h"

enum err_code cloud_address_allocate(struct cloud_op *op, const struct cloud_tag_specs *tags,
                                     struct cloud_public *out, struct err *err)
{
    if (cloud_authorize(op, CLOUD_DO_ALLOCATE_ADDRESS, err) != ERR_OK)
        return err->code;
    if (op->config->pool.len == 0)
        return err_set(err, ERR_ADDRESS_CAPACITY,
                       "This cloud has no public addresses; its operator can give it some with "
                       "network.public-pool");
    if (cloud_public_count(op->store, op->account) >= op->config->quota_addresses)
        return err_set(err, ERR_ADDRESS_LIMIT,
                       "The maximum number of addresses has been reached: %lld",
                       (long long)op->config->quota_addresses);
    *out = (struct cloud_public){.address = cloud_public_free(op),
                                 .account = op->account,
                                 .allocation = cloud_id(op, "eipalloc"),
                                 .association = "",
                                 .want = "",
                                 .held = "",
                                 .created_wall_ms = op->wall_ms};
    if (out->address == 0)
        return err_set(err, ERR_ADDRESS_CAPACITY, "All public addresses are in use");
    cloud_public_insert(op->store, out);
    return cloud_tag_new(op, out->allocation, "elastic-ip", tags, err);
}

/* ---- which one? ---------------------------------------------------------------------------- */

static enum err_code find_by_allocation(struct cloud_op *op, const char *id,
                                        struct cloud_public *out, struct err *err)
{
    if (!cloud_public_by_allocation(op->store, op->arena, id, out) ||
        !str_eq(out->account, op->account))
        return err_set(err, ERR_ALLOCATION_NOT_FOUND, "The allocation ID '%.64s' does not exist",
                       id);
    return ERR_OK;
}

static enum err_code find_by_association(struct cloud_op *op, const char *id,
                                         struct cloud_public *out, struct err *err)
{
    if (!cloud_public_by_association(op->store, op->arena, id, out) ||
        !str_eq(out->account, op->account))
        return err_set(err, ERR_ASSOCIATION_NOT_FOUND, "The association ID '%.64s' does not exist",
                       id);
    return ERR_OK;
}

static enum err_code find_by_address(struct cloud_op *op, const char *text,
                                     struct cloud_public *out, struct err *err)
{
    int64_t address;
    if (!cloud_address_parse(text, &address))
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Value (%.64s) for parameter publicIp is invalid. Invalid IPv4 address.",
                       text);
    if (!cloud_public_get(op->store, op->arena, address, out) ||
        !str_eq(out->account, op->account) || *out->allocation == '\0')
        return err_set(err, ERR_ADDRESS_NOT_FOUND, "Address '%s' not found.", text);
    return ERR_OK;
}

static enum err_code find(struct cloud_op *op, const struct cloud_address_name *name,
                          struct cloud_public *out, struct err *err)
{
    int given = (*name->allocation != '\0') + (*name->association != '\0') +
                (*name->address != '\0');
    if (given == 0)
        return err_set(err, ERR_MISSING_PARAMETER,
                       "Either public IP or allocation id must be specified");
    if (given > 1)
        return err_set(err, ERR_PARAMETER_COMBINATION,
                       "You may specify public IP or allocation id, but not both in the same call");
    if (*name->allocation != '\0')
        return find_by_allocation(op, name->allocation, out, err);
    if (*name->association != '\0')
        return find_by_association(op, name->association, out, err);
    return find_by_address(op, name->address, out, err);
}

/* The instance whose port is meant, with that port. */
static enum err_code find_target(struct cloud_op *op, const struct cloud_associate *ask,
                                 struct cloud_instance *row, struct cloud_port *port,
                                 struct err *err)
{
    const char *id = ask->instance;
    bool by_port = *ask->port != '\0';
    if (by_port == (*id != '\0'))
        return err_set(err, by_port ? ERR_PARAMETER_COMBINATION : ERR_MISSING_PARAMETER,
                       "Specify either an instance id or a network interface id");
    if (by_port && (!cloud_port_get(op->store, op->arena, ask->port, port) ||
                    !str_eq(port->account, op->account)))
        return err_set(err, ERR_NETWORK_INTERFACE_NOT_FOUND,
                       "The networkInterface ID '%.64s' does not exist", ask->port);
    if (cloud_instance_find(op, by_port ? port->instance : id, row, err) != ERR_OK)
        return err->code;
    if (row->want == CLOUD_WANT_TERMINATED)
        return err_set(err, ERR_INSTANCE_STATE, "The instance '%s' is being terminated", row->id);
    if (!by_port && !cloud_port_of_instance(op->store, op->arena, row->id, port))
        return err_set(err, ERR_INSTANCE_STATE, "The instance '%s' has no network interface",
                       row->id);
    if (*ask->private_address != '\0') {
        char own[CLOUD_ADDRESS_SIZE];
        cloud_address_format(own, port->address);
        if (!str_eq(own, ask->private_address))
            return err_set(err, ERR_INVALID_PARAMETER,
                           "The network interface %s has no private address %.32s", port->id,
                           ask->private_address);
    }
    return ERR_OK;
}

/* ---- giving and taking --------------------------------------------------------------------- */

/* `row` is no longer for its instance, which is told. */
static void take_away(struct cloud_op *op, struct cloud_public *row)
{
    struct cloud_instance owner;
    if (*row->want == '\0')
        return;
    if (cloud_instance_get(op->store, op->arena, row->want, &owner) && owner.is_live) {
        row->held_generation = owner.generation + 1;
        cloud_instance_touch(op->store, owner.id);
    }
    row->want = row->association = "";
    cloud_public_save(op->store, row);
}

static void take_other(struct cloud_op *op, const char *instance)
{
    struct cloud_public other;
    if (cloud_public_of_instance(op->store, op->arena, instance, &other))
        take_away(op, &other);
}

enum err_code cloud_address_associate(struct cloud_op *op, const struct cloud_associate *ask,
                                      const char **association, struct err *err)
{
    struct cloud_public row = {0};
    struct cloud_instance target = {0};
    struct cloud_port port;
    if (cloud_authorize(op, CLOUD_DO_ASSOCIATE_ADDRESS, err) != ERR_OK ||
        find(op, &ask->address, &row, err) != ERR_OK ||
        find_target(op, ask, &target, &port, err) != ERR_OK)
        return err->code;
    INV(row.want != NULL && target.id != NULL); /* both were found */
    *association = row.association;
    if (str_eq(row.want, target.id))
        return ERR_OK;
    if (*row.want != '\0' && !ask->may_move)
        return err_set(err, ERR_ADDRESS_ASSOCIATED,
                       "resource %s is already associated with associate-id %s", row.allocation,
                       row.association);
    take_away(op, &row);
    take_other(op, target.id);
    row.want = target.id;
    row.association = *association = cloud_id(op, "eipassoc");
    cloud_public_save(op->store, &row);
    if (str_eq(row.held, target.id)) /* it was about to give up the very same */
        cloud_instance_touch(op->store, target.id);
    return ERR_OK;
}

enum err_code cloud_address_disassociate(struct cloud_op *op, const struct cloud_address_name *name,
                                         struct err *err)
{
    struct cloud_public row = {0};
    struct cloud_instance owner;
    if (cloud_authorize(op, CLOUD_DO_DISASSOCIATE_ADDRESS, err) != ERR_OK ||
        find(op, name, &row, err) != ERR_OK)
        return err->code;
    INV(row.want != NULL); /* it was found */
    if (*row.want == '\0')
        return err_set(err, ERR_ASSOCIATION_NOT_FOUND, "The address is not associated");
    const char *was = row.want;
    take_away(op, &row);
    if (cloud_instance_get(op->store, op->arena, was, &owner) && owner.is_public &&
        owner.want == CLOUD_WANT_RUNNING)
        cloud_public_lend(op, &owner);
    return ERR_OK;
}

enum err_code cloud_address_release(struct cloud_op *op, const struct cloud_address_name *name,
                                    struct err *err)
{
    struct cloud_public row = {0};
    if (cloud_authorize(op, CLOUD_DO_RELEASE_ADDRESS, err) != ERR_OK ||
        find(op, name, &row, err) != ERR_OK)
        return err->code;
    INV(row.want != NULL); /* it was found */
    if (*row.want != '\0') {
        char text[CLOUD_ADDRESS_SIZE];
        cloud_address_format(text, row.address);
        return err_set(err, ERR_ADDRESS_IN_USE,
                       "The address %s is associated with %s; disassociate it first", text,
                       row.want);
    }
    cloud_tag_delete_all(op->store, row.allocation);
    row.account = row.allocation = "";
    cloud_public_save(op->store, &row);
    return ERR_OK;
}

/* ---- reading ------------------------------------------------------------------------------- */

static bool is_named(const struct cloud_public *row, const char *const *allocations,
                     size_t allocations_len, const char *const *addresses, size_t addresses_len)
{
    char text[CLOUD_ADDRESS_SIZE];
    cloud_address_format(text, row->address);
    for (size_t i = 0; i < allocations_len; i++)
        if (str_eq(allocations[i], row->allocation))
            return true;
    for (size_t i = 0; i < addresses_len; i++)
        if (str_eq(addresses[i], text))
            return true;
    return false;
}

enum err_code cloud_addresses_describe(struct cloud_op *op, enum cloud_action_id action,
                                       const char *const *allocations, size_t allocations_len,
                                       const char *const *addresses, size_t addresses_len,
                                       struct cloud_publics *out, struct err *err)
{
    struct cloud_public row;
    if (cloud_authorize(op, action, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < allocations_len; i++)
        if (find_by_allocation(op, allocations[i], &row, err) != ERR_OK)
            return err->code;
    for (size_t i = 0; i < addresses_len; i++)
        if (find_by_address(op, addresses[i], &row, err) != ERR_OK)
            return err->code;
    *out = cloud_public_list(op->store, op->arena, op->account);
    if (allocations_len + addresses_len == 0)
        return ERR_OK;
    size_t kept = 0;
    for (size_t i = 0; i < out->len; i++)
        if (is_named(&out->list[i], allocations, allocations_len, addresses, addresses_len))
            out->list[kept++] = out->list[i];
    out->len = kept;
    return ERR_OK;
}
