/* place.c - finds hosts for instances that have none, a whole reservation in one transaction. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "cluster-manager/cluster.h"
#include "cluster-manager/model/place.h"
#include "cluster-manager/ops/decision.h"
#include "cluster-manager/ops/grant.h"
#include "cluster-manager/ops/roster.h"
#include "cluster-manager/store/instance.h"

#include <stdlib.h>
#include <string.h>

enum { TRIES_MAX = 3 }; /* hosts that may fail to start it before the zone gives up */

/* Hosts that refused this instance before. */
static void exclude(struct cluster_core *c, struct cluster_roster *all, const char *id,
                    bool is_excluded)
{
    struct query q;
    STORE_EACH (c->store, q, "SELECT host FROM excluded WHERE instance=? ORDER BY host", "s", id) {
        long at = cluster_roster_find(all, query_text(&q, 0));
        if (at >= 0)
            all->hosts[at].is_excluded = is_excluded;
    }
}

/* One transaction: the row, and the wish for the host. */
static void place_as(struct cluster_core *c, const struct cluster_instance *i, const char *host,
                     int64_t pepoch, struct arena *arena, const struct event *ev)
{
    cluster_instance_place(c->store, i->id, host, pepoch);
    const char *body = cluster_grant_body(c, i->id, host, NULL, arena, ev);
    sync_parent_want(&c->down, host, "instance", i->id, i->generation, pepoch, body);
    log_info("instance.placed", "id", i->id, "host", host, NULL);
}

static void place(struct cluster_core *c, const struct cluster_instance *i, const char *host,
                  struct arena *arena, const struct event *ev)
{
    place_as(c, i, host, i->pepoch + 1, arena, ev);
}

/* A host runs a domain of it and has no wish for that (R13): it was installed anew, and this store
 * went back to before the placement. The instance lives there, and nowhere else. */
static void place_quarantined(struct cluster_core *c, const char *id, const char *host,
                              int64_t pepoch, struct arena *arena, const struct event *ev)
{
    struct cluster_instance i;
    if (!cluster_instance_load(c->store, id, arena, &i) || *i.host != '\0')
        return; /* of two domains the one of the greater epoch */
    place_as(c, &i, host, pepoch, arena, ev);
}

static void place_all_quarantined(struct cluster_core *c, struct arena *arena,
                                  const struct event *ev)
{
    struct query q;
    STORE_EACH (c->store, q,
                "SELECT i.id, h.node, h.pepoch FROM instance i CROSS JOIN heard h ON h.id=i.id"
                " AND h.kind='stray' AND h.number>0 AND h.pepoch>=i.pepoch WHERE i.host=''"
                " AND i.refused=0 AND i.ending=0 ORDER BY i.id, h.pepoch DESC, h.node",
                "")
        place_quarantined(c, arena_strdup(arena, query_text(&q, 0)),
                          arena_strdup(arena, query_text(&q, 1)), query_i64(&q, 2), arena, ev);
}

static void refuse(struct cluster_core *c, const struct cluster_instance *i, const char *why)
{
    CLEANUP(buf_fini) struct buf body = {0};
    wire_encode(&body, &wire_instance_seen_type,
                &(struct wire_instance_seen){.state = "refused",
                                             .reason = "Server.InsufficientInstanceCapacity",
                                             .detail = why});
    cluster_instance_refuse(c->store, i->id);
    sync_child_say(&c->up, "instance", i->id, i->generation, 1, body.data);
    log_info("instance.refused", "id", i->id, "why", why, NULL);
}

struct reservation {
    struct cluster_instance *members; /* those that wait */
    struct wire_placement *decisions; /* of each; host "" = none has the room */
    size_t len;
    int64_t placed; /* others of it that have a host already */
};

static void load_reservation(struct cluster_core *c, const char *name, struct arena *arena,
                             struct reservation *r)
{
    struct query q;
    int64_t waiting = store_i64(c->store, 0,
                                "SELECT count(*) FROM instance WHERE reservation=? AND host=''"
                                " AND refused=0 AND ending=0",
                                "s", name);
    *r = (struct reservation){.placed = store_i64(c->store, 0,
                                                  "SELECT count(*) FROM instance WHERE"
                                                  " reservation=? AND host<>''",
                                                  "s", name)};
    r->members = arena_alloc(arena, (size_t)(waiting + 1) * sizeof *r->members);
    r->decisions = arena_alloc(arena, (size_t)(waiting + 1) * sizeof *r->decisions);
    STORE_EACH (c->store, q,
                "SELECT id FROM instance WHERE reservation=? AND host='' AND refused=0"
                " AND ending=0 ORDER BY id",
                "s", name) {
        bool there = cluster_instance_load(c->store, query_text(&q, 0), arena,
                                           &r->members[r->len++]);
        INV(there);
    }
}

