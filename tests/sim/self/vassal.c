/* vassal.c - wishes into domains. See vassal.h.
 *
 *   order(id): what was asked of the hypervisor and is not settled. It is written before the
 *   call; a listing by a service that was started later settles it, and so does an ERASE. */
#include "tests/sim/self/vassal.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/id.h"
#include "base/map.h"
#include "base/str.h"
#include "computer-manager/model/job.h"
#include "proto/sync/child.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_MS = 2000, JOB_MS = 30000, THINGS_MAX = 64 };

static const char order_schema[] =
    "CREATE TABLE open_order(id TEXT NOT NULL, pepoch INTEGER NOT NULL, service TEXT NOT NULL,"
    " PRIMARY KEY(id, pepoch)) WITHOUT ROWID;"
    "CREATE TABLE known(one INTEGER PRIMARY KEY CHECK(one=1), service TEXT NOT NULL,"
    " boot TEXT NOT NULL);"
    "INSERT INTO known VALUES(1, '', '');";

static const char *const migrations[] = {sync_child_schema, order_schema};
const struct store_schema vassal_schema = {migrations, 2};

/* What RAM knows of one id: the job under way. */
struct doing {
    uint64_t job_id;
    int kind;
    int64_t pepoch;
    uint64_t ended; /* number of the newest listing begun before its last job ended */
};

enum banner { BANNER_UNKNOWN, BANNER_DOWN, BANNER_UP };

struct vassal_core {
    struct store *store;
    struct rng rng;
    struct sync_child child;
    char node[HOST_ID_SIZE];
    enum banner banner, banner_ordered; /* as it is; as the job under way makes it */
    uint64_t banner_job;
    struct map doing; /* id -> struct doing */
    uint64_t job_n;
    uint64_t list_job, list_n; /* listing under way; listings begun */
    uint64_t listed_n;         /* the one at hand; 0 = none in this run */
    int64_t list_due_mono_ms;
    struct host_hv_list *list; /* NULL = none */
    bool may_start;            /* R16 */
};

/* ---- jobs ----------------------------------------------------------------------------------- */

static struct doing *doing_of(struct vassal_core *v, const char *id)
{
    struct doing *d = map_get(&v->doing, id);
    if (d == NULL) {
        d = check_alloc(sizeof *d);
        map_put(&v->doing, id, d);
    }
    return d;
}

static void start(struct vassal_core *v, const char *id, int64_t pepoch, int64_t address,
                  struct effects *out)
{
    /* A domain carries its address in its own metadata, where no store can lose it. */
    struct host_hv_start s = {
        .pepoch = pepoch, .generation = address, .vcpus = 1, .memory_mib = 64};
    struct doing *d = doing_of(v, id);
    str_copy(s.instance, sizeof s.instance, id);
    s.mac[5] = (uint8_t)address;
    store_run(v->store,
              "INSERT INTO open_order SELECT ?1, ?2, service FROM known WHERE 1"
              " ON CONFLICT DO UPDATE SET service=excluded.service",
              "si", id, pepoch);
    *d = (struct doing){.job_id = ++v->job_n, .kind = HOST_JOB_HV_START, .pepoch = pepoch};
    effect_job(out, &(struct effect_job){.job_id = d->job_id,
                                         .kind = d->kind,
                                         .spec = &s,
                                         .spec_size = sizeof s,
                                         .timeout_ms = JOB_MS});
}

static void erase(struct vassal_core *v, const char *id, int64_t pepoch, struct effects *out)
{
    struct host_hv_target t = {.pepoch = pepoch};
    struct doing *d = doing_of(v, id);
    str_copy(t.instance, sizeof t.instance, id);
    *d = (struct doing){.job_id = ++v->job_n, .kind = HOST_JOB_HV_ERASE, .pepoch = pepoch};
    effect_job(out, &(struct effect_job){.job_id = d->job_id,
                                         .kind = d->kind,
                                         .spec = &t,
                                         .spec_size = sizeof t,
                                         .timeout_ms = JOB_MS});
}

static void ask_list(struct vassal_core *v, const struct event *ev, struct effects *out)
{
    if (v->list_job != 0)
        return;
    v->list_job = ++v->job_n;
    v->list_n++;
    v->list_due_mono_ms = ev->at.mono_ms + LIST_MS;
    effect_job(out, &(struct effect_job){
                        .job_id = v->list_job, .kind = HOST_JOB_HV_LIST, .timeout_ms = JOB_MS});
}

