/* done.c - what came of a job: one function a kind, each changes one record and marks it. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/host.h"
#include "computer-manager/store/record.h"
#include "proto/auth/base64.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REFUSE_ATTEMPTS = HOST_FETCH_ATTEMPTS };

/* ---- listings ------------------------------------------------------------------------------ */

static enum host_dom dom_of(const struct host_domain *d)
{
    if (d == NULL)
        return HOST_DOM_ABSENT;
    switch (d->state) {
    case HOST_DOMAIN_OFF:
        return HOST_DOM_OFF;
    case HOST_DOMAIN_RUNNING:
        return HOST_DOM_RUNNING;
    case HOST_DOMAIN_PAUSED:
        return HOST_DOM_PAUSED;
    case HOST_DOMAIN_STOPPING:
        return HOST_DOM_STOPPING;
    }
    return HOST_DOM_RUNNING; /* what is not understood counts as there */
}

static enum off_why why_of(const struct host_domain *d)
{
    if (d == NULL)
        return OFF_UNKNOWN;
    switch (d->off_why) {
    case HOST_OFF_GUEST:
        return OFF_GUEST;
    case HOST_OFF_CRASH:
        return OFF_CRASH;
    case HOST_OFF_HOST:
        return OFF_HOST;
    case HOST_OFF_NONE:
    case HOST_OFF_UNKNOWN:
        break;
    }
    return OFF_UNKNOWN;
}

static void note_crash(struct host_core *c, struct host_record *r)
{
    enum { WINDOW_MS = 600000 };
    if (r->crashes == 0 || c->at.now_ms - r->crash_ms > WINDOW_MS) {
        r->crashes = 0;
        r->crash_ms = c->at.now_ms;
    }
    r->crashes++;
    r->next_ms = c->at.now_ms + host_backoff_ms(r->crashes);
}

/* It runs under the wish at hand: adopted, also after any restart of ours. */
static void note_running(struct host_record *r)
{
    r->ever_ran = true;
    if (r->want == HOST_WANT_RUNNING && r->stop_ms == 0)
        r->ran_generation = r->generation;
}

static void note_off(struct host_core *c, struct host_record *r, const struct host_domain *d)
{
    if (r->stop_ms != 0 || r->want == HOST_WANT_STOPPED) {
        r->why = OFF_ASKED;
        r->stop_ms = 0;
        r->is_asked = false;
        return;
    }
    if (!host_record_ended_alone(r) || r->why_generation == r->generation)
        return;
    r->why = why_of(d);
    r->why_generation = r->generation;
    if (r->why == OFF_CRASH)
        note_crash(c, r);
    if (r->why == OFF_CRASH || r->why == OFF_HOST)
        r->why_generation = -1; /* it is started again, and may end again */
    log_info("instance.ended", "id", r->id, "why", off_why_text(r->why), NULL);
}

static void apply_domain(struct host_core *c, struct host_record *r, const struct host_domain *d)
{
    enum host_dom before = r->dom;
    r->dom = dom_of(d);
    bool is_disk_error = d != NULL && d->is_disk_error;
    if (is_disk_error != r->is_disk_error)
        host_mark(c, r);
    r->is_disk_error = is_disk_error;
    if (d != NULL && d->profile != 0)
        r->profile = d->profile; /* adopted: the domain is what the guest has seen */
    if (r->is_disk_error)
        c->disks_next_ms = c->at.now_ms; /* has it room, or what is it? */
    bool off = r->dom == HOST_DOM_ABSENT || r->dom == HOST_DOM_OFF;
    if (r->dom == before)
        return;
    host_mark(c, r);
    if (off)
        note_off(c, r, d);
    else
        note_running(r);
    host_pulse_judge(c, r);
    host_record_save(c->store, r);
    host_say(c, r);
}

/* Links and taps went with the machine's last boot. */
static void take_boot(struct host_core *c, const char *boot)
{
    char was[HOST_NAME_SIZE] = "";
    struct query q;
    query_open(&q, c->store, "SELECT boot FROM machine", "");
    if (query_next(&q)) {
        str_copy(was, sizeof was, query_text(&q, 0));
        query_close(&q);
    }
    if (!str_eq(c->boot, boot))
        host_mark_all(c);
    str_copy(c->boot, sizeof c->boot, boot);
    if (str_eq(was, boot))
        return;
    store_run(c->store, "UPDATE machine SET boot=?", "s", boot);
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->records, &at)) != NULL;) {
        struct host_record *r = e->value;
        r->port_sum = 0;
        host_record_save(c->store, r);
    }
}

