/* peers.c - compares the wanted peers of a range of addresses with the kernel's, one by one. */
#include "computer-manager/network/peers.h"

#include "base/check.h"
#include "base/str.h"
#include "computer-manager/network/netlink_vxlan.h"
#include "computer-manager/network/ruleset.h"
#include "computer-manager/network/survey.h"
#include "computer-manager/network/tunnel.h"
#include "computer-manager/network/vpc.h"

#include <stdlib.h>
#include <string.h>

enum { THERE_MAX = 65536 }; /* as many as a network has addresses */

/* What the kernel has in the range, ascending; tunnel 0 = a creation that was cut short. */
struct there {
    uint32_t from, to;
    size_t len;
    struct host_net_peer peers[THERE_MAX];
};

struct work {
    struct network *net;
    struct vpc vpc;
    int bridge, tunnel; /* indexes of the links */
    struct buf out, in; /* nft texts: what is let in no more, what is let in */
    struct host_net_peers_done *done;
};

/* Large, and one job is done after the other. */
static struct survey seen;
static struct there there;

/* ---- what is there --------------------------------------------------------------------- */

static void note(void *self, const struct netlink_neigh *neigh)
{
    struct there *t = self;
    if (neigh->address < t->from || neigh->address > t->to || t->len == THERE_MAX)
        return;
    struct host_net_peer *peer = &t->peers[t->len++];
    *peer = (struct host_net_peer){.address = neigh->address};
    memcpy(peer->mac, neigh->mac, sizeof peer->mac);
}

static int by_address(const void *a, const void *b)
{
    uint32_t x = ((const struct host_net_peer *)a)->address;
    uint32_t y = ((const struct host_net_peer *)b)->address;
    return x < y ? -1 : x > y;
}

static enum err_code read_there(struct work *w, const struct host_net_peers *all, struct err *err)
{
    struct netlink *home = &w->net->home;
    struct netlink_neigh one;
    there.from = all->is_page ? all->from : 0;
    there.to = all->is_page ? all->to : UINT32_MAX;
    there.len = 0;
    if (all->is_page && netlink_neigh_list(home, w->bridge, note, &there, err) != ERR_OK)
        return err->code;
    for (int64_t i = 0; i < all->len && !all->is_page; i++)
        if (netlink_neigh_get(home, w->bridge, all->peers[i].address, &one))
            note(&there, &one);
    qsort(there.peers, there.len, sizeof there.peers[0], by_address);
    for (size_t i = 0; i < there.len; i++)
        there.peers[i].tunnel = netlink_fdb_get(home, w->tunnel, there.peers[i].mac);
    return ERR_OK;
}

/* ---- one peer -------------------------------------------------------------------------- */

static enum err_code put(struct work *w, const struct host_net_peer *peer, struct err *err)
{
    struct netlink_neigh neigh = {.address = peer->address};
    memcpy(neigh.mac, peer->mac, sizeof neigh.mac);
    if (netlink_neigh_set(&w->net->home, w->bridge, &neigh, err) != ERR_OK)
        return err->code;
    return netlink_fdb_set(&w->net->home, w->tunnel, peer->mac, peer->tunnel, err);
}

static enum err_code drop(struct work *w, const struct host_net_peer *peer, struct err *err)
{
    if (netlink_fdb_delete(&w->net->home, w->tunnel, peer->mac, err) != ERR_OK)
        return err->code;
    return netlink_neigh_delete(&w->net->home, w->bridge, peer->address, err);
}

static bool is_same(const struct host_net_peer *a, const struct host_net_peer *b)
{
    return a->tunnel == b->tunnel && memcmp(a->mac, b->mac, sizeof a->mac) == 0;
}

/* ---- the difference -------------------------------------------------------------------- */

/* Walks both lists by address; either may be NULL in a call, never both. */
static enum err_code compare(const struct host_net_peers *wanted,
                             enum err_code (*each)(struct work *w, const struct host_net_peer *have,
                                                   const struct host_net_peer *want,
                                                   struct err *err),
                             struct work *w, struct err *err)
{
    size_t h = 0, n = 0, len = (size_t)wanted->len;
    while (h < there.len || n < len) {
        const struct host_net_peer *have = h < there.len ? &there.peers[h] : NULL;
        const struct host_net_peer *want = n < len ? &wanted->peers[n] : NULL;
        if (have != NULL && want != NULL && have->address < want->address)
            want = NULL;
        else if (have != NULL && want != NULL && have->address > want->address)
            have = NULL;
        h += have != NULL;
        n += want != NULL;
        if (each(w, have, want, err) != ERR_OK)
            return err->code;
    }
    return ERR_OK;
}

