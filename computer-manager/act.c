/* act.c - plans every record that may have something to do and gives out the jobs.
 *
 * What an order leaves behind is written before the job goes out: the job is an effect, and
 * effects come after COMMIT. */
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
static const int64_t RESUME_EVERY_MS = 10000;

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

bool host_wish_load(struct host_core *c, const struct host_record *r, struct arena *arena,
                    struct wire_instance *out)
{
    struct query q;
    struct err err;
    bool there = false;
    query_open(&q, c->store,
               "SELECT body FROM got WHERE kind='instance' AND id=? AND pepoch=? AND gone=''", "si",
               r->id, r->pepoch);
    if (query_next(&q)) {
        const char *body = arena_strdup(arena, query_text(&q, 0));
        there = wire_decode(&wire_instance_type, body, strlen(body), arena, out, &err) == ERR_OK;
        query_close(&q);
    }
    return there;
}

static bool load_group(struct host_core *c, const char *id, struct arena *arena,
                       struct wire_group *out)
{
    struct query q;
    struct err err;
    bool there = false;
    query_open(&q, c->store, "SELECT body FROM got WHERE kind='group' AND id=? AND gone=''", "s",
               id);
    if (query_next(&q)) {
        const char *body = arena_strdup(arena, query_text(&q, 0));
        there = wire_decode(&wire_group_type, body, strlen(body), arena, out, &err) == ERR_OK;
        query_close(&q);
    }
    return there;
}

/* The port with the rules of its groups. A group that has not come yet lets nothing through. */
static struct host_port *make_port(struct host_core *c, const struct host_record *r,
                                   const struct wire_instance *wish, struct arena *arena)
{
    struct err err;
    struct host_port *port = arena_alloc(arena, sizeof *port);
    if (host_port_from(wish, c->config->mtu, port, &err) != ERR_OK)
        return NULL; /* refused when it came */
    str_copy(port->instance, sizeof port->instance, r->id);
    for (size_t i = 0; i < wish->port->groups_len; i++) {
        struct wire_group group;
        if (load_group(c, wish->port->groups[i], arena, &group) &&
            host_port_add_rules(port, &group, &err) != ERR_OK)
            log_warn("port.rules", "port", port->port, "why", err.text, NULL);
    }
    return port;
}

/* ---- one record --------------------------------------------------------------------------- */

struct work {
    struct host_record *r;
    struct wire_instance wish; /* empty for what is to go */
    struct host_port *port;
    struct arena *arena;
};

static struct host_hv_target target_of(const struct host_record *r)
{
    struct host_hv_target target = {.pepoch = r->pepoch};
    str_copy(target.instance, sizeof target.instance, r->id);
    return target;
}

static void order(struct host_core *c, struct host_record *r, int kind, const void *spec,
                  size_t size)
{
    r->job_kind = kind;
    r->order_seq = ++c->order_seq;
    host_record_save(c->store, r);
    r->job_id = host_job(c, kind, spec, size);
}

static void order_hv(struct host_core *c, struct host_record *r, int kind)
{
    struct host_hv_target target = target_of(r);
    order(c, r, kind, &target, sizeof target);
}

static void order_base(struct host_core *c, const struct work *w)
{
    struct host_disk_base spec = {.size_bytes = w->wish.image_bytes};
    str_copy(spec.manifest, sizeof spec.manifest, w->wish.manifest);
    str_copy(spec.url, sizeof spec.url, w->wish.dos_url);
    str_copy(spec.grant, sizeof spec.grant, w->wish.grant);
    host_share_sources(&spec, w->wish.sources, w->wish.sources_len);
    if (host_cache_may_fetch(c, host_cache_base(c, spec.manifest)))
        host_cache_fetch(c, &spec);
}

