/* lord.c - things, their addresses and their children. See lord.h. */
#include "tests/sim/self/lord.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/id.h"
#include "base/str.h"
#include "proto/sync/parent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESSES = 10 };

static const char thing_schema[] =
    "CREATE TABLE thing(id TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE, child TEXT NOT NULL,"
    " pepoch INTEGER NOT NULL, generation INTEGER NOT NULL, address INTEGER,"
    " state TEXT NOT NULL) WITHOUT ROWID;"
    /* Quarantined domains: nobody may be given their addresses. */
    "CREATE TABLE stray(child TEXT NOT NULL, id TEXT NOT NULL, pepoch INTEGER NOT NULL,"
    " address INTEGER NOT NULL, PRIMARY KEY(child, id, pepoch)) WITHOUT ROWID;"
    /* The newest order for a child's banner. */
    "CREATE TABLE banner(child TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;";

static const char *const migrations[] = {sync_parent_schema, thing_schema};
const struct store_schema lord_schema = {migrations, 2};

struct lord_core {
    struct store *store;
    struct rng rng;
    struct sync_parent parent;
};

/* ---- things --------------------------------------------------------------------------------- */

struct thing {
    char id[ID_SIZE], child[64], state[16];
    int64_t pepoch, generation, address;
};

static bool load(struct lord_core *l, const char *id, struct thing *t)
{
    struct query q;
    query_open(&q, l->store,
               "SELECT child, pepoch, generation, address, state FROM thing WHERE id=?", "s", id);
    if (!query_next(&q))
        return false;
    str_copy(t->id, sizeof t->id, id);
    str_copy(t->child, sizeof t->child, query_text(&q, 0));
    t->pepoch = query_i64(&q, 1);
    t->generation = query_i64(&q, 2);
    t->address = query_i64(&q, 3);
    str_copy(t->state, sizeof t->state, query_text(&q, 4));
    query_close(&q);
    return true;
}

static void wish(struct lord_core *l, const struct thing *t)
{
    char body[64];
    snprintf(body, sizeof body, "{\"address\":%ld}", (long)t->address);
    sync_parent_want(&l->parent, t->child, "thing", t->id, t->generation, t->pepoch, body);
}

static void draw_child(struct lord_core *l, char out[64])
{
    int64_t len = store_i64(l->store, 0, "SELECT count(*) FROM child", "");
    int64_t at = (int64_t)rng_below(&l->rng, (uint64_t)len);
    struct query q;
    query_open(&q, l->store, "SELECT node FROM child ORDER BY node LIMIT 1 OFFSET ?", "i", at);
    if (query_next(&q))
        str_copy(out, 64, query_text(&q, 0));
    query_close(&q);
}

static int64_t free_address(struct lord_core *l)
{
    for (int64_t a = 1; a <= ADDRESSES; a++)
        if (!store_has(l->store,
                       "SELECT 1 FROM thing WHERE address=?1 UNION SELECT 1 FROM stray WHERE"
                       " address=?1",
                       "i", a))
            return a;
    return 0;
}

static enum err_code make(struct lord_core *l, const char *token, struct buf *out, struct err *err)
{
    struct thing t = {.pepoch = 1, .generation = 1};
    struct query q;
    query_open(&q, l->store, "SELECT id FROM thing WHERE token=?", "s", token);
    if (query_next(&q)) {
        buf_text(out, query_text(&q, 0));
        query_close(&q);
        return ERR_OK;
    }
    if (sync_parent_in_recovery(&l->parent))
        return err_set(err, ERR_UNAVAILABLE, "in recovery");
    t.address = free_address(l);
    if (t.address == 0)
        return err_set(err, ERR_NO_CAPACITY, "no address");
    id_new(t.id, "t", &l->rng);
    draw_child(l, t.child);
    store_run(l->store, "INSERT INTO thing VALUES(?, ?, ?, 1, 1, ?, 'live')", "sssi", t.id, token,
              t.child, t.address);
    wish(l, &t);
    buf_text(out, t.id);
    return ERR_OK;
}