/* A host for one instance, counted as taken. */
static struct wire_placement choose(struct cluster_core *c, struct cluster_roster *all,
                                    const struct cluster_instance *i, struct arena *arena,
                                    const struct event *ev)
{
    struct place_counts counts = {0};
    exclude(c, all, i->id, true);
    long choice = place_choose(c->config->strategy, all->hosts, all->len, i->need, &counts);
    struct wire_placement d = cluster_decision(c, all->hosts, all->len, choice, i->need, &counts,
                                               arena, ev);
    exclude(c, all, i->id, false);
    if (choice >= 0)
        cluster_roster_take(c, (size_t)choice, i->need);
    return d;
}

/* All or, below the minimum, none; each hears what was said of the first that found no host. */
static void decide(struct cluster_core *c, struct reservation *r, int64_t found,
                   struct arena *arena, const struct event *ev)
{
    bool is_enough = r->placed + found >= r->members[0].minimum;
    const char *why = "";
    for (size_t i = 0; i < r->len && *why == '\0'; i++)
        why = *r->decisions[i].host == '\0' ? r->decisions[i].counts : "";
    for (size_t i = 0; i < r->len; i++) {
        const char *host = is_enough ? r->decisions[i].host : "";
        r->decisions[i].host = host;
        cluster_decision_save(c, r->members[i].id, &r->decisions[i]);
        if (*host != '\0')
            place(c, &r->members[i], host, arena, ev);
        else
            refuse(c, &r->members[i], why);
    }
}

/* Chooses for each, and counts what it chose for those before. */
static void place_reservation(struct cluster_core *c, const char *name, struct arena *arena,
                              const struct event *ev)
{
    struct cluster_roster *all = cluster_roster_look(c);
    struct reservation r;
    load_reservation(c, name, arena, &r);
    if (r.len == 0)
        return;
    int64_t found = 0;
    for (size_t i = 0; i < r.len; i++) {
        r.decisions[i] = choose(c, all, &r.members[i], arena, ev);
        found += *r.decisions[i].host != '\0';
    }
    bool may_wait = sync_parent_awaits(&c->down, c->mono_ms) &&
                    ev->now_ms - r.members[0].since_ms < 3 * c->config->timing.suspect_ms;
    if ((size_t)found == r.len || !may_wait)
        decide(c, &r, found, arena, ev);
}

/* So many in one turn that it stays under some tens of ms: between two the hosts of the first hear
 * their wishes, and everybody else is answered. */
enum { RESERVATIONS_A_TURN = 64 };

/* The next page of a round over all that wait, in the order of their names. */
static size_t next_waiting(struct cluster_core *c, const char **names, struct arena *arena)
{
    struct query q;
    size_t len = 0;
    STORE_EACH (c->store, q,
                "SELECT DISTINCT reservation FROM instance WHERE host='' AND refused=0"
                " AND ending=0 AND reservation>? ORDER BY reservation LIMIT ?",
                "si", c->placed_to, (int64_t)RESERVATIONS_A_TURN)
        names[len++] = arena_strdup(arena, query_text(&q, 0));
    return len;
}

/* When the next page is due: at once, also of another round where this one passed by what came
 * meanwhile; else when a host that may live could have been heard. */
static int64_t next_mono_ms(const struct cluster_core *c, bool is_over, const struct event *ev)
{
    if (!is_over || c->has_come)
        return ev->at.mono_ms;
    return cluster_instance_any_waiting(c->store) ? ev->at.mono_ms + c->config->timing.heartbeat_ms
                                                  : INT64_MAX;
}

void cluster_place_waiting(struct cluster_core *c, const struct event *ev)
{
    struct arena arena = {0};
    const char *names[RESERVATIONS_A_TURN];
    if (*c->placed_to == '\0')
        c->has_come = false;
    place_all_quarantined(c, &arena, ev);
    size_t len = next_waiting(c, names, &arena);
    for (size_t i = 0; i < len; i++)
        place_reservation(c, names[i], &arena, ev);
    bool is_over = len < RESERVATIONS_A_TURN;
    str_copy(c->placed_to, sizeof c->placed_to, is_over ? "" : names[len - 1]);
    c->retry_mono_ms = next_mono_ms(c, is_over, ev);
    arena_fini(&arena);
}

static bool is_wished(const struct cluster_core *c, const char *id)
{
    return store_has(c->store,
                     "SELECT 1 FROM got WHERE kind='instance' AND id=? AND pepoch=1 AND gone=''",
                     "s", id);
}

bool cluster_place_again(struct cluster_core *c, const char *id, const char *why,
                         const struct event *ev)
{
    struct arena arena = {0};
    struct cluster_instance i;
    if (!is_wished(c, id))
        return true; /* known from a host after a restore: judged when its wish comes again */
    bool again = cluster_instance_load(c->store, id, &arena, &i) && i.tries < TRIES_MAX;
    if (again) {
        cluster_instance_exclude(c->store, id, i.host);
        struct wire_placement d = choose(c, cluster_roster_look(c), &i, &arena, ev);
        again = *d.host != '\0';
        if (again) {
            cluster_decision_save(c, id, &d);
            log_info("instance.moved", "id", id, "from", i.host, "why", why, NULL);
            sync_parent_end(&c->down, i.host, "instance", id, i.generation, i.pepoch, "moved");
            place(c, &i, d.host, &arena, ev);
        }
    }
    arena_fini(&arena);
    return again;
}
