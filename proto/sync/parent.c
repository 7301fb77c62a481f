/* parent.c - wishes down, facts up: the parent's end. See parent.h and PROTOCOL 1-4. */
#include "proto/sync/parent.h"

#include "base/check.h"
#include "base/id.h"
#include "base/list.h"
#include "base/log.h"
#include "base/str.h"
#include "proto/sync/link.h"

#include <stdlib.h>
#include <string.h>

/* Rows with a body have a rowid: in an index as wide as they are each takes pages of its own. */
const char sync_parent_schema[] =
    "CREATE TABLE parent_self(one INTEGER PRIMARY KEY CHECK(one=1), store_id TEXT NOT NULL,"
    " rev INTEGER NOT NULL, recovery INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE parent_start(n INTEGER PRIMARY KEY, start_id TEXT NOT NULL UNIQUE,"
    " first_rev INTEGER NOT NULL);"
    "CREATE TABLE child(node TEXT PRIMARY KEY, kind TEXT NOT NULL, serial TEXT NOT NULL,"
    " serial_before TEXT NOT NULL DEFAULT '', since_ms INTEGER NOT NULL DEFAULT 0,"
    " removed INTEGER NOT NULL DEFAULT 0, boot TEXT NOT NULL DEFAULT '',"
    " boot_n INTEGER NOT NULL DEFAULT 0,"
    " seen_ack INTEGER NOT NULL DEFAULT 0, want_sum INTEGER NOT NULL DEFAULT 0,"
    " fact_sum INTEGER NOT NULL DEFAULT 0, returned INTEGER NOT NULL DEFAULT 0,"
    " is_returned INTEGER NOT NULL DEFAULT 0, is_said INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
    /* In RECOVERY: what children hold, as they return it. */
    "CREATE TABLE returned(node TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,"
    " pepoch INTEGER NOT NULL, generation INTEGER NOT NULL, gone TEXT NOT NULL,"
    " body TEXT NOT NULL, PRIMARY KEY(node, kind, id, pepoch));"
    "CREATE INDEX returned_by_id ON returned(kind, id);"
    "CREATE TABLE wish(node TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,"
    " pepoch INTEGER NOT NULL, generation INTEGER NOT NULL, rev INTEGER NOT NULL,"
    " gone TEXT NOT NULL, visible INTEGER NOT NULL, body TEXT NOT NULL,"
    " PRIMARY KEY(node, kind, id, pepoch));"
    "CREATE INDEX wish_by_rev ON wish(node, rev);"
    "CREATE INDEX wish_by_id ON wish(kind, id);"
    /* parent_shared.c: what many are told alike, by topics. */
    "CREATE TABLE topic(name TEXT PRIMARY KEY, rev INTEGER NOT NULL, sum INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE INDEX topic_by_rev ON topic(rev);"
    "CREATE TABLE shared(kind TEXT NOT NULL, id TEXT NOT NULL, topic TEXT NOT NULL,"
    " generation INTEGER NOT NULL, rev INTEGER NOT NULL, body TEXT NOT NULL,"
    " PRIMARY KEY(kind, id));"
    "CREATE INDEX shared_by_rev ON shared(topic, rev);"
    "CREATE TABLE follows(node TEXT NOT NULL, topic TEXT NOT NULL, rev INTEGER NOT NULL,"
    " PRIMARY KEY(node, topic)) WITHOUT ROWID;"
    "CREATE INDEX follows_topic ON follows(topic, node);"
    "CREATE TABLE heard(node TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,"
    " pepoch INTEGER NOT NULL, generation INTEGER NOT NULL, number INTEGER NOT NULL,"
    " error TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY(node, kind, id, pepoch));";

struct sync_link *sync_link_get(const struct sync_parent *p, const char *node)
{
    return map_get(&p->children, node);
}

static struct sync_link *link_add(struct sync_parent *p, const char *node)
{
    struct sync_link *l = sync_link_get(p, node);
    if (l != NULL)
        return l;
    l = check_alloc(sizeof *l);
    list_init(&l->held);
    list_init(&l->dirty);
    list_init(&l->curious);
    str_copy(l->node, sizeof l->node, node);
    map_put(&p->children, node, l);
    p->unheard++;
    return l;
}

void sync_parent_init(struct sync_parent *p, struct store *store, const struct rng *rng,
                      const struct sync_parent_hooks *hooks, const struct sync_timing *timing)
{
    *p = (struct sync_parent){.store = store, .rng = *rng, .hooks = *hooks, .timing = *timing};
    list_init(&p->held);
    list_init(&p->dirty);
    list_init(&p->curious);
}

void sync_parent_fini(struct sync_parent *p)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&p->children, &at)) != NULL;)
        free(e->value);
    map_fini(&p->children);
}