static void order_root(struct host_core *c, const struct work *w)
{
    struct host_disk_root spec = {.pepoch = w->r->pepoch, .size_bytes = w->wish.disk_bytes};
    str_copy(spec.instance, sizeof spec.instance, w->r->id);
    str_copy(spec.manifest, sizeof spec.manifest, w->wish.manifest);
    w->r->has_root = true; /* may exist from here on: whoever ends it erases it */
    order(c, w->r, HOST_JOB_DISK_ROOT, &spec, sizeof spec);
}

static void order_port(struct host_core *c, const struct work *w)
{
    INV(w->port != NULL); /* only a wish plans a port */
    w->port->public_address = host_record_next_public(w->r, w->port->public_address);
    w->r->has_port = true;
    w->r->port_sum = 0;
    w->r->ordered_port_sum = host_port_sum(w->port, host_port_size(w->port));
    w->r->ordered_public = w->port->public_address;
    if (w->port->public_address != 0)
        w->r->public_address = w->port->public_address;
    order(c, w->r, HOST_JOB_NET_PORT, w->port, sizeof *w->port);
}

/* Where UEFI is preferred it is had: every host has it, or refuses what it cannot boot. */
static enum host_firmware firmware_of(const char *boot_mode)
{
    return str_has_prefix(boot_mode, "uefi") ? HOST_FIRMWARE_UEFI : HOST_FIRMWARE_BIOS;
}

static void order_start(struct host_core *c, const struct work *w)
{
    struct host_record *r = w->r;
    INV(w->port != NULL); /* a start comes after its port */
    PRE(w->wish.volume != NULL && w->wish.manifest != NULL);
    if (r->profile == 0) /* of record from here on: guests remember their hardware */
        r->profile = c->config->profile;
    struct host_hv_start spec = {
        .pepoch = r->pepoch,
        .generation = r->generation,
        .profile = {.number = r->profile, .firmware = firmware_of(w->wish.boot_mode)},
        .vcpus = w->wish.vcpus,
        .memory_mib = w->wish.memory_mib,
        .mtu = c->config->mtu,
    };
    str_copy(spec.instance, sizeof spec.instance, r->id);
    str_copy(spec.volume, sizeof spec.volume, w->wish.volume);
    str_copy(spec.manifest, sizeof spec.manifest, w->wish.manifest);
    str_copy(spec.tap, sizeof spec.tap, r->tap);
    memcpy(spec.mac, w->port->mac, sizeof spec.mac);
    r->is_console_told = false;
    r->stop_ms = 0;
    r->reboot_done = r->reboot_n; /* a fresh start is as good as any reboot asked before it */
    order(c, r, HOST_JOB_HV_START, &spec, sizeof spec);
}

static void order_unport(struct host_core *c, const struct work *w)
{
    struct host_net_unport spec = {.vni = w->r->vni};
    str_copy(spec.port, sizeof spec.port, w->r->port);
    order(c, w->r, HOST_JOB_NET_UNPORT, &spec, sizeof spec);
}

static void order_undisk(struct host_core *c, const struct work *w)
{
    struct host_disk_target spec = {.pepoch = w->r->pepoch};
    str_copy(spec.instance, sizeof spec.instance, w->r->id);
    order(c, w->r, HOST_JOB_DISK_ERASE, &spec, sizeof spec);
}

static void report_gone(struct host_core *c, struct host_record *r)
{
    char key[HOST_KEY_SIZE];
    host_record_key(key, r->id, r->pepoch);
    sync_child_gone(&c->up, "instance", r->id, r->generation, r->pepoch, &c->at);
    log_info("instance.gone", "id", r->id, NULL);
    host_record_delete(c->store, r);
    free(map_remove(&c->records, key));
}

static void refuse(struct host_core *c, struct host_record *r)
{
    if (r->text[0] == '\0')
        str_copy(r->text, sizeof r->text, "it could not be started in time");
    r->is_refused = true;
    host_record_save(c->store, r);
    host_say(c, r);
}

