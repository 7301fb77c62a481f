/* reach.c - what differs of a network's peers, and the next job that tells it. */
#include "computer-manager/model/reach.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_SIZE = 9 };

static const char *key_of(char out[KEY_SIZE], uint32_t address)
{
    snprintf(out, KEY_SIZE, "%08x", address);
    return out;
}

static struct host_place *place_at(const struct host_reach *r, uint32_t address)
{
    char key[KEY_SIZE];
    return map_get(&r->places, key_of(key, address));
}

struct host_reach *host_reach_new(int64_t vni)
{
    struct host_reach *r = check_alloc(sizeof *r);
    *r = (struct host_reach){.vni = vni, .is_forgotten = true};
    list_init(&r->differs);
    return r;
}

void host_reach_free(struct host_reach *r)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&r->places, &at)) != NULL;)
        free(e->value);
    map_fini(&r->places);
    free(r);
}

static void mark(struct host_reach *r, struct host_place *p)
{
    p->is_under_way = false; /* the job at hand says what was before */
    list_remove(&p->differs);
    list_append(&r->differs, &p->differs);
}

void host_reach_set(struct host_reach *r, const struct host_net_peer *peer)
{
    struct host_place *p = place_at(r, peer->address);
    char key[KEY_SIZE];
    if (p != NULL && memcmp(&p->peer, peer, sizeof *peer) == 0)
        return;
    if (p == NULL) {
        p = check_alloc(sizeof *p);
        list_init(&p->differs);
        map_put(&r->places, key_of(key, peer->address), p);
    }
    p->peer = *peer;
    mark(r, p);
}

void host_reach_drop(struct host_reach *r, const struct host_net_peer *peer)
{
    const struct host_place *p = place_at(r, peer->address);
    if (p != NULL && memcmp(p->peer.mac, peer->mac, sizeof peer->mac) == 0)
        host_reach_set(r, &(struct host_net_peer){.address = peer->address});
}

void host_reach_touch(struct host_reach *r, uint32_t address)
{
    struct host_place *p = place_at(r, address);
    if (p != NULL)
        mark(r, p);
}

void host_reach_forget(struct host_reach *r)
{
    r->is_forgotten = true;
    r->from = 0;
    r->job_id = 0; /* whatever it comes to is of the past */
}

bool host_reach_is_empty(const struct host_reach *r)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&r->places, &at)) != NULL;)
        if (((const struct host_place *)e->value)->peer.tunnel != 0)
            return false;
    return true;
}

bool host_reach_is_settled(const struct host_reach *r)
{
    return !r->is_forgotten && list_is_empty(&r->differs);
}

/* ---- the next job ------------------------------------------------------------------------- */

static int by_address(const void *a, const void *b)
{
    uint32_t x = ((const struct host_net_peer *)a)->address;
    uint32_t y = ((const struct host_net_peer *)b)->address;
    return x < y ? -1 : x > y;
}

/* All that are somewhere at or after `from`, in order; the caller frees. */
static struct host_net_peer *sorted_from(const struct host_reach *r, uint32_t from, size_t *len)
{
    struct host_net_peer *all = check_alloc((r->places.live + 1) * sizeof *all);
    size_t at = 0;
    *len = 0;
    for (struct map_entry *e; (e = map_next(&r->places, &at)) != NULL;) {
        const struct host_place *p = e->value;
        if (p->peer.tunnel != 0 && p->peer.address >= from)
            all[(*len)++] = p->peer;
    }
    qsort(all, *len, sizeof *all, by_address);
    return all;
}

static void plan_page(struct host_reach *r, struct host_net_peers *out)
{
    size_t len;
    struct host_net_peer *all = sorted_from(r, r->from, &len);
    bool has_more = len > HOST_PEERS_MAX;
    out->len = has_more ? HOST_PEERS_MAX : (int64_t)len;
    memcpy(out->peers, all, (size_t)out->len * sizeof *all);
    free(all);
    r->to = has_more ? out->peers[out->len - 1].address : UINT32_MAX;
    out->is_page = r->is_page = true;
    out->from = r->from;
    out->to = r->to;
    LIST_EACH (it, &r->differs) {
        struct host_place *p = LIST_ENTRY(it, struct host_place, differs);
        p->is_under_way = p->peer.address >= r->from && p->peer.address <= r->to;
    }
}

static void plan_changes(struct host_reach *r, struct host_net_peers *out)
{
    LIST_EACH (it, &r->differs) {
        struct host_place *p = LIST_ENTRY(it, struct host_place, differs);
        p->is_under_way = out->len < HOST_PEERS_MAX;
        if (p->is_under_way)
            out->peers[out->len++] = p->peer;
    }
    qsort(out->peers, (size_t)out->len, sizeof out->peers[0], by_address);
    r->is_page = false;
}

bool host_reach_plan(struct host_reach *r, struct host_net_peers *out)
{
    if (r->job_id != 0 || host_reach_is_settled(r))
        return false;
    *out = (struct host_net_peers){.vni = r->vni};
    if (r->is_forgotten)
        plan_page(r, out);
    else
        plan_changes(r, out);
    return true;
}

static void end_place(struct host_reach *r, struct host_place *p)
{
    char key[KEY_SIZE];
    list_remove(&p->differs);
    if (p->peer.tunnel == 0)
        free(map_remove(&r->places, key_of(key, p->peer.address)));
    else
        p->is_under_way = false;
}

void host_reach_done(struct host_reach *r, bool is_well)
{
    r->job_id = 0;
    LIST_EACH_SAFE (it, &r->differs) {
        struct host_place *p = LIST_ENTRY(it, struct host_place, differs);
        if (is_well && p->is_under_way)
            end_place(r, p);
        else
            p->is_under_way = false;
    }
    if (is_well && r->is_page) {
        r->is_forgotten = r->to != UINT32_MAX;
        r->from = r->is_forgotten ? r->to + 1 : 0;
    }
}