/* The nft texts: nothing is let in of what goes, before it goes. */
static enum err_code plan_one(struct work *w, const struct host_net_peer *have,
                              const struct host_net_peer *want, struct err *err)
{
    bool goes = have != NULL && (want == NULL || !is_same(have, want));
    (void)err;
    if (goes && have->tunnel != 0)
        host_tunnel_remove(&w->out, w->net->prefix, w->vpc.vni, have);
    if (want != NULL)
        host_tunnel_add(&w->in, w->net->prefix, w->vpc.vni, want);
    return ERR_OK;
}

static enum err_code do_one(struct work *w, const struct host_net_peer *have,
                            const struct host_net_peer *want, struct err *err)
{
    if (have != NULL && want != NULL && is_same(have, want)) {
        w->done->kept++;
        return ERR_OK;
    }
    if (have != NULL && drop(w, have, err) != ERR_OK)
        return err->code;
    w->done->removed += have != NULL;
    w->done->made += want != NULL;
    return want != NULL ? put(w, want, err) : ERR_OK;
}

static enum err_code load(const struct buf *text, struct err *err)
{
    return text->len > 0 ? ruleset_load(text->data, err) : ERR_OK;
}

static enum err_code apply(struct work *w, const struct host_net_peers *all,
                           const struct host_net_peers *wanted, struct err *err)
{
    w->bridge = netlink_index(&w->net->home, w->vpc.bridge);
    w->tunnel = netlink_index(&w->net->home, w->vpc.tunnel);
    if (read_there(w, all, err) != ERR_OK || compare(wanted, plan_one, w, err) != ERR_OK ||
        load(&w->out, err) != ERR_OK || compare(wanted, do_one, w, err) != ERR_OK)
        return err->code;
    return load(&w->in, err);
}

/* ---- the job --------------------------------------------------------------------------- */

static bool is_local(int64_t vni, uint32_t address)
{
    for (size_t p = 0; p < seen.ports_len; p++)
        if (seen.ports[p].vni == vni && seen.ports[p].address == address)
            return true;
    return false;
}

/* Those that are elsewhere: named with a tunnel, and no port here has the address. */
static void pick_wanted(const struct host_net_peers *all, struct host_net_peers *out)
{
    *out = (struct host_net_peers){.vni = all->vni, .mtu = all->mtu};
    for (int64_t i = 0; i < all->len; i++)
        if (all->peers[i].tunnel != 0 && !is_local(all->vni, all->peers[i].address))
            out->peers[out->len++] = all->peers[i];
}

static enum err_code run(struct work *w, const struct host_net_peers *all,
                         const struct host_net_peers *wanted, struct err *err)
{
    enum err_code code = apply(w, all, wanted, err);
    buf_fini(&w->out);
    buf_fini(&w->in);
    return code;
}

enum err_code peers_apply(struct network *net, const struct host_net_peers *all,
                          struct host_net_peers_done *done, struct err *err)
{
    static struct host_net_peers wanted;
    struct work w = {.net = net, .done = done};
    if (survey_read(net, &seen, err) != ERR_OK)
        return err->code;
    if (survey_network(&seen, all->vni) == NULL || survey_count(&seen, all->vni) == 0)
        return err_set(err, ERR_VPC_NOT_FOUND, "network %lld has no port on this host",
                       (long long)all->vni);
    vpc_init(&w.vpc, net, &seen, all->vni);
    pick_wanted(all, &wanted);
    if (wanted.len == 0 && !tunnel_is_there(&w.vpc))
        return ERR_OK;
    if (tunnel_ensure(&w.vpc, wanted.mtu, err) != ERR_OK)
        return err->code;
    return run(&w, all, &wanted, err);
}

enum err_code peers_yield(const struct vpc *v, uint32_t address, struct err *err)
{
    static const struct host_net_peers nobody;
    static struct host_net_peers all;
    struct host_net_peers_done done = {0};
    struct work w = {.net = v->net, .vpc = *v, .done = &done};
    all = (struct host_net_peers){.vni = v->vni, .len = 1, .peers = {{.address = address}}};
    return tunnel_is_there(v) ? run(&w, &all, &nobody, err) : ERR_OK;
}