static void do_action(struct host_core *c, const struct work *w, enum host_action action)
{
    struct host_record *r = w->r;
    switch (action) {
    case HOST_ACT_NONE:
    case HOST_ACT_QUEUE:
        return;
    case HOST_ACT_BASE:
        order_base(c, w);
        return;
    case HOST_ACT_ROOT:
        order_root(c, w);
        return;
    case HOST_ACT_PORT:
        order_port(c, w);
        return;
    case HOST_ACT_START:
        order_start(c, w);
        return;
    case HOST_ACT_SHUTDOWN:
        r->stop_ms = c->at.now_ms > 0 ? c->at.now_ms : 1;
        order_hv(c, r, HOST_JOB_HV_SHUTDOWN);
        return;
    case HOST_ACT_DESTROY:
        order_hv(c, r, HOST_JOB_HV_DESTROY);
        return;
    case HOST_ACT_REBOOT:
        r->reboot_done = r->reboot_n; /* before: a crash may lose it and never doubles it */
        order_hv(c, r, HOST_JOB_HV_REBOOT);
        return;
    case HOST_ACT_RESUME:
        r->resume_ms = c->at.now_ms + RESUME_EVERY_MS;
        order_hv(c, r, HOST_JOB_HV_RESUME);
        return;
    case HOST_ACT_ERASE:
        order_hv(c, r, HOST_JOB_HV_ERASE);
        return;
    case HOST_ACT_CONSOLE:
        order_hv(c, r, HOST_JOB_HV_CONSOLE);
        return;
    case HOST_ACT_UNPORT:
        order_unport(c, w);
        return;
    case HOST_ACT_UNDISK:
        order_undisk(c, w);
        return;
    case HOST_ACT_GONE:
        report_gone(c, r);
        return;
    case HOST_ACT_REFUSE:
        refuse(c, r);
        return;
    case HOST_ACT_COUNT:
        break;
    }
    IMPOSSIBLE("action");
}

/* R8: no other placement of this instance may have a domain here. */
static bool is_alone(const struct host_core *c, const struct host_record *r)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->records, &at)) != NULL;) {
        const struct host_record *other = e->value;
        if (other != r && str_eq(other->id, r->id) && host_record_may_have_domain(other))
            return false;
    }
    return true;
}

static void plan_one(struct host_core *c, struct host_record *r, bool has_turn)
{
    struct arena arena = {0};
    struct work w = {.r = r, .arena = &arena};
    struct host_view view = {
        .now_ms = c->at.now_ms, .stop_ms = c->config->stop_ms, .has_turn = has_turn};
    bool wished = r->want != HOST_WANT_GONE && host_wish_load(c, r, &arena, &w.wish);
    const struct host_base *base = wished ? map_get(&c->bases, w.wish.manifest) : NULL;
    if (wished) {
        w.port = make_port(c, r, &w.wish, &arena);
        view.has_room = host_cache_has_room(c);
        view.public_address = w.port != NULL ? w.port->public_address : 0;
        view.has_base = base != NULL && base->is_ready;
        view.port_sum = w.port != NULL ? host_port_sum(w.port, host_port_size(w.port)) : 0;
        view.start_ms = host_start_ms(w.wish.image_bytes);
        view.may_start = c->boot[0] != '\0' && str_eq(c->boot, c->fresh_boot);
        view.is_alone = is_alone(c, r);
        str_copy(r->manifest, sizeof r->manifest, w.wish.manifest);
        str_copy(r->port, sizeof r->port, w.wish.port->id);
        r->vni = w.wish.port->vni;
        r->address = w.port != NULL ? w.port->address : 0;
        r->wished_port_sum = view.port_sum;
    }
    if (wished && !view.has_room && r->text[0] == '\0')
        str_copy(r->text, sizeof r->text, "less than 10 % of the host's disk is free");
    enum host_action action = wished || r->want == HOST_WANT_GONE ? host_plan(r, &view)
                                                                  : HOST_ACT_NONE;
    host_starts_queue(c, r, action == HOST_ACT_QUEUE);
    host_steps_note(c, r, wished ? host_plan_step(r, &view) : STEP_NONE, base);
    do_action(c, &w, action);
    arena_fini(&arena);
}