/* R13: a domain of ours that nobody wished. At or below a tombstone it is ended; any other is
 * reported and left alone, its address stays taken. */
static void take_stray(struct host_core *c, const struct host_domain *d)
{
    if (store_has(c->store,
                  "SELECT 1 FROM got WHERE kind='instance' AND id=? AND gone<>'' AND pepoch>=?",
                  "si", d->instance, d->pepoch)) {
        struct host_hv_target target = {.pepoch = d->pepoch};
        str_copy(target.instance, sizeof target.instance, d->instance);
        host_job(c, HOST_JOB_HV_ERASE, &target, sizeof target);
        return;
    }
    c->has_strays = true;
    log_warn("domain.stray", "id", d->instance, NULL);
    sync_child_say(&c->up, "stray", d->instance, d->generation, d->pepoch, "{}");
}

/* A stray that was given its wish, or is there no more, is none any more. */
static void unsay_strays(struct host_core *c, const struct map *listed)
{
    char key[HOST_KEY_SIZE];
    struct query q;
    STORE_EACH (c->store, q,
                "SELECT id, generation, pepoch FROM said WHERE kind='stray' AND gone=''"
                " ORDER BY id, pepoch",
                "") {
        host_record_key(key, query_text(&q, 0), query_i64(&q, 2));
        if (map_get(listed, key) == NULL || map_get(&c->records, key) != NULL)
            sync_child_gone(&c->up, "stray", query_text(&q, 0), query_i64(&q, 1), query_i64(&q, 2),
                            &c->at);
    }
}

static void done_list(struct host_core *c, const struct job_done *done)
{
    const struct host_hv_list *list = done->result;
    c->list_job = 0;
    /* Whoever wanted a listing since this one was asked is not forgotten. */
    if (c->list_next_ms > c->at.now_ms + c->config->list_ms)
        c->list_next_ms = c->at.now_ms + c->config->list_ms;
    if (done->code != ERR_OK || done->result_size < offsetof(struct host_hv_list, domains)) {
        str_copy(c->hv_health, sizeof c->hv_health, done->text);
        return;
    }
    c->hv_health[0] = '\0';
    take_boot(c, list->boot);
    host_starts_note_load(c, list->idle_permille);
    struct map listed = {0};
    c->has_strays = false;
    char key[HOST_KEY_SIZE];
    for (int64_t i = 0; i < list->len && i < HOST_DOMAINS_MAX; i++) {
        const struct host_domain *d = &list->domains[i];
        host_record_key(key, d->instance, d->pepoch);
        void *entry = NULL;
        memcpy(&entry, &d, sizeof entry); /* the map keeps what it is given, unchanged */
        map_put(&listed, key, entry);
        if (map_get(&c->records, key) == NULL)
            take_stray(c, d);
    }
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->records, &at)) != NULL;) {
        struct host_record *r = e->value;
        if (r->order_seq < c->list_seq && !(r->job_id != 0 && r->job_kind < HOST_JOB_NET_LIST))
            apply_domain(c, r, map_get(&listed, e->key));
    }
    unsay_strays(c, &listed);
    map_fini(&listed);
    sync_child_listed(&c->up);
}

static void done_probe(struct host_core *c, const struct job_done *done)
{
    c->probe_job = 0;
    c->probe_next_ms = c->at.now_ms + 5000;
    if (done->code == ERR_OK && done->result_size == sizeof c->probe)
        memcpy(&c->probe, done->result, sizeof c->probe);
}

static void done_disks(struct host_core *c, const struct job_done *done)
{
    enum { DISKS_EVERY_MS = 30000 };
    c->disks_job = 0;
    c->disks_next_ms = c->at.now_ms + DISKS_EVERY_MS;
    if (done->code != ERR_OK || done->result_size != sizeof *c->disks) {
        c->disks_next_ms = c->at.now_ms + 5000;
        return;
    }
    if (c->disks == NULL)
        c->disks = check_alloc(sizeof *c->disks);
    bool had_room = host_cache_has_room(c);
    memcpy(c->disks, done->result, sizeof *c->disks);
    if (had_room != host_cache_has_room(c))
        host_mark_all(c);
    host_cache_listed(c, done->job_id);
    host_cache_check(c);
}

