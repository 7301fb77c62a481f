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
    " pepoch INTEGER NOT NULL, generation INTEGER NOT NULL, address INTEGER UNIQUE,"
    " state TEXT NOT NULL) WITHOUT ROWID;";

static const char *const migrations[] = {sync_parent_schema, thing_schema};
const struct store_schema lord_schema = {migrations, 2};

struct lord_core {
    struct store *store;
    struct rng rng;
    struct sync_parent parent;
};

/* ---- things ------------------------------------------------------------------------------------ */

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
        if (!store_has(l->store, "SELECT 1 FROM thing WHERE address=?", "i", a))
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
    STORE_EACH(l->store, q, "SELECT id, token, state FROM thing ORDER BY id", "")
        buf_printf(out, "%s %s %s\n", query_text(&q, 0), query_text(&q, 1), query_text(&q, 2));
}

/* ---- what the link says ------------------------------------------------------------------------- */

static void on_fact(void *core, const char *node, const struct wire_item *fact,
                    const struct event *ev)
{
    (void)node;
    (void)ev;
    struct lord_core *l = core;
    struct thing t;
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

static void on_recovered(void *core, const struct event *ev)
{
    (void)core, (void)ev;
}

/* ---- the core ----------------------------------------------------------------------------------- */

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

struct lord_core *lord_core_new(struct store *store, const struct rng *rng)
{
    struct lord_core *l = check_alloc(sizeof *l);
    struct sync_parent_hooks hooks = {.core = l,
                                      .on_fact = on_fact,
                                      .on_capacity = on_capacity,
                                      .on_tell = on_tell,
                                      .on_recovered = on_recovered};
    struct sync_timing timing = sync_timing_default();
    l->store = store;
    l->rng = *rng;
    sync_parent_init(&l->parent, store, rng, &hooks, &timing);
    return l;
}

void lord_core_free(struct lord_core *l)
{
    sync_parent_fini(&l->parent);
    free(l);
}

struct core lord_core_as_core(struct lord_core *l)
{
    return (struct core){.self = l,
                         .step = step,
                         .fail = fail,
                         .seal = seal,
                         .reload = reload,
                         .wake_at = wake_at};
}

void lord_found(struct store *store, const char *child, const char *serial)
{
    store_run(store, "INSERT INTO child(node, kind, serial) VALUES(?, 'vassal', ?)", "ss", child,
              serial);
}

bool lord_core_calls_down(const struct lord_core *l, const char *child, int64_t mono_ms)
{
    return sync_parent_child_state(&l->parent, child, mono_ms) == SYNC_CHILD_DOWN;
}