void sync_parent_start(struct sync_parent *p, const struct event *ev)
{
    char id[ID_UUID_SIZE];
    id_uuid(id, &p->rng);
    store_run(p->store, "INSERT INTO parent_self VALUES(1, ?, 0, 0) ON CONFLICT DO NOTHING", "s",
              id);
    id_uuid(id, &p->rng);
    store_run(p->store,
              "INSERT INTO parent_start(start_id, first_rev) SELECT ?, rev+1 FROM parent_self", "s",
              id);
    p->started_mono_ms = ev->at.mono_ms;
    sync_recovery_start(p);
    struct query q;
    STORE_EACH (p->store, q, "SELECT node FROM child WHERE removed=0 ORDER BY node", "")
        link_add(p, query_text(&q, 0));
}

/* The requests of the lost turn were answered with its loss. Which of them the link still holds is
 * told by the turn they came in; one that is dropped here for being near is asked again. Who is
 * which run of a child is read from the rows again. */
static void link_reload(struct sync_parent *p, struct sync_link *l)
{
    l->busy_request = 0;
    l->need_full = l->is_recalled = false;
    l->boot[0] = '\0';
    l->idle_seq = l->busy_seq = 0;
    if (l->idle_request == 0 || l->idle_turn + 1 < p->turn_n)
        return;
    l->idle_request = 0;
    list_remove(&l->held);
    list_remove(&l->curious);
}

void sync_parent_reload(struct sync_parent *p)
{
    p->turn_rev = 0;
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&p->children, &at)) != NULL;)
        link_reload(p, e->value);
}

void sync_parent_add(struct sync_parent *p, const char *node, const char *kind, const char *serial)
{
    store_run(p->store,
              "INSERT INTO child(node, kind, serial) VALUES(?1, ?2, ?3)"
              " ON CONFLICT DO UPDATE SET kind=?2, serial_before='', serial=?3, removed=0,"
              " boot_n=0",
              "sss", node, kind, serial);
    link_add(p, node);
}

void sync_parent_renew(struct sync_parent *p, const char *node, const char *serial)
{
    store_run(p->store, "UPDATE child SET serial_before=serial, serial=? WHERE node=?", "ss",
              serial, node);
}

void sync_parent_remove(struct sync_parent *p, const char *node)
{
    store_run(p->store, "UPDATE child SET removed=1 WHERE node=?", "s", node);
}

void sync_link_touch(struct sync_parent *p, const char *node)
{
    struct sync_link *l = sync_link_get(p, node);
    if (l != NULL && list_is_empty(&l->dirty))
        list_append(&p->dirty, &l->dirty);
}

/* ---- a request ---------------------------------------------------------------------------- */

/* By which certificate `node` speaks; the newest that is known here, or for a while the one before.
 * One that our CA made later than that is of a life of this store that a restore undid: it is the
 * newest from now on, whichever run shows it. Earlier ones are no way in. */
static bool is_its_certificate(struct sync_parent *p, const char *node, const struct request *r)
{
    int64_t made_ms = r->peer_not_before_ms;
    if (store_has(p->store, "SELECT 1 FROM child WHERE node=?1 AND serial=?2 AND since_ms=?3",
                  "ssi", node, r->peer_serial, made_ms))
        return true;
    if (store_run(p->store, "UPDATE child SET since_ms=?3 WHERE node=?1 AND serial=?2", "ssi", node,
                  r->peer_serial, made_ms) > 0)
        return true;
    if (store_has(p->store, "SELECT 1 FROM child WHERE node=?1 AND (serial='' OR serial_before=?2)",
                  "ss", node, r->peer_serial))
        return true;
    return store_run(p->store,
                     "UPDATE child SET serial=?2, serial_before='', since_ms=?3, boot_n=0"
                     " WHERE node=?1 AND since_ms>0 AND since_ms<?3",
                     "ssi", node, r->peer_serial, made_ms) > 0;
}

static enum err_code check_peer(struct sync_parent *p, const struct request *r,
                                const struct wire_sync_request *m, struct err *err)
{
    if (*r->peer_node == '\0' || !str_eq(r->peer_node, m->node))
        return err_set(err, ERR_PEER_DENIED, "certificate of '%s' used for '%s'", r->peer_node,
                       m->node);
    if (!store_has(p->store, "SELECT 1 FROM child WHERE node=? AND removed=0", "s", m->node))
        return err_set(err, ERR_PEER_UNKNOWN, "node '%s' is not known here", m->node);
    if (!is_its_certificate(p, m->node, r))
        return err_set(err, ERR_PEER_DENIED, "'%s' has a newer certificate than this one", m->node);
    return ERR_OK;
}

/* Racks are switched off: an expired certificate may renew, nothing else. */
static enum err_code check_dates(const struct request *r, int64_t wall_ms, struct err *err)
{
    if (wall_ms > r->peer_not_after_ms)
        return err_set(err, ERR_PEER_DENIED, "the certificate of '%s' has expired", r->peer_node);
    return ERR_OK;
}

/* A run of a child that ended changes nothing any more, however late its messages come. Of the
 * run at hand an older sync changes nothing. The two kinds overtake each other on the way: each
 * is ordered by itself, and facts by their numbers besides. */
