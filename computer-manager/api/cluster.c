/* cluster.c - what the cluster-manager wishes of this host: recorded, never acted on here. */
#include "base/check.h"
#include "base/str.h"
#include "computer-manager/host.h"
#include "computer-manager/api/port.h"
#include "computer-manager/store/record.h"

#include <stdlib.h>
#include <string.h>

static struct host_record *find_record(const struct host_core *c, const char *id, int64_t pepoch)
{
    char key[HOST_KEY_SIZE];
    host_record_key(key, id, pepoch);
    return map_get(&c->records, key);
}

static struct host_record *record_of(struct host_core *c, const char *id, int64_t pepoch)
{
    struct host_record *r = find_record(c, id, pepoch);
    if (r == NULL) {
        r = check_alloc(sizeof *r);
        str_copy(r->id, sizeof r->id, id);
        r->pepoch = pepoch;
        r->ran_generation = r->why_generation = r->answered_ms = -1;
        host_records_add(c, r);
        c->list_next_ms = c->at.now_ms; /* nothing is planned for it before a listing */
    }
    return r;
}

/* A tombstone, also of what was never here: then the planner finds nothing to undo, but a
 * listing must say so first. */
static void take_end(struct host_core *c, const struct wire_item *wish)
{
    struct host_record *r = record_of(c, wish->id, wish->pepoch);
    host_mark(c, r);
    r->want = HOST_WANT_GONE;
    if (wish->generation > r->generation)
        r->generation = wish->generation;
    r->next_ms = r->attempt = 0;
    host_record_save(c->store, r);
}

static void take_want(struct host_core *c, struct host_record *r, const struct wire_item *wish,
                      const struct wire_instance *body, const struct event *ev)
{
    if (wish->generation < r->generation)
        return; /* an older wish is never acted on */
    bool run = str_eq(body->want, "running");
    if (wish->generation > r->generation || r->wished_ms == 0) {
        r->wished_ms = r->queued_ms = ev->now_ms;
        r->waited_ms = 0;
        r->is_refused = false;
        r->next_ms = r->attempt = r->crashes = 0;
    }
    r->generation = wish->generation;
    r->want = run ? HOST_WANT_RUNNING : HOST_WANT_STOPPED;
    if (body->reboot_n > r->reboot_n)
        r->reboot_n = body->reboot_n;
    host_record_save(c->store, r);
    host_say(c, r);
}

/* It stands in the store in place of the one before, and is refused: nothing is wished. */
static void take_nothing(struct host_core *c, const struct wire_item *wish)
{
    struct host_record *r = find_record(c, wish->id, wish->pepoch);
    if (r == NULL)
        return;
    host_wish_set(r, NULL);
    host_mark(c, r);
}

static enum err_code take_body(struct host_core *c, const struct wire_item *wish,
                               struct arena *arena, const struct event *ev, struct err *err)
{
    struct wire_instance body;
    struct host_wish *w = NULL;
    if (wire_decode(&wire_instance_type, wish->body, strlen(wish->body), arena, &body, err) ==
        ERR_OK)
        w = host_wish_new(c, wish->id, &body, err);
    if (w == NULL) {
        take_nothing(c, wish);
        return err->code;
    }
    struct host_record *r = record_of(c, wish->id, wish->pepoch);
    if (r->want == HOST_WANT_GONE) {
        host_wish_free(w);
        return ERR_OK; /* an end is never taken back */
    }
    host_wish_set(r, w);
    host_mark(c, r);
    take_want(c, r, wish, &body, ev);
    return ERR_OK;
}

static enum err_code take_instance(struct host_core *c, const struct wire_item *wish,
                                   struct arena *arena, const struct event *ev, struct err *err)
{
    if (strlen(wish->id) >= HOST_ID_SIZE)
        return err_set(err, ERR_MALFORMED_JSON, "an instance id of %zu characters",
                       strlen(wish->id));
    if (*wish->gone != '\0') {
        take_end(c, wish);
        return ERR_OK;
    }
    return take_body(c, wish, arena, ev, err);
}

static enum err_code on_wish(void *core, const struct wire_item *wish, const struct event *ev,
                             struct err *err)
{
    struct host_core *c = core;
    struct arena arena = {0};
    enum err_code code;
    c->is_dirty = c->is_dirty || !str_eq(wish->kind, "members"); /* which concern no record */
    if (str_eq(wish->kind, "instance"))
        code = take_instance(c, wish, &arena, ev, err);
    else if (str_eq(wish->kind, "group"))
        code = host_groups_take(c, wish, &arena, ev, err);
    else if (str_eq(wish->kind, "members"))
        code = host_groups_take_page(c, wish, &arena, ev, err);
    else if (str_eq(wish->kind, "peer"))
        code = host_peers_take(c, wish, &arena, err);
    else if (str_eq(wish->kind, "seed"))
        code = host_seeds_take(c, wish, &arena, err);
    else if (str_eq(wish->kind, "share"))
        code = host_share_take(c, wish, &arena, err);
    else
        code = err_set(err, ERR_UNSUPPORTED, "wishes of kind '%s' are not known here", wish->kind);
    arena_fini(&arena);
    return code;
}

static void on_ask(void *core, const struct wire_note *note, const struct event *ev)
{
    struct host_core *c = core;
    (void)ev;
    struct host_hv_target target = {.pepoch = 0};
    struct host_console *asked = &c->consoles[c->consoles_next++ % HOST_CONSOLES];
    if (!str_eq(note->kind, "console") ||
        !str_copy(target.instance, sizeof target.instance, note->id))
        return;
    str_copy(asked->instance, sizeof asked->instance, note->id);
    asked->job_id = host_job(c, HOST_JOB_HV_CONSOLE, &target, sizeof target);
}

static void on_capacity(void *core, struct buf *capacity_json, struct buf *health)
{
    struct host_core *c = core;
    if (c->probe.memory_mib == 0 || c->disks == NULL) {
        buf_text(health, "the hypervisor has not answered yet");
        wire_encode(capacity_json, &wire_capacity_type, &(struct wire_capacity){.placed_rev = 0});
        return;
    }
    int64_t memory = c->probe.memory_mib - c->config->reserve_mib;
    int64_t disk = c->disks->total_bytes >> 30;
    if (c->disks->free_bytes < c->disks->total_bytes / 10)
        buf_text(health, "less than 10 % of the disk is free");
    struct wire_room room[] = {
        {"memory_mib", memory > 0 ? memory : 0, 0},
        {"vcpu", c->probe.vcpus, 0},
        {"disk_gib", disk, c->disks->free_bytes >> 30},
    };
    wire_encode(capacity_json, &wire_capacity_type,
                &(struct wire_capacity){
                    .placed_rev = sync_child_applied_rev(&c->up), .room = room, .room_len = 3});
}

struct sync_child_hooks host_cluster_hooks(struct host_core *c)
{
    return (struct sync_child_hooks){
        .core = c, .on_wish = on_wish, .on_ask = on_ask, .on_capacity = on_capacity};
}