static enum err_code end(struct lord_core *l, const char *id, struct err *err)
{
    struct thing t;
    if (sync_parent_in_recovery(&l->parent))
        return err_set(err, ERR_UNAVAILABLE, "in recovery");
    if (!load(l, id, &t) || !str_eq(t.state, "live"))
        return ERR_OK;
    store_run(l->store, "UPDATE thing SET state='ending', generation=generation+1 WHERE id=?", "s",
              id);
    sync_parent_end(&l->parent, t.child, "thing", id, t.generation + 1, t.pepoch, "deleted");
    return ERR_OK;
}

static enum err_code move(struct lord_core *l, const char *id, struct err *err)
{
    struct thing t;
    char to[64];
    if (sync_parent_in_recovery(&l->parent))
        return err_set(err, ERR_UNAVAILABLE, "in recovery");
    if (!load(l, id, &t) || !str_eq(t.state, "live"))
        return ERR_OK;
    draw_child(l, to);
    if (str_eq(to, t.child))
        return ERR_OK;
    sync_parent_end(&l->parent, t.child, "thing", id, t.generation, t.pepoch, "moved");
    str_copy(t.child, sizeof t.child, to);
    t.pepoch++;
    store_run(l->store, "UPDATE thing SET child=?, pepoch=? WHERE id=?", "sis", to, t.pepoch, id);
    wish(l, &t);
    return ERR_OK;
}

static void list(struct lord_core *l, struct buf *out)
{
    struct query q;
    STORE_EACH (l->store, q, "SELECT id, token, state FROM thing ORDER BY id", "")
        buf_printf(out, "%s %s %s\n", query_text(&q, 0), query_text(&q, 1), query_text(&q, 2));
}

/* ---- banners -------------------------------------------------------------------------------- */

enum { BANNER_GENERATION = 1, BANNER_PEPOCH = 0 };

static void wish_banner(struct lord_core *l, const char *child, bool is_up)
{
    if (!is_up)
        sync_parent_drop(&l->parent, child, "banner", child);
    else if (!store_has(l->store, "SELECT 1 FROM wish WHERE node=?1 AND kind='banner' AND gone=''",
                        "s", child))
        sync_parent_want(&l->parent, child, "banner", child, BANNER_GENERATION, BANNER_PEPOCH,
                         "{}");
}

/* "NUMBER CHILD"; answered by the number of the newest order that was taken. */
static enum err_code order_banner(struct lord_core *l, const char *order, bool is_up,
                                  struct buf *out, struct err *err)
{
    char *end = NULL;
    int64_t number = strtoll(order, &end, 10);
    if (*end != ' ')
        return err_set(err, ERR_BAD_REQUEST, "no number");
    if (sync_parent_in_recovery(&l->parent))
        return err_set(err, ERR_UNAVAILABLE, "in recovery");
    const char *child = end + 1;
    if (store_run(l->store,
                  "INSERT INTO banner VALUES(?1, ?2) ON CONFLICT DO UPDATE SET number=?2"
                  " WHERE number<?2",
                  "si", child, number) > 0)
        wish_banner(l, child, is_up);
    buf_printf(out, "%ld",
               (long)store_i64(l->store, 0, "SELECT number FROM banner WHERE child=?", "s", child));
    return ERR_OK;
}

/* ---- what the link says --------------------------------------------------------------------- */

static void hear_stray(struct lord_core *l, const char *child, const struct wire_item *fact)
{
    if (*fact->gone != '\0')
        store_run(l->store, "DELETE FROM stray WHERE child=? AND id=? AND pepoch=?", "ssi", child,
                  fact->id, fact->pepoch);
    else
        store_run(l->store,
                  "INSERT INTO stray VALUES(?1, ?2, ?3, json_extract(?4, '$.address'))"
                  " ON CONFLICT DO NOTHING",
                  "ssis", child, fact->id, fact->pepoch, fact->body);
}

static void on_fact(void *core, const char *node, const struct wire_item *fact,
                    const struct event *ev)
{
    (void)ev;
    struct lord_core *l = core;
    struct thing t;
    if (str_eq(fact->kind, "stray")) {
        hear_stray(l, node, fact);
        return;
    }
    if (*fact->gone == '\0' || !load(l, fact->id, &t) || str_eq(t.state, "live"))
        return;
    if (!sync_parent_holds(&l->parent, "thing", fact->id))
        store_run(l->store, "UPDATE thing SET state='gone', address=NULL WHERE id=?", "s",
                  fact->id);
}