/* ---- its banner: a port of the machine --------------------------------------------------------
 */

static void order_banner(struct vassal_core *v, enum banner to, struct effects *out)
{
    struct host_port *port = arena_alloc(out->arena, sizeof *port);
    struct host_net_unport unport = {.vni = 1};
    bool is_up = to == BANNER_UP;
    *port = (struct host_port){.vni = 1};
    str_copy(port->port, sizeof port->port, v->node);
    str_copy(port->instance, sizeof port->instance, v->node);
    str_copy(unport.port, sizeof unport.port, v->node);
    v->banner_job = ++v->job_n;
    v->banner_ordered = to;
    effect_job(out, &(struct effect_job){.job_id = v->banner_job,
                                         .kind = is_up ? HOST_JOB_NET_PORT : HOST_JOB_NET_UNPORT,
                                         .spec = is_up ? (void *)port : (void *)&unport,
                                         .spec_size = is_up ? sizeof *port : sizeof unport,
                                         .timeout_ms = JOB_MS});
}

static void take_banner(struct vassal_core *v, const struct job_done *job)
{
    v->banner_job = 0;
    v->banner = job->code == ERR_OK ? v->banner_ordered : BANNER_UNKNOWN;
}

/* Of whom nobody ever wished one there is nothing to do. */
static void plan_banner(struct vassal_core *v, const struct event *ev, struct effects *out)
{
    enum banner wished = BANNER_UNKNOWN;
    bool is_said = false;
    struct query q;
    query_open(&q, v->store, "SELECT gone='', gone_ms>0 FROM got WHERE kind='banner'", "");
    if (query_next(&q)) {
        wished = query_i64(&q, 0) != 0 ? BANNER_UP : BANNER_DOWN;
        is_said = query_i64(&q, 1) != 0;
        query_close(&q);
    }
    if (v->banner_job != 0 || wished == BANNER_UNKNOWN)
        return;
    if (v->banner != wished)
        order_banner(v, wished, out);
    else if (wished == BANNER_DOWN && !is_said)
        sync_child_gone(&v->child, "banner", v->node, 1, 0, ev);
}

/* ---- listings ------------------------------------------------------------------------------- */

/* R13: no wish names it, none of a later placement waits to end it, no tombstone covers it. */
static bool is_stray(struct vassal_core *v, const struct host_domain *d)
{
    return !store_has(v->store,
                      "SELECT 1 FROM got WHERE kind='thing' AND id=?1 AND (pepoch=?2 OR pepoch>?2)",
                      "si", d->instance, d->pepoch);
}

static bool is_listed_stray(struct vassal_core *v, const struct host_hv_list *list, const char *id,
                            int64_t pepoch)
{
    for (int64_t i = 0; i < list->len; i++)
        if (str_eq(list->domains[i].instance, id) && list->domains[i].pepoch == pepoch)
            return is_stray(v, &list->domains[i]);
    return false;
}

/* A stray is reported with its address, and left running; one that is none any more is taken back.
 */
static void say_strays(struct vassal_core *v, const struct host_hv_list *list,
                       const struct event *ev)
{
    char body[32];
    struct query q;
    for (int64_t i = 0; i < list->len; i++) {
        const struct host_domain *d = &list->domains[i];
        snprintf(body, sizeof body, "{\"address\":%ld}", (long)d->generation);
        if (is_stray(v, d))
            sync_child_say(&v->child, "stray", d->instance, 1, d->pepoch, body);
    }
    STORE_EACH (v->store, q,
                "SELECT id, pepoch FROM said WHERE kind='stray' AND gone='' ORDER BY id, pepoch",
                "")
        if (!is_listed_stray(v, list, query_text(&q, 0), query_i64(&q, 1)))
            sync_child_gone(&v->child, "stray", query_text(&q, 0), 1, query_i64(&q, 1), ev);
}

