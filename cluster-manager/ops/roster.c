/* roster.c - see roster.h.
 *
 * Three things change what is said of a host: a row (triggers note it in host_changed), its own
 * word (noted as it comes), and time, by which a host falls silent: not before the earliest of
 * those that are up could. */
#include "cluster-manager/ops/roster.h"

#include "base/check.h"
#include "base/str.h"
#include "cluster-manager/store/host.h"

#include <stdlib.h>
#include <string.h>

void cluster_roster_init(struct cluster_roster *r)
{
    *r = (struct cluster_roster){0};
    list_init(&r->noted);
}

void cluster_roster_fini(struct cluster_roster *r)
{
    free(r->hosts);
    free(r->of);
}

void cluster_roster_note(struct cluster_core *c, struct cluster_host *h)
{
    if (list_is_empty(&h->noted))
        list_append(&c->roster.noted, &h->noted);
}

/* The only way in which a host of the list changes: the sums follow. */
static void revise(struct cluster_roster *r, size_t at, struct place_host now)
{
    zone_take(&r->zone, &r->hosts[at]);
    r->hosts[at] = now;
    zone_add(&r->zone, &now);
}

void cluster_roster_take(struct cluster_core *c, size_t at, struct room need)
{
    struct cluster_roster *r = &c->roster;
    PRE(at < r->len);
    struct place_host now = r->hosts[at];
    now.used = room_add_times(now.used, need, 1);
    revise(r, at, now);
    r->of[at]->is_counted = true;
    cluster_roster_note(c, r->of[at]);
}

void cluster_roster_doubt(struct cluster_core *c)
{
    c->roster.is_whole = false;
}

/* ---- one host ------------------------------------------------------------------------------ */

/* Who was heard and has no answer yet may be up by the next look: its lease comes with the answer.
 */
static bool is_answered(const struct cluster_core *c, const struct cluster_host *h)
{
    return sync_parent_child_state(&c->down, h->node, c->mono_ms) != SYNC_CHILD_DOWN ||
           !sync_parent_is_heard(&c->down, h->node, c->mono_ms);
}

static void read_life(struct cluster_core *c, size_t at)
{
    struct cluster_roster *r = &c->roster;
    const struct cluster_host *h = r->of[at];
    struct place_host now = r->hosts[at];
    int64_t until = sync_parent_up_until(&c->down, h->node, c->mono_ms);
    now.is_up = until >= c->mono_ms && *h->health == '\0' && h->total.memory_mib > 0;
    now.total = h->total;
    if (until >= c->mono_ms && until < r->silent_mono_ms)
        r->silent_mono_ms = until;
    if (now.is_up != r->hosts[at].is_up || !room_equal(now.total, r->hosts[at].total))
        revise(r, at, now);
    if (!is_answered(c, h))
        cluster_roster_note(c, r->of[at]);
}

static void read_rows(struct cluster_core *c, size_t at)
{
    struct cluster_roster *r = &c->roster;
    struct cluster_host_rows rows = cluster_host_load(c->store, r->hosts[at].node);
    struct place_host now = r->hosts[at];
    now.used = rows.used;
    now.is_drained = rows.is_drained;
    r->of[at]->instances = rows.instances;
    r->of[at]->is_counted = false;
    revise(r, at, now);
}

/* ---- all of them --------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct cluster_host *const *)a)->node,
                  (*(struct cluster_host *const *)b)->node);
}

static void read_lives(struct cluster_core *c)
{
    c->roster.silent_mono_ms = INT64_MAX;
    for (size_t i = 0; i < c->roster.len; i++)
        read_life(c, i);
}

/* What a type asks for is counted with the least that a root disk can be. */
static const int64_t LEAST_DISK_BYTES = (int64_t)1 << 30;

static void read_shapes(struct cluster_core *c)
{
    struct zone *z = &c->roster.zone;
    struct query q;
    *z = (struct zone){0};
    STORE_EACH (c->store, q, "SELECT type, vcpus, memory_mib FROM shape ORDER BY type LIMIT ?", "i",
                (int64_t)ZONE_SHAPES_MAX) {
        struct zone_shape *s = &z->shapes[z->shapes_len++];
        str_copy(s->type, sizeof s->type, query_text(&q, 0));
        s->need = (struct room){room_memory_of(query_i64(&q, 2)), query_i64(&q, 1),
                                LEAST_DISK_BYTES};
    }
}

static void read_all(struct cluster_core *c)
{
    struct cluster_roster *r = &c->roster;
    size_t at = 0;
    cluster_roster_fini(r);
    r->hosts = check_alloc((c->rooms.live + 1) * sizeof *r->hosts);
    r->of = check_alloc((c->rooms.live + 1) * sizeof(void *));
    r->len = 0;
    read_shapes(c);
    for (struct map_entry *e; (e = map_next(&c->rooms, &at)) != NULL;)
        r->of[r->len++] = e->value;
    qsort(r->of, r->len, sizeof(void *), by_name);
    for (size_t i = 0; i < r->len; i++) {
        r->of[i]->at = i;
        r->hosts[i] = (struct place_host){.node = r->of[i]->node};
        read_rows(c, i);
    }
    read_lives(c);
    r->is_whole = true;
}

/* Each is read once: a page of wishes is placed one by one, and looks before each. */
static void read_changed(struct cluster_core *c)
{
    struct query q;
    bool any = false;
    STORE_EACH (c->store, q, "SELECT host FROM host_changed ORDER BY host", "") {
        long at = cluster_roster_find(&c->roster, query_text(&q, 0));
        if (at >= 0)
            read_rows(c, (size_t)at);
        any = true;
    }
    if (any)
        cluster_host_forget_changed(c->store);
}

static void read_noted(struct cluster_core *c)
{
    LIST_EACH_SAFE (it, &c->roster.noted) {
        struct cluster_host *h = LIST_ENTRY(it, struct cluster_host, noted);
        read_life(c, h->at);
        if (h->is_counted)
            read_rows(c, h->at);
        if (is_answered(c, h))
            list_remove(it);
    }
}

struct cluster_roster *cluster_roster_look(struct cluster_core *c)
{
    struct cluster_roster *r = &c->roster;
    r->is_read = true;
    if (!r->is_whole || r->len != c->rooms.live)
        read_all(c);
    read_changed(c);
    read_noted(c);
    if (c->mono_ms > r->silent_mono_ms)
        read_lives(c);
    return r;
}

void cluster_roster_settle(struct cluster_core *c)
{
    if (cluster_host_any_changed(c->store))
        cluster_roster_look(c);
}

long cluster_roster_find(const struct cluster_roster *r, const char *node)
{
    size_t from = 0, to = r->len;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = strcmp(node, r->hosts[middle].node);
        if (order == 0)
            return (long)middle;
        *(order < 0 ? &to : &from) = order < 0 ? middle : middle + 1;
    }
    return -1;
}