static void on_capacity(void *core, const char *node, const char *json, const char *health,
                        const struct event *ev)
{
    (void)core, (void)node, (void)json, (void)health, (void)ev;
}

static void on_tell(void *core, const char *node, const struct wire_note *note,
                    const struct event *ev)
{
    (void)core, (void)node, (void)note, (void)ev;
}

/* ---- after a restore (R14) ------------------------------------------------------------------ */

/* What children returned of one thing; a quarantined domain counts as a live one. */
struct returned {
    char child[64]; /* of the live one with the greatest pepoch; "" = none */
    int64_t pepoch, address, generation, moved_pepoch;
    int64_t ended_address; /* of what ends there; 0 = none */
    bool is_deleted;
};

static struct returned gather(struct lord_core *l, const char *id)
{
    struct returned r = {.generation = 1};
    struct query q;
    STORE_EACH (
        l->store, q,
        "SELECT node, pepoch, generation, gone, json_extract(nullif(body, ''), '$.address')"
        " FROM (SELECT node, pepoch, generation, gone, body FROM returned WHERE kind='thing'"
        " AND id=?1 UNION ALL SELECT node, pepoch, generation, '', body FROM heard WHERE"
        " kind='stray' AND id=?1 AND number>0) ORDER BY pepoch, node",
        "s", id) {
        if (query_i64(&q, 2) > r.generation)
            r.generation = query_i64(&q, 2);
        if (*query_text(&q, 3) != '\0' && query_i64(&q, 4) != 0)
            r.ended_address = query_i64(&q, 4);
        if (str_eq(query_text(&q, 3), "deleted")) {
            r.is_deleted = true;
        } else if (*query_text(&q, 3) != '\0') {
            r.moved_pepoch = query_i64(&q, 1);
        } else {
            str_copy(r.child, sizeof r.child, query_text(&q, 0));
            r.pepoch = query_i64(&q, 1);
            r.address = query_i64(&q, 4);
        }
    }
    return r;
}

/* Every placement that a child knows, and ours, ends; the address is free when all are gone. */
static void end_everywhere(struct lord_core *l, const struct thing *t, int64_t generation)
{
    struct query q;
    store_run(l->store, "UPDATE thing SET state='ending', generation=? WHERE id=? AND state='live'",
              "is", generation, t->id);
    if (str_eq(t->state, "live"))
        sync_parent_end(&l->parent, t->child, "thing", t->id, generation, t->pepoch, "deleted");
    STORE_EACH (
        l->store, q,
        "SELECT node, pepoch FROM returned WHERE kind='thing' AND id=?1 UNION SELECT node, pepoch"
        " FROM heard WHERE kind='stray' AND id=?1 AND number>0 ORDER BY node, pepoch",
        "s", t->id)
        sync_parent_end(&l->parent, query_text(&q, 0), "thing", t->id, generation, query_i64(&q, 1),
                        "deleted");
}

/* Another row with the address of what really runs was ended after the backup: nobody returned
 * it alive. */
static void evict(struct lord_core *l, const char *id, int64_t address)
{
    char other[ID_SIZE] = "";
    struct thing t;
    struct query q;
    query_open(&q, l->store, "SELECT id FROM thing WHERE address=? AND id<>? AND state='live'",
               "is", address, id);
    if (query_next(&q)) {
        str_copy(other, sizeof other, query_text(&q, 0));
        query_close(&q);
    }
    if (other[0] != '\0' && load(l, other, &t))
        end_everywhere(l, &t, t.generation + 1);
}