/* ---- groups, listings ---------------------------------------------------------------------- */

static bool has_network(const struct host_core *c, int64_t vni)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->records, &at)) != NULL;) {
        const struct host_record *r = e->value;
        if (r->has_port && r->port_sum != 0 && r->vni == vni)
            return true;
    }
    return false;
}

static void act_group(struct host_core *c, struct host_group *g)
{
    if (g->job_id != 0 || g->wished_sum == g->applied_sum || c->at.now_ms < g->next_ms ||
        !has_network(c, g->vni))
        return;
    struct arena arena = {0};
    struct wire_group body;
    struct err err;
    struct host_net_group *spec = arena_alloc(&arena, sizeof *spec);
    if (load_group(c, g->id, &arena, &body) && host_group_members(&body, spec, &err) == ERR_OK) {
        str_copy(spec->group, sizeof spec->group, g->id);
        g->job_id = host_job(c, HOST_JOB_NET_GROUP, spec, sizeof *spec);
        g->ordered_sum = g->wished_sum;
    }
    arena_fini(&arena);
}

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
    c->is_dirty = true;
}

/* Is there anything that this record waits for by time? INT64_MAX = nothing. */
static int64_t record_due_ms(const struct host_core *c, const struct host_record *r)
{
    if (r->job_id != 0)
        return INT64_MAX;
    if (r->next_ms > c->at.now_ms)
        return r->next_ms;
    if (r->stop_ms != 0)
        return r->stop_ms + c->config->stop_ms;
    if (r->dom == HOST_DOM_PAUSED && r->resume_ms > c->at.now_ms)
        return r->resume_ms;
    return INT64_MAX;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void plan_all(struct host_core *c)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->records, &at)) != NULL;)
        plan_one(c, e->value, false);
    for (struct host_record *r; (r = host_starts_next(c)) != NULL;)
        plan_one(c, r, true);
    at = 0;
    for (struct map_entry *e; (e = map_next(&c->groups, &at)) != NULL;)
        act_group(c, e->value);
    host_seeds_act(c);
    host_share_act(c);
    host_peers_act(c);
}

static void note_due(struct host_core *c)
{
    size_t at = 0;
    c->due_ms = INT64_MAX;
    for (struct map_entry *e; (e = map_next(&c->records, &at)) != NULL;)
        c->due_ms = earlier(c->due_ms, record_due_ms(c, e->value));
    at = 0;
    for (struct map_entry *e; (e = map_next(&c->bases, &at)) != NULL;) {
        const struct host_base *base = e->value;
        if (!base->is_ready && base->job_id == 0 && base->next_ms > c->at.now_ms)
            c->due_ms = earlier(c->due_ms, base->next_ms);
    }
    at = 0;
    for (struct map_entry *e; (e = map_next(&c->groups, &at)) != NULL;) {
        const struct host_group *g = e->value;
        if (g->job_id == 0 && g->wished_sum != g->applied_sum && g->next_ms > c->at.now_ms)
            c->due_ms = earlier(c->due_ms, g->next_ms);
    }
    c->due_ms = earlier(c->due_ms, host_peers_due_ms(c));
    c->due_ms = earlier(c->due_ms, host_share_due_ms(c));
}

void host_act(struct host_core *c)
{
    note_fresh(c);
    if (c->is_dirty || c->at.now_ms >= c->due_ms) {
        c->is_dirty = false;
        plan_all(c);
        note_due(c);
    }
    act_listings(c);
}

int64_t host_act_due_ms(const struct host_core *c)
{
    int64_t due = c->due_ms;
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
