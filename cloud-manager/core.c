/* core.c - the cloud-manager's step: what an event does, and what follows at the end of a turn.
 *
 *   subscriber's request -> front.c -> api/ -> ops/ -> store/         (answered in the same turn)
 *   child's request      -> tier.c  -> proto/sync -> on_fact -> ops/  (answered by the seal)
 *   end of turn          -> settle.c: marked rows are planned, children told; then the sync's seal
 */
#include "cloud-manager/core.h"

#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "cloud-manager/ops/account.h"
#include "cloud-manager/ops/console.h"
#include "cloud-manager/ops/image.h"
#include "cloud-manager/ops/instance.h"
#include "cloud-manager/ops/placement.h"
#include "cloud-manager/ops/recover.h"
#include "cloud-manager/ops/seed.h"
#include "cloud-manager/report.h"
#include "cloud-manager/state.h"
#include "cloud-manager/store/account.h"
#include "cloud-manager/store/change.h"
#include "cloud-manager/store/replay.h"

#include <stdlib.h>
#include <string.h>

enum { PURGE_EVERY_MS = 60 * 1000 };

struct cloud_op cloud_core_op(struct cloud_core *c, const struct event *ev)
{
    return (struct cloud_op){.store = c->store,
                             .rng = &c->rng,
                             .ids_made = &c->ids_made,
                             .config = &c->config,
                             .rooms = &c->rooms,
                             .arena = c->out->arena,
                             .account = "",
                             .key_id = "",
                             .is_recovering = sync_parent_in_recovery(&c->parent),
                             .now_ms = ev->now_ms,
                             .wall_ms = ev->at.wall_ms,
                             .mono_ms = ev->at.mono_ms};
}

/* ---- what children say ------------------------------------------------------------------- */

static void on_fact(void *core, const char *node, const struct wire_item *fact,
                    const struct event *ev)
{
    struct cloud_op op = cloud_core_op(core, ev);
    if (str_eq(fact->kind, "instance"))
        cloud_instance_hear(&op, node, fact);
    else if (str_eq(fact->kind, "image"))
        cloud_image_hear(&op, node, fact);
    else if (str_eq(fact->kind, "seed"))
        cloud_seed_hear(&op, node, fact);
    else if (*fact->error != '\0')
        log_error("wish.failed", "node", node, "kind", fact->kind, "id", fact->id, "why",
                  fact->error, NULL);
}

static void on_capacity(void *core, const char *node, const char *capacity_json, const char *health,
                        const struct event *ev)
{
    struct cloud_op op = cloud_core_op(core, ev);
    (void)health;
    cloud_room_hear(&op, node, capacity_json);
}

/* Inside the merge wishes are written at once: what nobody wishes after it is ended. */
static void on_recovered(void *core, const struct event *ev)
{
    struct cloud_op op = cloud_core_op(core, ev);
    cloud_change_leap(op.store);
    cloud_recover(&op);
    cloud_settle(core, ev);
    cloud_settle_nodes(core, ev);
}

/* Takes up the request again; only a request that reads may be answered from here. */
static void answer_note(struct cloud_core *c, struct cloud_held *held, const struct event *ev)
{
    struct err err = {0};
    if (cloud_front_request(c, ev, &held->request, NULL, true, &err) != ERR_OK)
        cloud_front_fail(&held->request, &err, c->out);
    cloud_held_free(c, held);
}

/* Its time is over. A job always ends earlier, unless its turn was lost and it never began: then
 * the request was answered with that turn, and one answer more goes nowhere. */
static void give_up(struct cloud_core *c, struct cloud_held *held, const struct event *ev)
{
    struct err err = {.code = ERR_TIMEOUT, .text = "this took too long; try again"};
    if (held->kind == CLOUD_HELD_NOTE) {
        answer_note(c, held, ev);
        return;
    }
    cloud_front_fail(&held->request, &err, c->out);
    cloud_held_free(c, held);
}

static void on_tell(void *core, const char *node, const struct wire_note *note,
                    const struct event *ev)
{
    struct cloud_core *c = core;
    struct cloud_op op = cloud_core_op(c, ev);
    if (str_eq(note->kind, "console"))
        cloud_console_hear(&op, node, note);
    else if (str_eq(note->kind, "placement"))
        cloud_placement_hear(&op, node, note);
    LIST_EACH_SAFE (it, &c->held) {
        struct cloud_held *held = LIST_ENTRY(it, struct cloud_held, link);
        if (held->kind == CLOUD_HELD_NOTE && str_eq(held->note, note->kind) &&
            str_eq(held->instance, note->id))
            answer_note(c, held, ev);
    }
}