static void follow(struct lord_core *l, const char *id, const struct returned *r)
{
    struct thing t = {.state = "live", .pepoch = r->pepoch, .address = r->address};
    struct thing old;
    bool known = load(l, id, &old);
    str_copy(t.id, sizeof t.id, id);
    str_copy(t.child, sizeof t.child, r->child);
    t.generation = r->generation;
    evict(l, id, r->address);
    if (known && str_eq(old.state, "live") &&
        (old.pepoch != r->pepoch || !str_eq(old.child, r->child)))
        sync_parent_end(&l->parent, old.child, "thing", id, t.generation, old.pepoch, "moved");
    store_run(l->store,
              "INSERT INTO thing VALUES(?1, 'adopted-'||?1, ?2, ?3, ?4, ?5, 'live') ON CONFLICT(id)"
              " DO UPDATE SET child=?2, pepoch=?3, generation=max(generation, ?4)",
              "ssiii", id, t.child, t.pepoch, t.generation, t.address);
    wish(l, &t);
}

static void end_earlier(struct lord_core *l, const char *id, int64_t pepoch)
{
    struct query q;
    STORE_EACH (l->store, q,
                "SELECT node, pepoch, generation FROM returned WHERE kind='thing' AND id=?1"
                " AND gone='' AND pepoch<?2 UNION SELECT node, pepoch, generation FROM heard"
                " WHERE kind='stray' AND id=?1 AND number>0 AND pepoch<?2 ORDER BY node, pepoch",
                "si", id, pepoch)
        sync_parent_end(&l->parent, query_text(&q, 0), "thing", id, query_i64(&q, 2),
                        query_i64(&q, 1), "moved");
}

/* Made and ended, or moved, after the backup: its domain may run until its gone fact, and holds its
 * address until then. Where it was to go is known to nobody. */
static void hold_address(struct lord_core *l, const char *id, const struct returned *r)
{
    store_run(l->store, "INSERT INTO thing VALUES(?1, 'adopted-'||?1, '', 0, ?2, ?3, 'ending')",
              "sii", id, r->generation, r->ended_address);
}

static void merge(struct lord_core *l, const char *id)
{
    struct thing t = {.state = ""};
    struct returned r = gather(l, id);
    bool known = load(l, id, &t);
    str_copy(t.id, sizeof t.id, id);
    if (!known && (r.is_deleted || r.child[0] == '\0'))
        hold_address(l, id, &r);
    if (r.is_deleted || (known && !str_eq(t.state, "live"))) {
        end_everywhere(l, &t, known && t.generation > r.generation ? t.generation : r.generation);
    } else if (r.child[0] != '\0' && r.pepoch >= t.pepoch) {
        follow(l, id, &r);
        end_earlier(l, id, r.pepoch);
    } else if (known && r.moved_pepoch >= t.pepoch) {
        /* The epoch after that one may be anywhere: one more. */
        sync_parent_end(&l->parent, t.child, "thing", id, r.generation, t.pepoch, "moved");
        t.pepoch = r.moved_pepoch + 2;
        t.generation = r.generation;
        store_run(l->store, "UPDATE thing SET pepoch=?, generation=? WHERE id=?", "iis", t.pepoch,
                  t.generation, id);
        wish(l, &t);
        end_earlier(l, id, t.pepoch);
    } else {
        end_earlier(l, id, t.pepoch);
    }
}

static void on_recovered(void *core, const struct event *ev)
{
    struct lord_core *l = core;
    enum { RETURNED_MAX = 512 };
    char ids[RETURNED_MAX][ID_SIZE];
    size_t len = 0;
    struct query q;
    (void)ev;
    store_run(l->store, "DELETE FROM stray", ""); /* of then; each is said again */
    STORE_EACH (l->store, q,
                "SELECT id FROM returned WHERE kind='thing' UNION SELECT h.id FROM heard h JOIN"
                " thing t ON t.id=h.id WHERE h.kind='stray' AND h.number>0 ORDER BY id",
                "") {
        INV(len < RETURNED_MAX);
        str_copy(ids[len++], ID_SIZE, query_text(&q, 0));
    }
    for (size_t i = 0; i < len; i++)
        merge(l, ids[i]);
    /* The address of a quarantined domain is taken: what the backup gave it to was ended since, and
     * the child that knew has forgotten (the seed that PROTOCOL 11 could not explain). */
    STORE_EACH (l->store, q,
                "SELECT id, json_extract(body, '$.address') FROM heard WHERE kind='stray'"
                " AND number>0 ORDER BY node, id, pepoch",
                "")
        evict(l, query_text(&q, 0), query_i64(&q, 1));
}

