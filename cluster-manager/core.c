/* core.c - the cluster-manager's step: one event in, rows changed, effects out.
 *
 *   cloud --wishes--> api/cloud.c -> ops/place.c -> wishes for hosts
 *   hosts --facts---> api/host.c  -> facts for the cloud, or another placement
 */
#include "cluster-manager/core.h"

#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "cluster-manager/cluster.h"
#include "cluster-manager/ops/roster.h"
#include "cluster-manager/store/instance.h"

#include <stdlib.h>
#include <string.h>

static void on_told(void *core, const char *node, struct arena *arena, struct buf *link_key,
                    struct wire_joined *out)
{
    const struct cluster_core *c = core;
    (void)node, (void)arena, (void)link_key;
    out->ca = c->config->ca_pem;
    out->parent = c->config->node;
    out->region = c->config->region;
    out->zone = c->config->zone;
}

struct cluster_core *cluster_core_new(struct store *store, const struct rng *rng,
                                      const struct cluster_config *config)
{
    struct cluster_core *c = check_alloc(sizeof *c);
    c->store = store;
    c->rng = *rng;
    c->config = config;
    c->retry_mono_ms = INT64_MAX;
    cluster_roster_init(&c->roster);
    struct sync_child_hooks up = cluster_cloud_hooks(c);
    struct sync_parent_hooks down = cluster_host_hooks(c);
    sync_child_init(&c->up, store, rng, config->node, "parent", &up, &config->timing);
    sync_parent_init(&c->down, store, rng, &down, &config->timing);
    admit_init(&c->admit, store, rng, &c->down, CLUSTER_JOB_SIGN,
               &(struct admit_hooks){.core = c, .on_told = on_told});
    return c;
}

void cluster_core_free(struct cluster_core *c)
{
    if (c == NULL)
        return;
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->rooms, &at)) != NULL;) {
        struct cluster_host *h = e->value;
        buf_fini(&h->said);
        free(h);
    }
    map_fini(&c->rooms);
    cluster_roster_fini(&c->roster);
    sync_child_fini(&c->up);
    sync_parent_fini(&c->down);
    free(c);
}

static void start(struct cluster_core *c, const struct event *ev)
{
    sync_child_start(&c->up, ev);
    sync_parent_start(&c->down, ev);
    sync_child_listed(&c->up); /* its store is its truth: there is nothing else to list */
    if (cluster_instance_any_waiting(c->store))
        c->retry_mono_ms = ev->at.mono_ms + c->config->timing.heartbeat_ms;
}

/* The last child's return ends RECOVERY: then what waited is placed. */
static enum err_code sync(struct cluster_core *c, const struct event *ev, struct err *err)
{
    bool was = sync_parent_in_recovery(&c->down);
    enum err_code code = sync_parent_request(&c->down, ev, err);
    if (code == ERR_OK && was && !sync_parent_in_recovery(&c->down))
        cluster_place_waiting(c, ev);
    return code;
}

static enum err_code request(struct cluster_core *c, const struct event *ev, struct err *err)
{
    const struct request *r = &ev->request;
    if (r->face != FACE_TIER || !str_eq(r->method, "POST"))
        return err_set(err, ERR_NOT_FOUND, "nothing is served there");
    if (str_eq(r->target, "/v1/sync"))
        return sync(c, ev, err);
    if (str_eq(r->target, "/v1/join"))
        return admit_join(&c->admit, ev, ++c->next_job, c->out, err);
    if (str_eq(r->target, "/v1/renew"))
        return admit_renew(&c->admit, ev, ++c->next_job, c->out, err);
    return err_set(err, ERR_NOT_FOUND, "nothing is served at %.100s", r->target);
}

static enum err_code step(void *self, const struct event *ev, struct effects *out, struct err *err)
{
    struct cluster_core *c = self;
    enum err_code code = ERR_OK;
    c->out = out;
    c->mono_ms = ev->at.mono_ms;
    c->roster.is_read = false;
    switch (ev->kind) {
    case EVENT_START:
        start(c, ev);
        break;
    case EVENT_REQUEST:
        code = request(c, ev, err);
        break;
    case EVENT_REPLY:
        if (sync_child_reply(&c->up, ev) && cluster_instance_any_waiting(c->store))
            cluster_place_waiting(c, ev);
        break;
    case EVENT_TICK:
        if (ev->at.mono_ms >= c->retry_mono_ms && !sync_parent_in_recovery(&c->down))
            cluster_place_waiting(c, ev);
        break;
    case EVENT_JOB_DONE:
        code = admit_signed(&c->admit, ev, out, err);
        break;
    }
    if (code == ERR_OK) {
        cluster_group_settle(c);
        cluster_underlay_settle(c);
        cluster_roster_settle(c);
    }
    c->out = NULL;
    return code;
}

static void fail(void *self, const struct event *ev, const struct err *err, struct effects *out)
{
    struct cluster_core *c = self;
    uint64_t request = ev->kind == EVENT_REQUEST    ? ev->request.id
                       : ev->kind == EVENT_JOB_DONE ? admit_failed(&c->admit, ev->job.job_id)
                                                    : 0;
    if (c->roster.is_read)
        cluster_roster_doubt(c);
    log_warn("event.failed", "code", err_row(err->code)->name, "why", err->text, NULL);
    if (request == 0)
        return;
    CLEANUP(buf_fini) struct buf body = {0};
    buf_text(&body, "{\"code\":");
    wire_quote(&body, err_row(err->code)->name);
    buf_text(&body, ",\"detail\":");
    wire_quote(&body, err->text);
    buf_char(&body, '}');
    effect_reply(out, request, err_row(err->code)->http, "application/json", body.data, body.len);
}

static void seal(void *self, const struct event *at, struct effects *out)
{
    struct cluster_core *c = self;
    c->mono_ms = at->at.mono_ms;
    sync_parent_seal(&c->down, at, out);
    /* In RECOVERY it does not know what it would say, nor what an end from above would end. */
    if (!sync_parent_in_recovery(&c->down))
        sync_child_seal(&c->up, at, out);
}

static void reload(void *self)
{
    struct cluster_core *c = self;
    sync_parent_reload(&c->down);
    admit_reload(&c->admit);
    sync_child_reload(&c->up);
    cluster_roster_doubt(c);
    c->retry_mono_ms = 0; /* whatever waits is looked at again */
    c->placed_to[0] = '\0';
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t wake_at(const void *self)
{
    const struct cluster_core *c = self;
    int64_t links = earlier(sync_parent_wake_at(&c->down), sync_child_wake_at(&c->up));
    return earlier(links, c->retry_mono_ms);
}

struct core cluster_core_as_core(struct cluster_core *c)
{
    return (struct core){.self = c,
                         .step = step,
                         .fail = fail,
                         .seal = seal,
                         .reload = reload,
                         .wake_at = wake_at,
                         .report = cluster_report};
}

bool cluster_core_calls_down(const struct cluster_core *c, const char *host, int64_t mono_ms)
{
    return sync_parent_child_state(&c->down, host, mono_ms) == SYNC_CHILD_DOWN;
}
