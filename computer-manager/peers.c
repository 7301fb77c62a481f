/* peers.c - who of this host's networks lives on other hosts: wishes of kind "peer", told to
 * computer-network as model/reach.h plans it.
 *
 * A wish that was dropped is called gone when no network has anything left to tell: then it is out
 * of the kernel, whatever a crash left there. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/api/port.h"
#include "computer-manager/host.h"
#include "computer-manager/model/address.h"
#include "computer-manager/model/reach.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_SIZE = 24 };

/* A wish as it was taken: a tombstone does not say what it ends. */
struct host_peer {
    int64_t vni;
    struct host_net_peer at;
};

static struct host_reach *find_reach(const struct host_core *c, int64_t vni)
{
    char key[KEY_SIZE];
    snprintf(key, sizeof key, "%lld", (long long)vni);
    return map_get(&c->reaches, key);
}

static struct host_reach *reach_of(struct host_core *c, int64_t vni)
{
    struct host_reach *r = find_reach(c, vni);
    char key[KEY_SIZE];
    if (r != NULL)
        return r;
    r = host_reach_new(vni);
    snprintf(key, sizeof key, "%lld", (long long)vni);
    map_put(&c->reaches, key, r);
    return r;
}

/* ---- wishes -------------------------------------------------------------------------------- */

static enum err_code parse(const struct wire_peer *body, struct host_peer *out, struct err *err)
{
    *out = (struct host_peer){.vni = body->vni};
    if (!host_address_parse(body->address, &out->at.address) ||
        !host_address_parse(body->tunnel, &out->at.tunnel) || out->at.tunnel == 0 ||
        !host_port_parse_mac(body->mac, out->at.mac))
        return err_set(err, ERR_MALFORMED_JSON, "a peer without sound addresses");
    return ERR_OK;
}

static void drop(struct host_core *c, const char *id)
{
    struct host_peer *peer = map_remove(&c->peers, id);
    if (peer != NULL)
        host_reach_drop(reach_of(c, peer->vni), &peer->at);
    free(peer);
}

/* All hosts of a network are told alike: what lives here itself is no peer. */
static bool lives_here(const struct host_core *c, const struct host_peer *peer)
{
    uint32_t own;
    return host_address_parse(c->config->tunnel, &own) && peer->at.tunnel == own;
}

static enum err_code want(struct host_core *c, const char *id, const char *json,
                          struct arena *arena, struct err *err)
{
    struct wire_peer body;
    struct host_peer peer;
    const struct host_peer *before = map_get(&c->peers, id);
    if (wire_decode(&wire_peer_type, json, strlen(json), arena, &body, err) != ERR_OK ||
        parse(&body, &peer, err) != ERR_OK)
        return err->code;
    if (lives_here(c, &peer)) {
        drop(c, id); /* it may have lived elsewhere */
        return ERR_OK;
    }
    if (before != NULL && (before->vni != peer.vni || before->at.address != peer.at.address))
        drop(c, id);
    struct host_peer *kept = check_alloc(sizeof *kept);
    *kept = peer;
    free(map_put(&c->peers, id, kept));
    host_reach_set(reach_of(c, peer.vni), &peer.at);
    return ERR_OK;
}

enum err_code host_peers_take(struct host_core *c, const struct wire_item *wish,
                              struct arena *arena, struct err *err)
{
    if (*wish->gone == '\0')
        return want(c, wish->id, wish->body, arena, err);
    drop(c, wish->id);
    c->peers_leave = true;
    return ERR_OK;
}

void host_peers_load(struct host_core *c)
{
    struct arena arena = {0};
    struct query q;
    struct err err;
    STORE_EACH (c->store, q, "SELECT id, body FROM got WHERE kind='peer' AND gone='' ORDER BY id",
                "")
        want(c, query_text(&q, 0), query_text(&q, 1), &arena, &err); /* or refused when it came */
    arena_fini(&arena);
    c->peers_leave = true; /* perhaps */
}

void host_peers_free(struct host_core *c)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->peers, &at)) != NULL;)
        free(e->value);
    at = 0;
    for (struct map_entry *e; (e = map_next(&c->reaches, &at)) != NULL;)
        host_reach_free(e->value);
    map_fini(&c->peers);
    map_fini(&c->reaches);
}

/* ---- jobs ---------------------------------------------------------------------------------- */

static void order(struct host_core *c, struct host_reach *r)
{
    struct host_net_peers *spec = check_alloc(sizeof *spec);
    if (host_reach_plan(r, spec)) {
        spec->mtu = c->config->mtu;
        r->job_id = host_job(c, HOST_JOB_NET_PEERS, spec,
                             offsetof(struct host_net_peers, peers) +
                                 (size_t)spec->len * sizeof spec->peers[0]);
    }
    free(spec);
}