static const char *console_of(const struct host_core *c, uint64_t job_id)
{
    for (size_t i = 0; i < HOST_CONSOLES; i++)
        if (c->consoles[i].job_id == job_id)
            return c->consoles[i].instance;
    return "";
}

static void tell_console(struct host_core *c, const char *instance, const struct job_done *done)
{
    const struct host_hv_console *console = done->result;
    if (done->code != ERR_OK || done->result_size < offsetof(struct host_hv_console, bytes) ||
        console->len < 0 || console->len > HOST_CONSOLE_BYTES)
        return; /* ephemeral: whoever asked has a deadline of its own */
    CLEANUP(buf_fini) struct buf text = {0};
    base64_encode(&text, console->bytes, (size_t)console->len);
    sync_child_tell(&c->up, "console", instance, buf_str(&text));
}

/* ---- records ------------------------------------------------------------------------------- */

/* The port's network was made anew since it was heard of last: it went with its last port, perhaps
 * with an order whose end nobody heard. */
static void note_network(struct host_core *c, int64_t vni, int64_t network)
{
    if (host_peers_note_network(c, vni, network))
        host_groups_forget(c, vni);
}

/* Whoever is to have it next waits for this word. */
static void take_public(struct host_core *c, struct host_record *r, uint32_t in_place)
{
    if (r->public_address == in_place)
        return;
    r->public_address = in_place;
    host_say(c, r);
}

static void done_port(struct host_core *c, struct host_record *r, const struct job_done *done)
{
    const struct host_net_port_done *port = done->result;
    r->port_sum = r->ordered_port_sum;
    c->groups_differ = true; /* some may have waited for their network */
    take_public(c, r, r->ordered_public);
    if (done->result_size != sizeof *port)
        return;
    str_copy(r->tap, sizeof r->tap, port->tap);
    note_network(c, r->vni, port->network);
}

static void succeeded(struct host_core *c, struct host_record *r, const struct job_done *done)
{
    r->attempt = r->next_ms = 0;
    switch (done->kind) {
    case HOST_JOB_NET_PORT:
        done_port(c, r, done);
        break;
    case HOST_JOB_NET_UNPORT:
        r->has_port = false;
        r->port_sum = 0;
        r->public_address = 0;
        host_peers_touch(c, r->vni, r->address);
        c->groups_differ = true; /* its network may have gone with it */
        break;
    case HOST_JOB_DISK_ERASE:
        r->has_root = r->is_root_made = false;
        break;
    case HOST_JOB_DISK_ROOT:
        r->is_root_made = true;
        break;
    case HOST_JOB_HV_SHUTDOWN:
        r->is_asked = true;
        break;
    case HOST_JOB_HV_START:
        r->ever_ran = true;
        r->run_ms = c->at.now_ms;
        r->status = GUEST_INITIALIZING;
        r->ran_generation = r->generation;
        r->why = OFF_NONE;
        r->why_generation = -1;
        break;
    default:
        break;
    }
    host_record_save(c->store, r);
}

/* Its base was let go in the meantime: it is fetched again. */
static bool doubt_base(struct host_core *c, const struct host_record *r,
                       const struct job_done *done)
{
    struct host_base *base = map_get(&c->bases, r->manifest);
    if (done->kind != HOST_JOB_DISK_ROOT || done->code != ERR_PRECONDITION || base == NULL)
        return false;
    base->is_ready = false;
    host_mark_base(c, r->manifest);
    return true;
}

static void failed(struct host_core *c, struct host_record *r, const struct job_done *done)
{
    char kind[16];
    r->attempt++;
    r->next_ms = c->at.now_ms + host_backoff_ms(r->attempt);
    snprintf(kind, sizeof kind, "%d", done->kind);
    log_warn("job.failed", "id", r->id, "kind", kind, "code", err_row(done->code)->name, "why",
             done->text, NULL);
    str_copy(r->text, sizeof r->text, done->text);
    bool is_final = err_row(done->code)->retry == ERR_NEVER && !doubt_base(c, r, done);
    bool hopeless = done->code != ERR_TIMEOUT && r->want == HOST_WANT_RUNNING &&
                    (is_final || r->attempt >= REFUSE_ATTEMPTS);
    bool starting = done->kind == HOST_JOB_HV_START || done->kind == HOST_JOB_NET_PORT ||
                    done->kind == HOST_JOB_DISK_ROOT;
    if (hopeless && starting && r->dom != HOST_DOM_RUNNING) {
        r->is_refused = true;
        host_say(c, r);
    }
    host_record_save(c->store, r);
}