static enum err_code take_boot(struct sync_parent *p, struct sync_link *l,
                               const struct wire_sync_request *m, struct err *err)
{
    int64_t newest = m->busy ? l->busy_seq : l->idle_seq;
    if (str_eq(l->boot, m->boot))
        return m->seq > newest ? ERR_OK
                               : err_set(err, ERR_PRECONDITION, "an older sync of '%s'", m->node);
    if (!store_has(p->store, "SELECT 1 FROM child WHERE node=? AND boot=?", "ss", m->node,
                   m->boot)) {
        if (store_run(p->store, "UPDATE child SET boot_n=?1 WHERE node=?2 AND boot_n<?1", "is",
                      m->boot_n, m->node) == 0)
            return err_set(err, ERR_PRECONDITION, "a former life of '%s'", m->node);
        store_run(p->store, "UPDATE child SET boot=? WHERE node=?", "ss", m->boot, m->node);
        sync_parent_forget_numbers(p, m->node);
    }
    str_copy(l->boot, sizeof l->boot, m->boot);
    l->busy_seq = l->idle_seq = 0;
    l->is_recalled = false;
    return ERR_OK;
}

static void take_notes(struct sync_parent *p, const struct wire_sync_request *m,
                       const struct event *ev)
{
    for (size_t i = 0; i < m->tell_len; i++)
        p->hooks.on_tell(p->hooks.core, m->node, &m->tell[i], ev);
    if (*m->capacity != '\0')
        p->hooks.on_capacity(p->hooks.core, m->node, m->capacity, m->health, ev);
}

/* In RECOVERY what is held comes back, and facts are kept for its end (R14). Of room is heard
 * first: what waits is placed by it when RECOVERY ends. */
static void take(struct sync_parent *p, struct sync_link *l, const struct wire_sync_request *m,
                 const struct event *ev)
{
    sync_recovery_watch(p, m);
    take_notes(p, m, ev);
    if (sync_parent_in_recovery(p))
        sync_recovery_take(p, l, m, ev);
    else
        sync_parent_take_facts(p, l, m, ev);
}

enum err_code sync_parent_request(struct sync_parent *p, const struct event *ev, struct err *err)
{
    PRE(ev->kind == EVENT_REQUEST);
    struct arena arena = {0};
    struct wire_sync_request m;
    enum err_code code = wire_decode(&wire_sync_request_type, ev->request.body,
                                     ev->request.body_len, &arena, &m, err);
    if (code == ERR_OK)
        code = check_peer(p, &ev->request, &m, err);
    if (code == ERR_OK)
        code = check_dates(&ev->request, ev->at.wall_ms, err);
    struct sync_link *l = code == ERR_OK ? link_add(p, m.node) : NULL;
    if (code == ERR_OK)
        code = take_boot(p, l, &m, err);
    if (code == ERR_OK) {
        p->unheard -= l->heard_mono_ms == 0;
        l->heard_mono_ms = ev->at.mono_ms;
        take(p, l, &m, ev);
        sync_parent_hold(p, l, &m, ev);
    }
    arena_fini(&arena);
    return code;
}

/* ---- who is alive ------------------------------------------------------------------------- */

/* R4 and R5: until then its lease is believed to last. */
static int64_t lease_until(const struct sync_parent *p, const struct sync_link *l)
{
    int64_t granted = l->granted_mono_ms > p->started_mono_ms ? l->granted_mono_ms
                                                              : p->started_mono_ms;
    return granted + sync_lease_believed_ms(&p->timing);
}

enum sync_child_state sync_parent_child_state(const struct sync_parent *p, const char *node,
                                              int64_t mono_ms)
{
    const struct sync_link *l = sync_link_get(p, node);
    if (l == NULL)
        return SYNC_CHILD_UNKNOWN;
    if (mono_ms > lease_until(p, l))
        return SYNC_CHILD_DOWN;
    if (l->heard_mono_ms == 0)
        return SYNC_CHILD_UNKNOWN;
    return mono_ms > l->heard_mono_ms + p->timing.suspect_ms ? SYNC_CHILD_SUSPECT : SYNC_CHILD_UP;
}

int64_t sync_parent_up_until(const struct sync_parent *p, const char *node, int64_t mono_ms)
{
    if (sync_parent_child_state(p, node, mono_ms) != SYNC_CHILD_UP)
        return INT64_MIN;
    const struct sync_link *l = sync_link_get(p, node);
    INV(l != NULL);
    int64_t suspect = l->heard_mono_ms + p->timing.suspect_ms, down = lease_until(p, l);
    return suspect < down ? suspect : down;
}

bool sync_parent_is_heard(const struct sync_parent *p, const char *node, int64_t mono_ms)
{
    const struct sync_link *l = sync_link_get(p, node);
    return l != NULL && l->heard_mono_ms != 0 && mono_ms <= l->heard_mono_ms + p->timing.suspect_ms;
}

/* Who was granted a lease was heard: none of the others outlives the start's R5. */
bool sync_parent_awaits(const struct sync_parent *p, int64_t mono_ms)
{
    return p->unheard > 0 && mono_ms <= p->started_mono_ms + sync_lease_believed_ms(&p->timing);
}
