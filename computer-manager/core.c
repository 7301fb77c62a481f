/* core.c - the computer-manager's step: one event in, rows changed, jobs out.
 *
 *   cluster --wishes--> api/cluster.c (recorded)
 *   jobs done --------> done.c        (what is)
 *   end of each step:   act.c plans what differs and gives out jobs
 */
#include "computer-manager/core.h"

#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/host.h"
#include "computer-manager/api/port.h"
#include "computer-manager/store/record.h"

#include <stdlib.h>
#include <string.h>

static void free_values(struct map *m)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(m, &at)) != NULL;)
        free(e->value);
    map_fini(m);
}

struct host_core *host_core_new(struct store *store, const struct rng *rng,
                                const struct host_config *config)
{
    struct host_core *c = check_alloc(sizeof *c);
    c->store = store;
    c->rng = *rng;
    c->config = config;
    c->due_ms = INT64_MAX;
    c->port = check_alloc(sizeof *c->port);
    list_init(&c->marked);
    struct sync_child_hooks up = host_cluster_hooks(c);
    sync_child_init(&c->up, store, rng, config->node, "parent", &up, &config->timing);
    return c;
}

void host_core_free(struct host_core *c)
{
    if (c == NULL)
        return;
    host_records_free(&c->records);
    host_records_forget(c);
    free_values(&c->bases);
    free_values(&c->seeds);
    host_groups_free(c);
    host_peers_free(c);
    free(c->port);
    free(c->disks);
    arena_fini(&c->answer);
    sync_child_fini(&c->up);
    free(c);
}

/* Its port is applied once more. How long it waited for its turn nobody knows any more: no time of
 * before is held against it. */
static void load_record(void *self, struct host_record *r)
{
    struct host_core *c = self;
    r->port_sum = 0;
    r->waited_ms = c->at.now_ms - r->wished_ms;
    host_records_add(c, r);
}

/* What RAM holds, from the store: in place of what it held, for a start whose turn was lost begins
 * again. Every port and group is applied once more, and every domain counts as unlisted. */
static void load(struct host_core *c)
{
    struct query q;
    host_records_free(&c->records);
    host_records_forget(c);
    c->queue_len = 0;
    host_groups_free(c);
    host_record_load_all(c->store, load_record, c);
    host_groups_load(c);
    free_values(&c->seeds);
    host_seeds_load(c);
    host_share_load(c);
    host_peers_free(c);
    host_peers_load(c);
    host_say_tunnel(c);
    query_open(&q, c->store, "SELECT fresh_boot FROM machine", "");
    if (query_next(&q)) {
        str_copy(c->fresh_boot, sizeof c->fresh_boot, query_text(&q, 0));
        query_close(&q);
    }
    c->heard_ms = c->at.now_ms;
    c->list_next_ms = c->net_list_next_ms = c->disks_next_ms = c->probe_next_ms = 0;
    host_mark_all(c);
}

/* A job of the lost turn was never given out; those given out before still run, and what they
 * work on is left alone until they end. */
static bool is_out(const struct host_core *c, uint64_t job_id)
{
    return job_id != 0 && job_id <= (c->is_sealed ? c->sealed_before : c->sealed_job);
}

static void keep_record_jobs(const struct host_core *c, const struct map *before)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(before, &at)) != NULL;) {
        const struct host_record *old = e->value;
        struct host_record *r = map_get(&c->records, e->key);
        if (r == NULL || !is_out(c, old->job_id))
            continue;
        r->job_id = old->job_id;
        r->job_kind = old->job_kind;
        r->order_seq = old->order_seq;
        r->ordered_port_sum = old->ordered_port_sum;
        r->ordered_public = old->ordered_public;
    }
}

static void forget_lost_jobs(struct host_core *c)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->bases, &at)) != NULL;) {
        struct host_base *base = e->value;
        if (!is_out(c, base->job_id))
            base->job_id = 0;
    }
    uint64_t *jobs[] = {&c->list_job,  &c->net_list_job, &c->probe_job,
                        &c->disks_job, &c->evict_job,    &c->share_job};
    for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++)
        if (!is_out(c, *jobs[i]))
            *jobs[i] = 0;
}

static enum err_code step(void *self, const struct event *ev, struct effects *out, struct err *err)
{
    struct host_core *c = self;
    enum err_code code = ERR_OK;
    c->out = out;
    c->at = *ev;
    c->is_sealed = false;
    switch (ev->kind) {
    case EVENT_START:
        load(c);
        sync_child_start(&c->up, ev);
        break;
    case EVENT_REPLY:
        sync_child_reply(&c->up, ev);
        break;
    case EVENT_JOB_DONE:
        host_done(c, &ev->job);
        break;
    case EVENT_TICK:
        break;
    case EVENT_REQUEST:
        code = err_set(err, ERR_NOT_FOUND, "nothing is served at %.100s", ev->request.target);
        break;
    }
    if (code == ERR_OK)
        host_act(c);
    c->out = NULL;
    return code;
}

static void fail(void *self, const struct event *ev, const struct err *err, struct effects *out)
{
    (void)self;
    log_warn("event.failed", "code", err_row(err->code)->name, "why", err->text, NULL);
    if (ev->kind == EVENT_REQUEST)
        effect_reply(out, ev->request.id, err_row(err->code)->http, "text/plain", err->text,
                     strlen(err->text));
}

static void seal(void *self, const struct event *at, struct effects *out)
{
    struct host_core *c = self;
    sync_child_seal(&c->up, at, out);
    c->sealed_before = c->sealed_job;
    c->sealed_job = c->last_job;
    c->is_sealed = true;
}

static void reload(void *self)
{
    struct host_core *c = self;
    struct map before = c->records;
    sync_child_reload(&c->up);
    c->records = (struct map){0};
    load(c);
    keep_record_jobs(c, &before);
    forget_lost_jobs(c);
    host_records_free(&before);
}

static int64_t wake_at(const void *self)
{
    const struct host_core *c = self;
    int64_t link = sync_child_wake_at(&c->up), due = host_act_due_ms(c);
    if (due != INT64_MAX)
        due = due - c->at.now_ms + c->at.at.mono_ms; /* now_ms and mono_ms run alike */
    return link < due ? link : due;
}

struct core host_core_as_core(struct host_core *c)
{
    return (struct core){.self = c,
                         .step = step,
                         .fail = fail,
                         .seal = seal,
                         .reload = reload,
                         .wake_at = wake_at,
                         .report = host_report};
}

bool host_core_has_lease(const struct host_core *c, int64_t boot_ms)
{
    return sync_child_has_lease(&c->up, boot_ms);
}