/* Does the job change a domain? */
static bool is_hypervisor_job(int kind)
{
    return kind < HOST_JOB_NET_LIST && kind != HOST_JOB_HV_CONSOLE;
}

/* The last words of a run. The link carries so many at once; the others wait for its next message,
 * but not for ever: a disk may have to go. */
static void done_last_words(struct host_core *c, struct host_record *r, const struct job_done *done)
{
    enum { TRIES = 10, AGAIN_MS = 1000 };
    bool has_room = sync_child_can_tell(&c->up);
    r->is_console_told = ++r->attempt >= TRIES || (has_room && done->code == ERR_OK);
    if (has_room)
        tell_console(c, r->id, done);
    if (r->is_console_told)
        r->attempt = r->next_ms = 0;
    else
        r->next_ms = c->at.now_ms + AGAIN_MS;
    host_record_save(c->store, r);
}

static void done_record(struct host_core *c, struct host_record *r, const struct job_done *done)
{
    r->job_id = 0;
    r->order_seq = ++c->order_seq;
    host_mark(c, r);
    if (done->kind == HOST_JOB_HV_CONSOLE)
        done_last_words(c, r, done);
    else if (done->code == ERR_OK)
        succeeded(c, r, done);
    else
        failed(c, r, done);
    if (is_hypervisor_job(done->kind)) {
        r->dom = HOST_DOM_UNLISTED; /* only a listing begun from now on counts */
        c->list_next_ms = c->at.now_ms;
    }
}

/* An image that cannot be had refuses all that wait for it, after some tries. */
static void refuse_waiting(struct host_core *c, const char *manifest, const struct job_done *done)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->records, &at)) != NULL;) {
        struct host_record *r = e->value;
        if (r->want != HOST_WANT_RUNNING || r->has_root || !str_eq(r->manifest, manifest))
            continue;
        snprintf(r->text, sizeof r->text, "its image could not be fetched: %.200s", done->text);
        r->is_refused = true;
        host_record_save(c->store, r);
        host_say(c, r);
    }
}

static struct host_record *find_record(const struct host_core *c, uint64_t job_id)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->records, &at)) != NULL;)
        if (((struct host_record *)e->value)->job_id == job_id)
            return e->value;
    return NULL;
}

static void done_other(struct host_core *c, const struct job_done *done)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->bases, &at)) != NULL;)
        if (((struct host_base *)e->value)->job_id == done->job_id) {
            if (host_cache_fetched(c, e->key, e->value, done))
                refuse_waiting(c, e->key, done);
            return;
        }
}

void host_done(struct host_core *c, const struct job_done *done)
{
    if (done->kind == HOST_HV_EVENT) {
        c->list_next_ms = c->at.now_ms;
        return;
    }
    if (done->kind == HOST_DISK_PROGRESS) {
        host_steps_hear(c, done);
        return;
    }
    struct host_record *r = done->job_id != 0 ? find_record(c, done->job_id) : NULL;
    if (done->job_id != 0 && done->job_id == c->list_job)
        done_list(c, done);
    else if (done->job_id != 0 && done->job_id == c->net_list_job)
        host_done_net(c, done);
    else if (done->job_id != 0 && done->job_id == c->probe_job)
        done_probe(c, done);
    else if (done->job_id != 0 && done->job_id == c->disks_job)
        done_disks(c, done);
    else if (done->job_id != 0 && done->job_id == c->evict_job)
        host_cache_done(c, done);
    else if (done->job_id != 0 && done->job_id == c->share_job)
        host_share_done(c, done);
    else if (done->kind == HOST_JOB_NET_PEERS)
        host_peers_done(c, done);
    else if (done->kind == HOST_JOB_NET_GROUP)
        host_groups_done(c, done);
    else if (r != NULL)
        done_record(c, r, done);
    else if (done->kind == HOST_JOB_HV_CONSOLE)
        tell_console(c, console_of(c, done->job_id), done);
    else if (done->job_id != 0)
        done_other(c, done);
}