/* ---- events ------------------------------------------------------------------------------- */

static void start(struct cloud_core *c, const struct event *ev)
{
    sync_parent_start(&c->parent, ev);
    cloud_settle_nodes(c, ev);
    c->next_purge_mono_ms = ev->at.mono_ms;
}

static void tick(struct cloud_core *c, const struct event *ev)
{
    struct cloud_op op = cloud_core_op(c, ev);
    LIST_EACH_SAFE (it, &c->held) {
        struct cloud_held *held = LIST_ENTRY(it, struct cloud_held, link);
        if (held->due_mono_ms <= ev->at.mono_ms)
            give_up(c, held, ev);
    }
    if (ev->at.mono_ms < c->next_purge_mono_ms || op.is_recovering)
        return;
    c->next_purge_mono_ms = ev->at.mono_ms + PURGE_EVERY_MS;
    cloud_instances_purge(&op);
    cloud_replay_purge(c->store, ev->at.wall_ms);
    cloud_change_purge(c->store);
}

/* An error here is said by fail(), which then lets go of the request. */
static enum err_code job_done(struct cloud_core *c, const struct event *ev, struct err *err)
{
    struct cloud_held *held = cloud_held_by_job(c, ev->job.job_id);
    if (ev->job.kind == CLOUD_JOB_SIGN)
        return admit_signed(&c->admit, ev, c->out, err);
    log_request(held != NULL ? held->request.trace : NULL);
    if (held == NULL)
        return ERR_OK; /* a job of a turn that was lost, or of a request that was given up */
    if (ev->job.code != ERR_OK)
        return err_set(err, ev->job.code, "%s", ev->job.text);
    enum err_code code = cloud_front_request(c, ev, &held->request, &ev->job, true, err);
    if (code == ERR_OK)
        cloud_held_free(c, held);
    return code;
}

static enum err_code step(void *self, const struct event *ev, struct effects *out, struct err *err)
{
    struct cloud_core *c = self;
    enum err_code code = ERR_OK;
    c->out = out;
    switch (ev->kind) {
    case EVENT_START:
        start(c, ev);
        break;
    case EVENT_TICK:
        tick(c, ev);
        break;
    case EVENT_REQUEST:
        log_request(ev->request.trace);
        code = ev->request.face == FACE_TIER
                   ? cloud_tier_request(c, ev, err)
                   : cloud_front_request(c, ev, &ev->request, NULL, false, err);
        break;
    case EVENT_JOB_DONE:
        code = job_done(c, ev, err);
        break;
    case EVENT_REPLY:
        break; /* nobody is called by the cloud-manager: children dial it */
    }
    return code;
}

static void fail(void *self, const struct event *ev, const struct err *err, struct effects *out)
{
    struct cloud_core *c = self;
    struct cloud_held *held = NULL;
    const struct request *request = NULL;
    struct request joins = {.face = FACE_TIER, .trace = ""};
    if (ev->kind == EVENT_REQUEST)
        request = &ev->request;
    else if (ev->kind == EVENT_JOB_DONE && ev->job.kind == CLOUD_JOB_SIGN) {
        joins.id = admit_failed(&c->admit, ev->job.job_id);
        request = joins.id != 0 ? &joins : NULL;
    } else if (ev->kind == EVENT_JOB_DONE && (held = cloud_held_by_job(c, ev->job.job_id)) != NULL)
        request = &held->request;
    if (request != NULL)
        cloud_front_fail(request, err, out);
    if (held != NULL)
        cloud_held_free(c, held);
    cloud_rooms_recount(&c->rooms);
    log_request(NULL);
}

static void seal(void *self, const struct event *at, struct effects *out)
{
    struct cloud_core *c = self;
    c->out = out;
    log_request(NULL);
    cloud_settle(c, at);
    cloud_watch_seal(c, at);
    sync_parent_seal(&c->parent, at, out);
}

static void reload(void *self)
{
    struct cloud_core *c = self;
    sync_parent_reload(&c->parent);
    admit_reload(&c->admit);
    c->pages_wait = true; /* perhaps; the next turn looks */
    c->keys_told = 0;
    cloud_rooms_recount(&c->rooms);
    cloud_watch_lost(c);
}