/* A new boot of the machine: nothing starts before a fresh answer (R16). */
static void take_list(struct vassal_core *v, const struct host_hv_list *list,
                      const struct event *ev)
{
    if (v->list == NULL)
        v->list = check_alloc(sizeof *v->list);
    memcpy(v->list, list, sizeof *list);
    v->listed_n = v->list_n;
    store_run(v->store, "DELETE FROM open_order WHERE service<>? AND service<>''", "s",
              list->service);
    store_run(v->store, "UPDATE open_order SET service=? WHERE service=''", "s", list->service);
    store_run(v->store, "UPDATE known SET service=?, boot=? WHERE service<>?1", "ss", list->service,
              list->boot);
    say_strays(v, list, ev);
    sync_child_listed(&v->child);
}

static void take_job(struct vassal_core *v, const struct event *ev)
{
    const struct job_done *job = &ev->job;
    if (job->job_id == v->banner_job && job->job_id != 0) {
        take_banner(v, job);
        return;
    }
    if (job->job_id == v->list_job && job->job_id != 0) {
        v->list_job = 0;
        if (job->code == ERR_OK)
            take_list(v, job->result, ev);
        return;
    }
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&v->doing, &at)) != NULL;) {
        struct doing *d = e->value;
        if (d->job_id != job->job_id || job->job_id == 0)
            continue;
        if (d->kind == HOST_JOB_HV_ERASE && job->code == ERR_OK)
            store_run(v->store, "DELETE FROM open_order WHERE id=? AND pepoch<=?", "si", e->key,
                      d->pepoch);
        *d = (struct doing){.ended = v->list_n};
        v->list_due_mono_ms = 0;
    }
}

/* ---- the plan ------------------------------------------------------------------------------- */

struct item {
    char id[ID_SIZE];
    int64_t pepoch, generation, address;
    bool is_gone, is_said;
    const struct host_domain *domain; /* of that id, any pepoch; NULL = not listed */
    bool is_open;                     /* an order is open or unknown */
};

static const struct host_domain *listed(const struct vassal_core *v, const char *id)
{
    for (int64_t i = 0; i < v->list->len; i++)
        if (str_eq(v->list->domains[i].instance, id))
            return &v->list->domains[i];
    return NULL;
}

static size_t load_items(struct vassal_core *v, struct item items[THINGS_MAX])
{
    size_t len = 0;
    struct query q;
    STORE_EACH (v->store, q,
                "SELECT id, pepoch, generation, gone<>'', json_extract(nullif(body, ''), "
                "'$.address'), gone_ms>0, EXISTS(SELECT 1 FROM open_order AS o WHERE o.id=got.id"
                " AND o.pepoch<=got.pepoch)"
                " FROM got WHERE kind='thing' AND gone_ms=0 ORDER BY id, pepoch",
                "") {
        INV(len < THINGS_MAX);
        struct item *i = &items[len++];
        *i = (struct item){.pepoch = query_i64(&q, 1),
                           .generation = query_i64(&q, 2),
                           .is_gone = query_i64(&q, 3) != 0,
                           .address = query_i64(&q, 4),
                           .is_said = query_i64(&q, 5) != 0,
                           .is_open = query_i64(&q, 6) != 0};
        str_copy(i->id, sizeof i->id, query_text(&q, 0));
        i->domain = listed(v, i->id);
    }
    return len;
}

static void plan_gone(struct vassal_core *v, const struct item *i, const struct event *ev,
                      struct effects *out)
{
    bool is_there = i->domain != NULL && i->domain->pepoch <= i->pepoch;
    if (is_there || i->is_open)
        erase(v, i->id, i->pepoch, out);
    else
        sync_child_gone(&v->child, "thing", i->id, i->generation, i->pepoch, ev);
}

static void plan_live(struct vassal_core *v, const struct item *i, struct effects *out)
{
    bool is_mine = i->domain != NULL && i->domain->pepoch == i->pepoch;
    if (is_mine && i->domain->state == HOST_DOMAIN_RUNNING)
        sync_child_say(&v->child, "thing", i->id, i->generation, i->pepoch, "{\"runs\":true}");
    else if (i->domain != NULL && i->domain->pepoch < i->pepoch)
        erase(v, i->id, i->domain->pepoch, out);
    else if (i->domain == NULL || is_mine) {
        sync_child_say(&v->child, "thing", i->id, i->generation, i->pepoch, "{\"runs\":false}");
        if (sync_child_is_fresh(&v->child))
            start(v, i->id, i->pepoch, i->address, out);
    }
}

