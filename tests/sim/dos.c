/* dos.c - the core of dos.h: images take a while, everything else is at once. */
#include "tests/sim/dos.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/str.h"
#include "proto/sync/child.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMPORT_MS = 1500, IMAGE_BYTES = 1 << 30 };

static const char tables[] = "CREATE TABLE import(id TEXT PRIMARY KEY, generation INTEGER NOT NULL,"
                             " due_ms INTEGER NOT NULL) WITHOUT ROWID;";
static const char *const migrations[] = {sync_child_schema, tables};
static const struct store_schema schema = {migrations, 2};

struct dos {
    struct store *store;
    struct sync_child up;
    int64_t mono_ms, now_ms; /* of the step at hand */
};

static enum err_code on_wish(void *core, const struct wire_item *wish, const struct event *ev,
                             struct err *err)
{
    struct dos *d = core;
    (void)err;
    if (*wish->gone != '\0') {
        store_run(d->store, "DELETE FROM import WHERE id=?", "s", wish->id);
        sync_child_gone(&d->up, wish->kind, wish->id, wish->generation, wish->pepoch, ev);
    } else if (str_eq(wish->kind, "image")) {
        store_run(d->store, "INSERT OR REPLACE INTO import VALUES(?, ?, ?)", "sii", wish->id,
                  wish->generation, ev->now_ms + IMPORT_MS);
        sync_child_say(&d->up, "image", wish->id, wish->generation, wish->pepoch,
                       "{\"state\":\"pending\"}");
    }
    return ERR_OK;
}

static void on_ask(void *core, const struct wire_note *note, const struct event *ev)
{
    (void)core, (void)note, (void)ev;
}

static void on_capacity(void *core, struct buf *json, struct buf *health)
{
    (void)core, (void)health;
    wire_encode(json, &wire_capacity_type, &(struct wire_capacity){.dos_url = "https://dos:8783"});
}

void sim_dos_manifest(const char *image, char out[SIM_MANIFEST_SIZE])
{
    const char *digits = image + strlen("ami-");
    snprintf(out, SIM_MANIFEST_SIZE, "%0*d%.17s", (int)(64 - strlen(digits)), 0, digits);
}

bool sim_dos_is_medium(const char *manifest)
{
    size_t len = strlen(manifest);
    return len > 0 && strchr("02468ace", manifest[len - 1]) != NULL;
}

static void import(struct dos *d)
{
    struct query q;
    STORE_EACH (d->store, q, "SELECT id, generation FROM import WHERE due_ms<=? ORDER BY id", "i",
                d->now_ms) {
        char body[160], manifest[SIM_MANIFEST_SIZE];
        sim_dos_manifest(query_text(&q, 0), manifest);
        snprintf(body, sizeof body,
                 "{\"state\":\"available\",\"manifest\":\"%s\",\"size_bytes\":%d,"
                 "\"cdrom\":%s,\"percent\":100}",
                 manifest, IMAGE_BYTES, sim_dos_is_medium(manifest) ? "true" : "false");
        sync_child_say(&d->up, "image", query_text(&q, 0), query_i64(&q, 1), 0, body);
    }
    store_run(d->store, "DELETE FROM import WHERE due_ms<=?", "i", d->now_ms);
}

static enum err_code step(void *self, const struct event *ev, struct effects *out, struct err *err)
{
    struct dos *d = self;
    (void)out, (void)err;
    d->mono_ms = ev->at.mono_ms;
    d->now_ms = ev->now_ms;
    if (ev->kind == EVENT_START) {
        sync_child_start(&d->up, ev);
        sync_child_listed(&d->up);
    } else if (ev->kind == EVENT_REPLY) {
        sync_child_reply(&d->up, ev);
    }
    import(d);
    return ERR_OK;
}

static void fail(void *self, const struct event *ev, const struct err *err, struct effects *out)
{
    (void)self, (void)ev, (void)err, (void)out;
}

static void seal(void *self, const struct event *at, struct effects *out)
{
    struct dos *d = self;
    sync_child_seal(&d->up, at, out);
}

static void reload(void *self)
{
    struct dos *d = self;
    sync_child_reload(&d->up);
}

static int64_t wake_at(const void *self)
{
    const struct dos *d = self;
    int64_t due = store_i64(d->store, INT64_MAX, "SELECT min(due_ms) FROM import", "");
    int64_t sync = sync_child_wake_at(&d->up);
    if (due == INT64_MAX)
        return sync;
    due += d->mono_ms - d->now_ms;
    return due < sync ? due : sync;
}

static void *dos_new(struct sim_node *n, const struct rng *rng)
{
    struct dos *d = check_alloc(sizeof *d);
    struct sync_child_hooks hooks = {
        .core = d, .on_wish = on_wish, .on_ask = on_ask, .on_capacity = on_capacity};
    struct sync_timing timing = sim_world_timing(n->world);
    d->store = n->store;
    sync_child_init(&d->up, n->store, rng, n->name, "parent", &hooks, &timing);
    return d;
}

static void dos_free(void *core)
{
    struct dos *d = core;
    sync_child_fini(&d->up);
    free(d);
}

static struct core as_core(void *core)
{
    return (struct core){.self = core,
                         .step = step,
                         .fail = fail,
                         .seal = seal,
                         .reload = reload,
                         .wake_at = wake_at};
}

static void no_job(struct sim_node *n, const struct effect_job *job)
{
    (void)n, (void)job;
    IMPOSSIBLE("dos has no jobs here");
}

const struct sim_tier sim_tier_dos = {.name = "dos",
                                      .schema = &schema,
                                      .core_new = dos_new,
                                      .core_free = dos_free,
                                      .as_core = as_core,
                                      .job = no_job};