static void say_gone(struct host_core *c)
{
    struct arena arena = {0};
    struct query q;
    size_t len = 0;
    int64_t count = store_i64(
        c->store, 0, "SELECT count(*) FROM got WHERE kind='peer' AND gone<>'' AND gone_ms=0", "");
    struct wire_item *all = arena_alloc(&arena, (size_t)(count + 1) * sizeof *all);
    STORE_EACH (c->store, q,
                "SELECT id, generation, pepoch FROM got WHERE kind='peer' AND gone<>''"
                " AND gone_ms=0 ORDER BY id, pepoch",
                "")
        all[len++] = (struct wire_item){.id = arena_strdup(&arena, query_text(&q, 0)),
                                        .generation = query_i64(&q, 1),
                                        .pepoch = query_i64(&q, 2)};
    for (size_t i = 0; i < len; i++)
        sync_child_gone(&c->up, "peer", all[i].id, all[i].generation, all[i].pepoch, &c->at);
    arena_fini(&arena);
    c->peers_leave = false;
}

static void end_reach(struct host_core *c, struct host_reach *r)
{
    char key[KEY_SIZE];
    snprintf(key, sizeof key, "%lld", (long long)r->vni);
    host_reach_free(map_remove(&c->reaches, key));
}

/* Has this host a port of the network, or may it have one? */
static bool has_ports(const struct host_core *c, int64_t vni)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->records, &at)) != NULL;) {
        const struct host_record *r = e->value;
        if (r->has_port && r->vni == vni)
            return true;
    }
    return false;
}

/* Orders what is next; true when nothing is. A network that is not here waits until it is: then all
 * of it is told, also where that is nobody, for a former run may have left peers. */
static bool act_reach(struct host_core *c, struct host_reach *r)
{
    bool is_settled = host_reach_is_settled(r) || r->is_absent;
    if (!is_settled && r->job_id == 0 && c->at.now_ms >= r->next_ms)
        order(c, r);
    return is_settled;
}

/* Every network that may be here: also of a guest that is off, or on its way to be. */
static void note_networks(struct host_core *c)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->records, &at)) != NULL;) {
        const struct host_record *r = e->value;
        if (r->has_port)
            reach_of(c, r->vni);
    }
}

void host_peers_act(struct host_core *c)
{
    bool is_settled = true;
    size_t at = 0;
    note_networks(c);
    for (struct map_entry *e; (e = map_next(&c->reaches, &at)) != NULL;) {
        struct host_reach *r = e->value;
        bool is_here = has_ports(c, r->vni);
        is_settled = (!is_here || act_reach(c, r)) && is_settled;
        if (!is_here && host_reach_is_empty(r))
            end_reach(c, r);
    }
    if (is_settled && c->peers_leave)
        say_gone(c);
}

int64_t host_peers_due_ms(const struct host_core *c)
{
    int64_t due = INT64_MAX;
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->reaches, &at)) != NULL;) {
        const struct host_reach *r = e->value;
        if (r->job_id == 0 && !host_reach_is_settled(r) && r->next_ms > c->at.now_ms &&
            r->next_ms < due)
            due = r->next_ms;
    }
    return due;
}

void host_peers_done(struct host_core *c, const struct job_done *done)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->reaches, &at)) != NULL;) {
        struct host_reach *r = e->value;
        if (r->job_id != done->job_id)
            continue;
        host_reach_done(r, done->code == ERR_OK);
        c->is_dirty = true;
        r->is_absent = done->code == ERR_VPC_NOT_FOUND; /* until a port of it is made */
        if (r->is_absent) {
            host_reach_forget(r);
            return;
        }
        r->attempt = done->code == ERR_OK ? 0 : r->attempt + 1;
        r->next_ms = done->code == ERR_OK ? 0 : c->at.now_ms + host_backoff_ms(r->attempt);
        if (done->code != ERR_OK)
            log_warn("peers.failed", "network", e->key, "code", err_row(done->code)->name, "why",
                     done->text, NULL);
        return;
    }
}

bool host_peers_note_network(struct host_core *c, int64_t vni, int64_t network)
{
    struct host_reach *r = reach_of(c, vni);
    bool is_new = r->network != network;
    if (is_new)
        host_reach_forget(r);
    r->is_absent = false;
    r->network = network;
    return is_new;
}

void host_peers_touch(struct host_core *c, int64_t vni, uint32_t address)
{
    struct host_reach *r = find_reach(c, vni);
    if (r == NULL)
        return;
    if (address != 0)
        host_reach_touch(r, address);
    else
        host_reach_forget(r);
}
