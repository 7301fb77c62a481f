/* place.c - zone, subnet, groups and address of a launch. */
#include "cloud-manager/ops/place.h"

#include "base/check.h"
#include "base/str.h"
#include "cloud-manager/model/address.h"
#include "cloud-manager/ops/port_groups.h"
#include "cloud-manager/ops/room.h"

#include <string.h>

static enum err_code take_zone(struct cloud_op *op, const char *letter, struct cloud_place *out,
                               struct err *err)
{
    if (!cloud_node_by_letter(op->store, op->arena, letter, &out->node) ||
        !cloud_subnet_default(op->store, op->arena, op->account, letter, &out->subnet))
        return err_set(err, ERR_INVALID_PARAMETER, "Invalid availability zone: [%s]",
                       cloud_zone_name(op, letter));
    return ERR_OK;
}

static enum err_code by_subnet(struct cloud_op *op, const struct cloud_launch *launch,
                               struct cloud_place *out, struct err *err)
{
    if (!cloud_subnet_get(op->store, op->arena, op->account, launch->subnet, &out->subnet))
        return err_set(err, ERR_SUBNET_NOT_FOUND, "The subnet ID '%.64s' does not exist",
                       launch->subnet);
    const char *zone = cloud_zone_name(op, out->subnet.letter);
    if (*launch->zone != '\0' && !str_eq(launch->zone, zone))
        return err_set(err, ERR_PARAMETER_COMBINATION, "The subnet %s is in the zone %s, not %.64s",
                       launch->subnet, zone, launch->zone);
    if (!cloud_node_by_letter(op->store, op->arena, out->subnet.letter, &out->node))
        return err_set(err, ERR_NO_CAPACITY, "The zone %s has no cluster", zone);
    return ERR_OK;
}

static enum err_code by_zone(struct cloud_op *op, const char *zone, struct cloud_place *out,
                             struct err *err)
{
    size_t len = strlen(op->config->region);
    if (!str_has_prefix(zone, op->config->region) || strlen(zone) != len + 1)
        return err_set(err, ERR_INVALID_PARAMETER, "Invalid availability zone: [%.64s]", zone);
    return take_zone(op, zone + len, out, err);
}

static enum err_code by_room(struct cloud_op *op, const struct cloud_type *type, int64_t disk_gib,
                             struct cloud_place *out, struct err *err)
{
    size_t len;
    const struct cloud_node *zones = cloud_node_list(op->store, op->arena, "cluster", &len);
    const char *best = NULL;
    int64_t most = -1;
    for (size_t i = 0; i < len; i++) {
        int64_t fits = cloud_room_fits(op, zones[i].name, type, disk_gib);
        if (fits > most) {
            best = zones[i].letter;
            most = fits;
        }
    }
    if (best == NULL)
        return err_set(err, ERR_NO_CAPACITY,
                       "No cluster has joined yet: there is no zone to start instances in");
    return take_zone(op, best, out, err);
}

enum err_code cloud_place_choose(struct cloud_op *op, const struct cloud_launch *launch,
                                 const struct cloud_type *type, int64_t disk_gib,
                                 struct cloud_place *out, struct err *err)
{
    enum err_code code = *launch->subnet != '\0' ? by_subnet(op, launch, out, err)
                         : *launch->zone != '\0' ? by_zone(op, launch->zone, out, err)
                                                 : by_room(op, type, disk_gib, out, err);
    if (code == ERR_OK)
        out->fits = cloud_room_fits(op, out->node.name, type, disk_gib);
    return code;
}

enum err_code cloud_place_groups(struct cloud_op *op, const struct cloud_launch *launch,
                                 const char *vpc, struct cloud_port_group *out, size_t *len,
                                 struct err *err)
{
    static const char *const otherwise[] = {"default"};
    struct cloud_group_names wanted = {launch->groups, launch->groups_len, launch->group_names,
                                       launch->group_names_len};
    if (wanted.ids_len + wanted.names_len == 0)
        wanted = (struct cloud_group_names){.names = otherwise, .names_len = 1};
    return cloud_port_groups_find(op, &wanted, vpc, out, len, err);
}

static enum err_code take_address(struct cloud_op *op, const struct cloud_subnet *subnet,
                                  const char *wanted, int64_t *address, struct err *err)
{
    if (!cloud_address_parse(wanted, address))
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Value (%.64s) for parameter privateIpAddress is invalid. Invalid IPv4 "
                       "address.",
                       wanted);
    if (*address < cloud_subnet_first(subnet->base) ||
        *address > cloud_subnet_last(subnet->base, (int)subnet->prefix))
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Address %.64s is not one that the subnet '%s' gives out", wanted,
                       subnet->id);
    if (cloud_address_is_taken(op->store, subnet->vpc, *address))
        return err_set(err, ERR_ADDRESS_IN_USE, "Address %.64s is in use.", wanted);
    return ERR_OK;
}

static enum err_code next_address(struct cloud_op *op, struct cloud_subnet *subnet,
                                  int64_t *address, struct err *err)
{
    int64_t room = cloud_subnet_room((int)subnet->prefix);
    for (int64_t i = 0; i < room && subnet->used < room; i++) {
        int64_t offset = (subnet->next + i) % room;
        *address = cloud_subnet_first(subnet->base) + offset;
        if (cloud_address_is_taken(op->store, subnet->vpc, *address))
            continue;
        subnet->next = (offset + 1) % room;
        cloud_subnet_set_next(op->store, subnet->id, subnet->next);
        return ERR_OK;
    }
    return err_set(err, ERR_SUBNET_FULL,
                   "There are not enough free addresses in subnet '%s' to satisfy the request",
                   subnet->id);
}

enum err_code cloud_place_address(struct cloud_op *op, struct cloud_subnet *subnet,
                                  const char *wanted, int64_t *address, struct err *err)
{
    enum err_code code = *wanted != '\0' ? take_address(op, subnet, wanted, address, err)
                                         : next_address(op, subnet, address, err);
    subnet->used += code == ERR_OK;
    return code;
}

const char *cloud_place_mac(struct cloud_op *op, const char *port)
{
    char mac[CLOUD_MAC_SIZE];
    unsigned char bytes[CLOUD_MAC_FREE];
    bool is_hex = str_unhex(
        bytes, sizeof bytes,
        arena_printf(op->arena, "%.*s", 2 * CLOUD_MAC_FREE, port + strlen("eni-")));
    INV(is_hex);
    cloud_mac_format(mac, bytes);
    while (cloud_mac_is_taken(op->store, mac)) {
        op->rng->fill(op->rng->self, bytes, sizeof bytes);
        cloud_mac_format(mac, bytes);
    }
    return arena_strdup(op->arena, mac);
}
