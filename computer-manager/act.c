/* act.c - plans the records that are marked (records.c), and whatever is no record: groups, images,
 * listings. Called at the end of each step; its work grows with what changed. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/host.h"
#include "computer-manager/api/port.h"
#include "computer-manager/plan/plan_record.h"
#include "computer-manager/store/record.h"

#include <stdlib.h>
#include <string.h>

/* A first start may take this long, and a second for each 20 MB of the image (PROTOCOL 5). */
static const int64_t START_MS = 60000;
static const int64_t IMAGE_BYTES_PER_MS = 20000;

int64_t host_backoff_ms(int64_t attempt)
{
    return attempt >= 5 ? 30000 : (int64_t)1000 << (attempt > 0 ? attempt - 1 : 0);
}

int64_t host_start_ms(int64_t image_bytes)
{
    return START_MS + image_bytes / IMAGE_BYTES_PER_MS;
}

uint64_t host_job_within(struct host_core *c, int kind, const void *spec, size_t size,
                         int64_t timeout_ms)
{
    PRE(c->out != NULL);
    effect_job(c->out, &(struct effect_job){.job_id = ++c->last_job,
                                            .kind = kind,
                                            .spec = spec,
                                            .spec_size = size,
                                            .timeout_ms = timeout_ms});
    return c->last_job;
}

uint64_t host_job(struct host_core *c, int kind, const void *spec, size_t size)
{
    return host_job_within(c, kind, spec, size, c->config->job_ms);
}

/* ---- one record --------------------------------------------------------------------------- */

struct host_view host_act_view(const struct host_core *c, const struct host_record *r,
                               const struct host_wish *w)
{
    struct host_view view = {.now_ms = c->at.now_ms, .stop_ms = c->config->stop_ms};
    if (w == NULL)
        return view;
    const struct host_base *base = map_get(&c->bases, w->image.manifest);
    view.has_room = host_cache_has_room(c);
    view.public_address = w->port->public_address;
    view.has_base = base != NULL && base->is_ready;
    view.port_sum = w->port_sum;
    view.start_ms = host_start_ms(w->image.size_bytes);
    view.may_start = c->boot[0] != '\0' && str_eq(c->boot, c->fresh_boot);
    view.is_alone = host_record_is_alone(c, r);
    return view;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When its plan is another one by time alone. */
static void note_record_due(struct host_core *c, struct host_record *r, const struct host_wish *w,
                            int64_t step_due_ms)
{
    struct host_view view = host_act_view(c, r, w);
    const struct host_base *base = w != NULL ? map_get(&c->bases, w->image.manifest) : NULL;
    int64_t due = earlier(host_plan_due_ms(r, &view), step_due_ms);
    if (base != NULL && !base->is_ready && base->job_id == 0 && base->next_ms > c->at.now_ms)
        due = earlier(due, base->next_ms);
    due_set(&c->dues, &r->due, due);
}

static void plan_one(struct host_core *c, struct host_record *r, bool has_turn)
{
    const struct host_wish *w = host_wish_of(c, r);
    struct host_view view = host_act_view(c, r, w);
    bool is_known = w != NULL || r->want == HOST_WANT_GONE;
    view.has_turn = has_turn;
    if (w != NULL && !view.has_room && r->text[0] == '\0')
        str_copy(r->text, sizeof r->text, "less than 10 % of the host's disk is free");
    enum host_action action = is_known ? host_plan(r, &view) : HOST_ACT_NONE;
    host_starts_queue(c, r, action == HOST_ACT_QUEUE);
    int64_t step_due_ms = host_steps_note(c, r, w != NULL ? host_plan_step(r, &view) : STEP_NONE,
                                          w != NULL ? map_get(&c->bases, w->image.manifest) : NULL);
    host_order(c, r, w, action);
    if (action != HOST_ACT_GONE)
        note_record_due(c, r, w, step_due_ms);
}

/* ---- listings ------------------------------------------------------------------------------ */

static void act_listings(struct host_core *c)
{
    if (c->list_job == 0 && c->at.now_ms >= c->list_next_ms) {
        c->list_seq = ++c->order_seq;
        c->list_next_ms = INT64_MAX;
        c->list_job = host_job(c, HOST_JOB_HV_LIST, "", 0);
    }
    if (c->net_list_job == 0 && c->at.now_ms >= c->net_list_next_ms) {
        c->net_list_seq = ++c->order_seq;
        c->net_list_job = host_job(c, HOST_JOB_NET_LIST, "", 0);
    }
    if (c->probe.memory_mib == 0 && c->probe_job == 0 && c->at.now_ms >= c->probe_next_ms)
        c->probe_job = host_job(c, HOST_JOB_HV_PROBE, "", 0);
    if (c->disks_job == 0 && c->at.now_ms >= c->disks_next_ms)
        c->disks_job = host_job(c, HOST_JOB_DISK_LIST, "", 0);
}

/* R16: wishes are fresh in this boot of the machine. */
static void note_fresh(struct host_core *c)
{
    if (c->boot[0] == '\0' || str_eq(c->boot, c->fresh_boot) || !sync_child_is_fresh(&c->up))
        return;
    str_copy(c->fresh_boot, sizeof c->fresh_boot, c->boot);
    store_run(c->store, "UPDATE machine SET fresh_boot=?", "s", c->fresh_boot);
    host_mark_all(c);
}

static void plan_marked(struct host_core *c)
{
    for (struct host_record *r; (r = host_marked_next(c)) != NULL;)
        plan_one(c, r, false);
}

static void plan_records(struct host_core *c)
{
    plan_marked(c);
    for (struct host_record *r; (r = host_starts_next(c)) != NULL;) {
        plan_one(c, r, true);
        plan_marked(c);
    }
}

static void act_others(struct host_core *c)
{
    host_seeds_act(c);
    host_share_act(c);
    host_peers_act(c);
}

static void note_due(struct host_core *c)
{
    size_t at = 0;
    c->due_ms = INT64_MAX;
    for (struct map_entry *e; (e = map_next(&c->bases, &at)) != NULL;) {
        const struct host_base *base = e->value;
        if (!base->is_ready && base->job_id == 0 && base->next_ms > c->at.now_ms)
            c->due_ms = earlier(c->due_ms, base->next_ms);
    }
    c->due_ms = earlier(c->due_ms, host_peers_due_ms(c));
    c->due_ms = earlier(c->due_ms, host_share_due_ms(c));
}

void host_act(struct host_core *c)
{
    note_fresh(c);
    host_mark_due(c);
    if (c->is_dirty || c->at.now_ms >= c->due_ms) {
        plan_records(c);
        c->is_dirty = false;
        act_others(c);
        plan_records(c);
        note_due(c);
    }
    host_groups_act(c);
    act_listings(c);
}

int64_t host_act_due_ms(const struct host_core *c)
{
    const struct due *record = due_first(&c->dues);
    int64_t due = earlier(c->due_ms, c->groups_due_ms);
    if (record != NULL)
        due = earlier(due, record->at_ms);
    if (c->list_job == 0)
        due = earlier(due, c->list_next_ms);
    if (c->net_list_job == 0)
        due = earlier(due, c->net_list_next_ms);
    if (c->disks_job == 0)
        due = earlier(due, c->disks_next_ms);
    if (c->probe.memory_mib == 0 && c->probe_job == 0)
        due = earlier(due, c->probe_next_ms);
    return due;
}