/* Each id once: by a listing that was begun after its wish was recorded and its last job ended. */
static void plan(struct vassal_core *v, const struct event *ev, struct effects *out)
{
    struct item items[THINGS_MAX];
    if (v->list == NULL || v->listed_n == 0)
        return;
    size_t len = load_items(v, items);
    for (size_t i = 0; i < len; i++) {
        struct doing *d = doing_of(v, items[i].id);
        if (d->job_id != 0 || d->ended >= v->listed_n)
            continue;
        if (items[i].is_gone)
            plan_gone(v, &items[i], ev, out);
        else
            plan_live(v, &items[i], out);
    }
}

/* ---- the core ------------------------------------------------------------------------------- */

static enum err_code on_wish(void *core, const struct wire_item *item, const struct event *ev,
                             struct err *err)
{
    (void)ev, (void)err;
    struct vassal_core *v = core;
    if (str_eq(item->kind, "thing")) {
        doing_of(v, item->id)->ended = v->list_n;
        v->list_due_mono_ms = 0;
    }
    return ERR_OK;
}

static void on_ask(void *core, const struct wire_note *note, const struct event *ev)
{
    (void)core, (void)note, (void)ev;
}

static void on_capacity(void *core, struct buf *json, struct buf *health)
{
    (void)core, (void)json, (void)health;
}

static enum err_code step(void *self, const struct event *ev, struct effects *out, struct err *err)
{
    struct vassal_core *v = self;
    (void)err;
    if (ev->kind == EVENT_START)
        sync_child_start(&v->child, ev);
    else if (ev->kind == EVENT_REPLY)
        sync_child_reply(&v->child, ev);
    else if (ev->kind == EVENT_JOB_DONE && ev->job.kind == HOST_HV_EVENT)
        v->list_due_mono_ms = 0;
    else if (ev->kind == EVENT_JOB_DONE)
        take_job(v, ev);
    plan(v, ev, out);
    plan_banner(v, ev, out);
    if (ev->at.mono_ms >= v->list_due_mono_ms)
        ask_list(v, ev, out);
    return ERR_OK;
}

static void fail(void *self, const struct event *ev, const struct err *err, struct effects *out)
{
    (void)self, (void)ev, (void)err, (void)out;
}

static void seal(void *self, const struct event *at, struct effects *out)
{
    struct vassal_core *v = self;
    sync_child_seal(&v->child, at, out);
}

/* Jobs of the lost turn were never handed out: what RAM thinks of them is wrong. */
static void reload(void *self)
{
    struct vassal_core *v = self;
    sync_child_reload(&v->child);
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&v->doing, &at)) != NULL;)
        *(struct doing *)e->value = (struct doing){.ended = v->list_n};
    v->banner = BANNER_UNKNOWN;
    v->banner_job = 0;
    v->list_job = 0;
    v->listed_n = 0;
    v->list_due_mono_ms = 0;
}

static int64_t wake_at(const void *self)
{
    const struct vassal_core *v = self;
    int64_t sync = sync_child_wake_at(&v->child);
    if (v->list_job != 0)
        return sync;
    return sync < v->list_due_mono_ms ? sync : v->list_due_mono_ms;
}

struct vassal_core *vassal_core_new(struct store *store, const struct rng *rng, const char *node,
                                    const struct sync_timing *timing)
{
    struct vassal_core *v = check_alloc(sizeof *v);
    struct sync_child_hooks hooks = {
        .core = v, .on_wish = on_wish, .on_ask = on_ask, .on_capacity = on_capacity};
    v->store = store;
    v->rng = *rng;
    str_copy(v->node, sizeof v->node, node);
    sync_child_init(&v->child, store, rng, node, "parent", &hooks, timing);
    return v;
}

void vassal_core_free(struct vassal_core *v)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&v->doing, &at)) != NULL;)
        free(e->value);
    map_fini(&v->doing);
    sync_child_fini(&v->child);
    free(v->list);
    free(v);
}

struct core vassal_core_as_core(struct vassal_core *v)
{
    return (struct core){
        .self = v, .step = step, .fail = fail, .seal = seal, .reload = reload, .wake_at = wake_at};
}

bool vassal_core_has_lease(const struct vassal_core *v, int64_t boot_ms)
{
    return sync_child_has_lease(&v->child, boot_ms);
}
