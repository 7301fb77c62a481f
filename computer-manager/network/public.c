/* public.c - puts a public address in place, and takes it away. The maps of the router namespace
 * say which one a guest has: they are made first and go last, so that a job that was cut short is
 * completed when it is repeated. */
#include "computer-manager/network/public.h"

#include "base/check.h"
#include "computer-manager/model/address.h"
#include "computer-manager/model/public.h"
#include "computer-manager/network/guard.h"
#include "computer-manager/network/netlink_proxy.h"
#include "computer-manager/network/ruleset.h"
#include "computer-manager/network/runfile.h"
#include "computer-manager/network/space.h"

#include <stdio.h>

/* A pair of the router's maps. */
struct pair {
    int64_t vni;
    uint32_t address, public_address;
};

/* ---- inside the router namespace ------------------------------------------------------------ */

static enum err_code read_map(const char *map, uint32_t key, uint32_t *value, struct err *err)
{
    CLEANUP(buf_fini) struct buf listing = {0};
    char command[64];
    snprintf(command, sizeof command, "list map ip " HOST_PUBLIC_TABLE " %s", map);
    if (ruleset_list(command, RULESET_ELEMENTS, &listing, err) != ERR_OK)
        return err->code;
    *value = host_public_listed(buf_str(&listing), key);
    return ERR_OK;
}

static enum err_code read_public(void *self, struct err *err)
{
    struct pair *pair = self;
    return read_map(HOST_PUBLIC_TO_WORLD, pair->address, &pair->public_address, err);
}

static enum err_code map_inside(void *self, struct err *err)
{
    const struct pair *pair = self;
    CLEANUP(buf_fini) struct buf text = {0};
    uint32_t other = 0;
    host_public_router(&text);
    if (read_map(HOST_PUBLIC_TO_GUEST, pair->public_address, &other, err) != ERR_OK)
        return err->code;
    if (other != 0 && other != pair->address)
        host_public_unmap(&text, pair->public_address, other);
    host_public_map(&text, pair->public_address, pair->address);
    return ruleset_load(buf_str(&text), err) == ERR_OK ? guard_learn_router(pair->vni, err)
                                                       : err->code;
}

static enum err_code unmap_inside(void *self, struct err *err)
{
    const struct pair *pair = self;
    CLEANUP(buf_fini) struct buf text = {0};
    host_public_unmap(&text, pair->public_address, pair->address);
    return ruleset_load(buf_str(&text), err) == ERR_OK ? guard_learn_router(pair->vni, err)
                                                       : err->code;
}

/* ---- this machine --------------------------------------------------------------------------- */

static enum err_code answer_at_once(const char *uplink, struct err *err)
{
    char name[96];
    snprintf(name, sizeof name, "net/ipv4/neigh/%s/proxy_delay", uplink);
    return runfile_sysctl(name, "0", RUNFILE_REQUIRED, err);
}

static enum err_code find_uplink(struct vpc *v, char uplink[NETLINK_NAME_SIZE], struct err *err)
{
    return netlink_default_link(&v->net->home, uplink)
               ? ERR_OK
               : err_set(err, ERR_UNSUPPORTED,
                         "this host has no default route, so no link for public addresses");
}

static enum err_code admit(struct vpc *v, uint32_t public_address, struct err *err)
{
    CLEANUP(buf_fini) struct buf text = {0};
    host_public_admit(&text, v->net->prefix, public_address);
    return ruleset_load(buf_str(&text), err);
}

static enum err_code dismiss(struct vpc *v, uint32_t public_address, struct err *err)
{
    CLEANUP(buf_fini) struct buf text = {0};
    host_public_dismiss(&text, v->net->prefix, public_address);
    return ruleset_load(buf_str(&text), err);
}

/* From the guest outwards: the neighbours hear of it when everything behind stands. */
static enum err_code put(struct vpc *v, struct pair *pair, struct err *err)
{
    char uplink[NETLINK_NAME_SIZE];
    struct netlink *home = &v->net->home;
    uint32_t address = pair->public_address;
    if (find_uplink(v, uplink, err) != ERR_OK ||
        space_visit(v->space, map_inside, pair, err) != ERR_OK ||
        admit(v, address, err) != ERR_OK ||
        netlink_add_route(home, address, 32, vpc_router_address(v), v->uplink, NULL, err) !=
            ERR_OK ||
        answer_at_once(uplink, err) != ERR_OK ||
        netlink_proxy_set(home, uplink, address, err) != ERR_OK)
        return err->code;
    return netlink_announce(home, uplink, address, err);
}

static enum err_code take(struct vpc *v, struct pair *pair, struct err *err)
{
    char uplink[NETLINK_NAME_SIZE];
    struct netlink *home = &v->net->home;
    if (netlink_default_link(home, uplink) &&
        netlink_proxy_delete(home, uplink, pair->public_address, err) != ERR_OK)
        return err->code;
    if (netlink_delete_route(home, pair->public_address, 32, v->uplink, err) != ERR_OK ||
        dismiss(v, pair->public_address, err) != ERR_OK)
        return err->code;
    return space_visit(v->space, unmap_inside, pair, err);
}

enum err_code public_remove(struct vpc *v, uint32_t address, struct err *err)
{
    struct pair had = {.vni = v->vni, .address = address};
    if (!space_exists(v->space))
        return ERR_OK;
    if (space_visit(v->space, read_public, &had, err) != ERR_OK)
        return err->code;
    return had.public_address == 0 ? ERR_OK : take(v, &had, err);
}

enum err_code public_ensure(struct vpc *v, const struct host_port *port, struct err *err)
{
    struct pair had = {.vni = v->vni, .address = port->address};
    struct pair wanted = {
        .vni = v->vni, .address = port->address, .public_address = port->public_address};
    if (space_visit(v->space, read_public, &had, err) != ERR_OK)
        return err->code;
    if (had.public_address != 0 && had.public_address != wanted.public_address &&
        take(v, &had, err) != ERR_OK)
        return err->code;
    return wanted.public_address == 0 ? ERR_OK : put(v, &wanted, err);
}