static int64_t wake_at(const void *self)
{
    const struct cloud_core *c = self;
    int64_t at = sync_parent_wake_at(&c->parent);
    if (c->next_purge_mono_ms < at)
        at = c->next_purge_mono_ms;
    if (c->pages_wait && c->pages_due_mono_ms < at)
        at = c->pages_due_mono_ms;
    if (c->watch_mono_ms < at)
        at = c->watch_mono_ms;
    for (struct list *it = c->held.next; it != &c->held; it = it->next) {
        const struct cloud_held *held = LIST_ENTRY(it, struct cloud_held, link);
        if (held->due_mono_ms < at)
            at = held->due_mono_ms;
    }
    return at;
}

/* ---- life --------------------------------------------------------------------------------- */

/* As long as every other: what is signed with it fits nobody. */
static void draw_no_secret(struct cloud_core *c)
{
    CLEANUP(buf_fini) struct buf sealed = {0};
    unsigned char random[20];
    char text[2 * sizeof random + 1];
    struct seal_key key;
    c->rng.fill(c->rng.self, random, sizeof random);
    str_hex(text, random, sizeof random);
    memcpy(key.bytes, c->config.master_key, sizeof key.bytes);
    seal_wrap(&key, "access_key|", text, sizeof text - 1, &c->rng, &sealed);
    seal_key_wipe(&key);
    c->no_secret = arena_strdup(&c->arena, buf_str(&sealed));
}

struct cloud_core *cloud_core_new(struct store *store, const struct rng *rng,
                                  const struct cloud_config *config)
{
    struct cloud_core *c = check_alloc(sizeof *c);
    memset(c, 0, sizeof *c);
    c->store = store;
    c->rng = *rng;
    c->config = *config;
    c->next_job = 1;
    list_init(&c->held);
    list_init(&c->watchers);
    c->watch_mono_ms = INT64_MAX;
    draw_no_secret(c);
    struct sync_parent_hooks hooks = {.core = c,
                                      .on_fact = on_fact,
                                      .on_capacity = on_capacity,
                                      .on_tell = on_tell,
                                      .on_recovered = on_recovered};
    sync_parent_init(&c->parent, store, rng, &hooks, &config->timing);
    struct admit_hooks joins = cloud_tier_hooks(c);
    admit_init(&c->admit, store, rng, &c->parent, CLOUD_JOB_SIGN, &joins);
    return c;
}

void cloud_core_free(struct cloud_core *c)
{
    if (c == NULL)
        return;
    while (!list_is_empty(&c->held))
        cloud_held_free(c, LIST_ENTRY(c->held.next, struct cloud_held, link));
    cloud_watchers_fini(c);
    sync_parent_fini(&c->parent);
    cloud_rooms_fini(&c->rooms);
    arena_fini(&c->arena);
    explicit_bzero(c, sizeof *c);
    free(c);
}

struct core cloud_core_as_core(struct cloud_core *c)
{
    return (struct core){.self = c,
                         .step = step,
                         .fail = fail,
                         .seal = seal,
                         .reload = reload,
                         .wake_at = wake_at,
                         .report = cloud_report};
}

static void create_account(struct store *store, const struct rng *rng,
                           const struct cloud_config *config, const char *name, int64_t wall_ms,
                           struct cloud_root *out)
{
    struct arena arena = {0};
    uint64_t ids_made = 0;
    struct cloud_op op = {.store = store,
                          .rng = rng,
                          .ids_made = &ids_made,
                          .config = config,
                          .arena = &arena,
                          .account = "",
                          .key_id = "",
                          .wall_ms = wall_ms};
    cloud_account_create(&op, name, out);
    arena_fini(&arena);
}

void cloud_setup(struct store *store, const struct rng *rng, const struct cloud_config *config,
                 int64_t wall_ms, struct cloud_root *out)
{
    create_account(store, rng, config, "root", wall_ms, out);
}

enum err_code cloud_account_add(struct store *store, const struct rng *rng,
                                const struct cloud_config *config, const char *name,
                                int64_t wall_ms, struct cloud_root *out, struct err *err)
{
    if (!cloud_account_is_name(name))
        return err_set(err, ERR_CONFIG,
                       "a name of an account has 1 to 63 letters, digits, '.', '_' or '-'");
    if (cloud_account_has(store, name))
        return err_set(err, ERR_CONFIG, "there is an account '%s' already", name);
    create_account(store, rng, config, name, wall_ms, out);
    return ERR_OK;
}