/* ---- the core ------------------------------------------------------------------------------- */

/* "NAME SERIAL": a child that was installed anew is let in, once by each certificate: later ones
 * have greater serials. */
static enum err_code join(struct lord_core *l, const char *order, struct err *err)
{
    char child[64], serial[64];
    if (sscanf(order, "%63s %63s", child, serial) != 2)
        return err_set(err, ERR_BAD_REQUEST, "no name, or no serial");
    if (!store_has(l->store, "SELECT 1 FROM child WHERE node=? AND serial>=?", "ss", child, serial))
        sync_parent_add(&l->parent, child, "vassal", serial);
    return ERR_OK;
}

static enum err_code take_order(struct lord_core *l, const struct event *ev, struct effects *out,
                                struct err *err)
{
    CLEANUP(buf_fini) struct buf answer = {0};
    enum err_code code = ERR_OK;
    const char *order = ev->request.body;
    if (str_has_prefix(order, "make "))
        code = make(l, order + 5, &answer, err);
    else if (str_has_prefix(order, "end "))
        code = end(l, order + 4, err);
    else if (str_has_prefix(order, "move "))
        code = move(l, order + 5, err);
    else if (str_has_prefix(order, "join "))
        code = join(l, order + 5, err);
    else if (str_has_prefix(order, "raise ") || str_has_prefix(order, "lower "))
        code = order_banner(l, order + 6, *order == 'r', &answer, err);
    else
        list(l, &answer);
    if (code == ERR_OK)
        effect_reply(out, ev->request.id, 200, "text/plain", buf_str(&answer), answer.len);
    return code;
}

static enum err_code step(void *self, const struct event *ev, struct effects *out, struct err *err)
{
    struct lord_core *l = self;
    if (ev->kind == EVENT_START)
        sync_parent_start(&l->parent, ev);
    if (ev->kind != EVENT_REQUEST)
        return ERR_OK;
    if (ev->request.face == FACE_TIER)
        return sync_parent_request(&l->parent, ev, err);
    return take_order(l, ev, out, err);
}

static void fail(void *self, const struct event *ev, const struct err *err, struct effects *out)
{
    (void)self;
    if (ev->kind == EVENT_REQUEST)
        effect_reply(out, ev->request.id, err_row(err->code)->http, "text/plain", err->text,
                     strlen(err->text));
}

static void seal(void *self, const struct event *at, struct effects *out)
{
    struct lord_core *l = self;
    sync_parent_seal(&l->parent, at, out);
}

static void reload(void *self)
{
    struct lord_core *l = self;
    sync_parent_reload(&l->parent);
}

static int64_t wake_at(const void *self)
{
    const struct lord_core *l = self;
    return sync_parent_wake_at(&l->parent);
}

struct lord_core *lord_core_new(struct store *store, const struct rng *rng,
                                const struct sync_timing *timing)
{
    struct lord_core *l = check_alloc(sizeof *l);
    struct sync_parent_hooks hooks = {.core = l,
                                      .on_fact = on_fact,
                                      .on_capacity = on_capacity,
                                      .on_tell = on_tell,
                                      .on_recovered = on_recovered};
    l->store = store;
    l->rng = *rng;
    sync_parent_init(&l->parent, store, rng, &hooks, timing);
    return l;
}

void lord_core_free(struct lord_core *l)
{
    sync_parent_fini(&l->parent);
    free(l);
}

struct core lord_core_as_core(struct lord_core *l)
{
    return (struct core){
        .self = l, .step = step, .fail = fail, .seal = seal, .reload = reload, .wake_at = wake_at};
}

void lord_found(struct store *store, const char *child, const char *serial, int64_t since_ms)
{
    store_run(store, "INSERT INTO child(node, kind, serial, since_ms) VALUES(?, 'vassal', ?, ?)",
              "ssi", child, serial, since_ms);
}

bool lord_core_calls_down(const struct lord_core *l, const char *child, int64_t mono_ms)
{
    return sync_parent_child_state(&l->parent, child, mono_ms) == SYNC_CHILD_DOWN;
}
