/* node.c - lives of a daemon, its inbox and its turns. */
#include "tests/sim/node.h"

#include "base/check.h"
#include "base/str.h"
#include "tests/sim/disk.h"
#include "tests/sim/nemesis.h"
#include "tests/sim/net.h"
#include "tests/sim/stores.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GROUP_MAX = 8,     /* events of one turn */
    LOOP_MS = 3,       /* a busy loop takes up to this until the turn runs */
    RESTART_MS = 3000, /* a daemon that crashed is back within this */
};

#define CERTIFICATE_MS (90 * INT64_C(86400000))

/* A certificate for this installation of it; the serials of later ones are greater. */
static void certify(struct sim_node *n)
{
    struct sim_clock right = {.rate_ppm = 1000000, .wall_ms = n->world->off_ms};
    n->certified_ms = sim_clock_read(&right, n->world->now_ms).wall_ms;
    n->expires_ms = n->certified_ms + CERTIFICATE_MS;
    snprintf(n->serial, sizeof n->serial, "%zx%016lx", n->index + 16,
             (unsigned long)n->certified_ms);
}

struct sim_node *sim_node_add(struct sim_world *w, const char *name, const struct sim_tier *tier,
                              struct sim_node *parent)
{
    PRE(w->nodes_len < SIM_NODES_MAX);
    struct sim_node *n = &w->nodes[w->nodes_len];
    *n = (struct sim_node){.world = w, .index = w->nodes_len++, .tier = tier, .parent = parent};
    str_copy(n->name, sizeof n->name, name);
    certify(n);
    n->random.state = w->seed * 0x2545f4914f6cdd1du + n->index + 1;
    n->luck.state = ~n->random.state;
    n->clock.rate_ppm = 990000 + (int64_t)sim_world_draw(w, 20001);
    n->clock.booted_ms = 0;
    if (sim_faults_hit(&w->faults, SIM_FAULT_WALL_DRIFT))
        n->clock.drift_ppm = (int64_t)sim_faults_draw(&w->faults, SIM_FAULT_WALL_DRIFT, 20001) -
                             10000;
    n->clock.asleep_ms = (int64_t)sim_world_draw(w, 100000);
    n->is_powered = true;
    n->boot = 1;
    if (w->has_disks) {
        n->disk = sim_disk_new();
        sim_stores_install(tier->schema, n->disk);
    }
    sim_node_store(n);
    if (tier->found != NULL)
        tier->found(n);
    return n;
}

struct store *sim_node_store(struct sim_node *n)
{
    if (n->store == NULL)
        n->store = n->disk != NULL ? sim_stores_open(n->tier->schema, n->disk)
                                   : sim_stores_take(n->tier->schema);
    return n->store;
}

/* Its handles go with it; what it wrote does not. */
static void close_dead(struct sim_node *n)
{
    if (n->disk == NULL || n->store == NULL)
        return;
    sim_disk_kill(n->disk);
    store_close(n->store);
    n->store = NULL;
    sim_disk_revive(n->disk);
}

struct instant sim_node_clock(const struct sim_node *n)
{
    return sim_clock_read(&n->clock, n->world->now_ms);
}

/* ---- the inbox ------------------------------------------------------------------------------ */

static void turn_fire(struct sim_world *w, const struct sim_due *due);

static void ask_for_turn(struct sim_node *n)
{
    if (n->turn_is_due)
        return;
    n->turn_is_due = true;
    sim_world_after(n->world, (int64_t)sim_world_draw(n->world, LOOP_MS), turn_fire, n, n->life);
}

static struct event *put(struct sim_node *n, enum event_kind kind, struct sim_parcel *p,
                         void *result)
{
    if (n->inbox_len == n->inbox_cap) {
        n->inbox_cap = n->inbox_cap == 0 ? 16 : 2 * n->inbox_cap;
        n->inbox = check_realloc(n->inbox, n->inbox_cap * sizeof *n->inbox);
    }
    struct sim_inbox_item *item = &n->inbox[n->inbox_len++];
    *item = (struct sim_inbox_item){.event = {.kind = kind}, .parcel = p, .result = result};
    ask_for_turn(n);
    return &item->event;
}

void sim_node_take_request(struct sim_node *n, struct sim_parcel *p, uint64_t request_id)
{
    PRE(n->core != NULL);
    put(n, EVENT_REQUEST, p, NULL)->request = (struct request){
        .id = request_id,
        .face = p->face,
        .method = p->method,
        .target = p->target,
        .headers = p->headers,
        .headers_len = p->headers_len,
        .body = p->body,
        .body_len = p->body_len,
        .peer_node = p->peer_node,
        .peer_serial = p->peer_serial,
        .peer_not_before_ms = p->peer_since_ms,
        .peer_not_after_ms = p->peer_until_ms,
        .remote = "192.0.2.1",
        .trace = "00000000-0000-4000-8000-000000000000",
    };
}

void sim_node_take_reply(struct sim_node *n, struct sim_parcel *p, uint64_t call_id)
{
    PRE(n->core != NULL);
    put(n, EVENT_REPLY, p, NULL)->reply = (struct reply){
        .call_id = call_id, .status = p->status, .body = p->body, .body_len = p->body_len};
}

void sim_node_take_job(struct sim_node *n, const struct job_done *done, void *result)
{
    PRE(n->core != NULL);
    put(n, EVENT_JOB_DONE, NULL, result)->job = *done;
}

static void drop_items(struct sim_node *n, size_t len)
{
    if (len == 0)
        return;
    for (size_t i = 0; i < len; i++) {
        sim_parcel_free(n->inbox[i].parcel);
        free(n->inbox[i].result);
    }
    n->inbox_len -= len;
    memmove(n->inbox, n->inbox + len, n->inbox_len * sizeof *n->inbox);
}

/* ---- the wrapper around the core: what can go wrong inside a turn --------------------------- */

static enum err_code wrapped_step(void *self, const struct event *ev, struct effects *out,
                                  struct err *err)
{
    struct sim_node *n = self;
    struct sim_world *w = n->world;
    w->events++;
    enum err_code code = n->real.step(n->real.self, ev, out, err);
    if (code == ERR_OK && ev->kind == EVENT_REQUEST && ev->request.face == FACE_PUBLIC &&
        sim_faults_hit(&w->faults, SIM_FAULT_FAIL_STEP)) {
        SIM_TRACE_FAULT(w, n->name, "fail-step", "", "request %lu", (unsigned long)ev->request.id);
        code = err_set(err, ERR_UNAVAILABLE, "the simulator lets this step fail");
    }
    bool is_last = ++n->stepped == n->crash_at;
    if (is_last && (n->crash == SIM_CRASH_BEFORE || n->crash == SIM_CRASH_LOSE))
        store_lose(n->store);
    return code;
}

static void wrapped_fail(void *self, const struct event *ev, const struct err *err,
                         struct effects *out)
{
    struct sim_node *n = self;
    n->real.fail(n->real.self, ev, err, out);
}

static void wrapped_seal(void *self, const struct event *at, struct effects *out)
{
    struct sim_node *n = self;
    n->real.seal(n->real.self, at, out);
}

static void wrapped_reload(void *self)
{
    struct sim_node *n = self;
    n->real.reload(n->real.self);
}

static int64_t wrapped_wake_at(const void *self)
{
    const struct sim_node *n = self;
    return n->real.wake_at(n->real.self);
}

/* ---- the turn ------------------------------------------------------------------------------- */

static void plan_crash(struct sim_node *n, size_t len)
{
    struct sim_faults *f = &n->world->faults;
    n->stepped = 0;
    n->crash = SIM_CRASH_NONE;
    n->crash_at = len;
    if (sim_faults_hit(f, SIM_FAULT_CRASH_BEFORE_COMMIT))
        n->crash = SIM_CRASH_BEFORE;
    else if (sim_faults_hit(f, SIM_FAULT_CRASH_AFTER_COMMIT))
        n->crash = SIM_CRASH_AFTER;
    else if (sim_faults_hit(f, SIM_FAULT_LOSE_TURN)) {
        n->crash = SIM_CRASH_LOSE;
        n->crash_at = 1 + sim_faults_draw(f, SIM_FAULT_LOSE_TURN, len);
    }
}

/* One of the writes or syncs of this turn fails, or is the last thing that the process does. */
static void plan_disk(struct sim_node *n)
{
    enum { WRITES = 24, SYNCS = 2 };
    static const struct {
        enum sim_fault fault;
        enum sim_disk_fault how;
    } ways[] = {{SIM_FAULT_DIE_WRITING, SIM_DISK_DEATH},
                {SIM_FAULT_DISK_ERROR, SIM_DISK_IO_ERROR},
                {SIM_FAULT_DISK_FULL, SIM_DISK_FULL}};
    struct sim_faults *f = &n->world->faults;
    for (size_t i = 0; n->disk != NULL && i < sizeof ways / sizeof ways[0]; i++) {
        if (!sim_faults_hit(f, ways[i].fault))
            continue;
        bool is_sync = sim_faults_draw(f, ways[i].fault, 3) == 0;
        uint64_t nth = 1 + sim_faults_draw(f, ways[i].fault, is_sync ? SYNCS : WRITES);
        struct rng rng = rng_seeded(&n->luck);
        sim_disk_arm(n->disk, ways[i].how, nth, is_sync, &rng);
        return;
    }
}

/* A process that died within a write has often been the first of its machine to notice. */
static void doom(struct sim_node *n, enum sim_fault f)
{
    if (sim_faults_draw(&n->world->faults, f, 3) == 0)
        sim_nemesis_doom(n->world, n, f);
}

static const char *const disk_words[] = {"disk-well", "disk-error", "disk-full", "died-writing"};

/* What the disk did to the turn: of a dead process nothing more is heard, and one whose COMMIT has
 * an unknown outcome ends. */
static void hear_disk(struct sim_node *n, enum turn_outcome outcome)
{
    if (n->disk == NULL)
        return;
    enum sim_disk_fault struck = sim_disk_disarm(n->disk);
    if (struck != SIM_DISK_WELL)
        SIM_TRACE_FAULT(n->world, n->name, disk_words[struck], "", "%s",
                        outcome == TURN_COMMITTED ? "after COMMIT"
                        : outcome == TURN_LOST    ? "turn lost"
                                                  : "outcome unknown");
    POST(outcome != TURN_UNKNOWN || struck == SIM_DISK_IO_ERROR || struck == SIM_DISK_DEATH);
    if (outcome == TURN_UNKNOWN || struck == SIM_DISK_DEATH) {
        n->crash = SIM_CRASH_DISK;
        doom(n, struck == SIM_DISK_DEATH ? SIM_FAULT_DIE_WRITING : SIM_FAULT_DISK_ERROR);
    }
    if (outcome == TURN_LOST && struck != SIM_DISK_WELL && n->crash != SIM_CRASH_BEFORE)
        n->crash = SIM_CRASH_LOSE;
}

bool sim_node_is_crashed(const struct sim_node *n)
{
    return n->crash == SIM_CRASH_BEFORE || n->crash == SIM_CRASH_AFTER ||
           n->crash == SIM_CRASH_DISK;
}

static void say_crash(const struct sim_node *n, size_t len)
{
    static const char *const words[] = {[SIM_CRASH_BEFORE] = "crash-before",
                                        [SIM_CRASH_AFTER] = "crash-after",
                                        [SIM_CRASH_LOSE] = "turn-lost",
                                        [SIM_CRASH_DISK] = "crash-disk"};
    if (n->crash != SIM_CRASH_NONE)
        SIM_TRACE_FAULT(n->world, n->name, words[n->crash], "", "%zu events", len);
}

static void perform(struct sim_node *n, const struct effect *e)
{
    switch (e->kind) {
    case EFFECT_REPLY:
        sim_net_answer(n, &e->reply);
        return;
    case EFFECT_MORE:
        IMPOSSIBLE("no subscriber of the simulator watches");
    case EFFECT_CALL:
        sim_net_call_parent(n, &e->call);
        return;
    case EFFECT_JOB:
        n->tier->job(n, &e->job);
        return;
    }
    IMPOSSIBLE("effect kind");
}

/* All effects, or those before the crash took them. */
static void perform_all(struct sim_node *n, const struct effects *out)
{
    size_t len = 0, at = 0;
    for (const struct effect *e = out->first; e != NULL; e = e->next)
        len++;
    if (n->crash == SIM_CRASH_AFTER)
        len = sim_faults_draw(&n->world->faults, SIM_FAULT_CRASH_AFTER_COMMIT, len + 1);
    for (const struct effect *e = out->first; e != NULL && at < len; e = e->next, at++)
        perform(n, e);
}

static void ask_for_tick(struct sim_node *n);

/* What nobody would repeat is given again after a lost turn, before all that came later: the
 * start, and results of jobs. Gives how many of the first `len` are to be dropped. */
static size_t keep_lost(struct sim_node *n, size_t len)
{
    struct sim_inbox_item kept[GROUP_MAX];
    size_t kept_len = 0, gone = 0;
    for (size_t i = 0; i < len; i++) {
        enum event_kind kind = n->inbox[i].event.kind;
        if (kind == EVENT_START || kind == EVENT_JOB_DONE)
            kept[kept_len++] = n->inbox[i];
        else
            n->inbox[gone++] = n->inbox[i];
    }
    memcpy(n->inbox + gone, kept, kept_len * sizeof *kept);
    return gone;
}

/* Whoever runs the daemon may look at it between any two turns: that changes nothing. */
static void look_at(struct sim_node *n, const struct instant *at)
{
    enum { EVERY = 16 };
    const struct core *core = &n->real; /* its report needs no wrapper */
    if (core->report == NULL || n->looks++ % EVERY != 0)
        return;
    bool was_changed = store_is_changed(n->turn.store);
    struct report report = {0};
    core->report(core->self, at, &report);
    POST(report.families_len > 0 && store_is_changed(n->turn.store) == was_changed);
    report_fini(&report);
}

static void run_turn(struct sim_node *n, size_t len)
{
    struct event events[GROUP_MAX];
    struct instant at = sim_node_clock(n);
    for (size_t i = 0; i < len; i++) {
        events[i] = n->inbox[i].event;
        events[i].at = at;
    }
    plan_crash(n, len);
    struct effects out = {.arena = &n->arena};
    plan_disk(n);
    enum turn_outcome outcome = turn_run(&n->turn, events, len, &out);
    hear_disk(n, outcome);
    POST(outcome == TURN_COMMITTED || sim_node_is_crashed(n) || n->crash == SIM_CRASH_LOSE);
    say_crash(n, len);
    if (n->crash != SIM_CRASH_BEFORE && n->crash != SIM_CRASH_DISK)
        perform_all(n, &out);
    if (outcome == TURN_COMMITTED && n->crash != SIM_CRASH_DISK)
        look_at(n, &at);
    arena_reset(&n->arena);
    if (outcome == TURN_LOST && n->crash == SIM_CRASH_LOSE)
        len = keep_lost(n, len);
    drop_items(n, len);
}

static void restart_fire(struct sim_world *w, const struct sim_due *due)
{
    (void)w;
    struct sim_node *n = due->what;
    if (n->life == due->number)
        sim_node_start(n);
}

/* Is it frozen? Then `fire` comes again when it is not. */
static bool is_put_off(struct sim_node *n, const struct sim_due *due)
{
    struct sim_world *w = n->world;
    if (w->now_ms >= n->frozen_ms)
        return false;
    sim_world_after(w, n->frozen_ms - w->now_ms, due->fire, n, due->number);
    return true;
}

static void turn_fire(struct sim_world *w, const struct sim_due *due)
{
    struct sim_node *n = due->what;
    if (n->life != due->number || n->core == NULL || is_put_off(n, due))
        return;
    n->turn_is_due = false;
    size_t most = n->inbox_len < GROUP_MAX ? n->inbox_len : GROUP_MAX;
    PRE(most > 0);
    run_turn(n, 1 + sim_world_draw(w, most));
    w->scene->after_turn(w, n);
    if (sim_node_is_crashed(n)) {
        sim_node_kill(n);
        sim_world_after(w, 1 + (int64_t)sim_world_draw(w, RESTART_MS), restart_fire, n, n->life);
        return;
    }
    if (n->inbox_len > 0)
        ask_for_turn(n);
    ask_for_tick(n);
}

/* ---- ticks ---------------------------------------------------------------------------------- */

static void tick_fire(struct sim_world *w, const struct sim_due *due)
{
    (void)w;
    struct sim_node *n = due->what;
    if (n->core == NULL || n->tick != due->number || is_put_off(n, due))
        return;
    n->tick_at_ms = INT64_MAX;
    if (n->real.wake_at(n->real.self) <= sim_node_clock(n).mono_ms)
        put(n, EVENT_TICK, NULL, NULL);
    else
        ask_for_tick(n);
}

static void ask_for_tick(struct sim_node *n)
{
    int64_t mono = n->real.wake_at(n->real.self);
    if (mono == INT64_MAX)
        return;
    int64_t at = sim_clock_when(&n->clock, mono);
    if (at <= n->world->now_ms)
        at = n->world->now_ms + 1;
    if (n->tick_at_ms <= at)
        return;
    n->tick_at_ms = at;
    sim_world_after(n->world, at - n->world->now_ms, tick_fire, n, ++n->tick);
}

/* ---- lives ---------------------------------------------------------------------------------- */

/* The N-th write or sync of a store that is opened fails, or is the last thing that the process
 * does. False: it did not come up. */
static bool open_store(struct sim_node *n)
{
    enum { WRITES = 8, SYNCS = 3 };
    static const enum sim_disk_fault hows[] = {SIM_DISK_DEATH, SIM_DISK_IO_ERROR, SIM_DISK_FULL};
    const enum sim_fault f = SIM_FAULT_OPEN_STORE;
    struct sim_faults *faults = &n->world->faults;
    if (n->disk == NULL || n->store != NULL || !sim_faults_hit(faults, f)) {
        sim_node_store(n);
        return true;
    }
    enum sim_disk_fault how = hows[sim_faults_draw(faults, f, sizeof hows / sizeof hows[0])];
    bool is_sync = sim_faults_draw(faults, f, 2) == 0;
    struct rng rng = rng_seeded(&n->luck);
    sim_disk_arm(n->disk, how, 1 + sim_faults_draw(faults, f, is_sync ? SYNCS : WRITES), is_sync,
                 &rng);
    n->store = sim_stores_try_open(n->tier->schema, n->disk);
    bool is_dead = sim_disk_is_dead(n->disk);
    enum sim_disk_fault struck = sim_disk_disarm(n->disk);
    if (struck != SIM_DISK_WELL)
        SIM_TRACE_FAULT(n->world, n->name, "open-store", "", "%s, %s", disk_words[struck],
                        n->store != NULL && !is_dead ? "and is open" : "and is not");
    if (n->store != NULL && !is_dead)
        return true;
    if (n->store != NULL)
        close_dead(n);
    else
        sim_disk_revive(n->disk);
    POST(struck != SIM_DISK_WELL);
    doom(n, f);
    return false;
}

void sim_node_start(struct sim_node *n)
{
    if (n->core != NULL || !n->is_powered || n->is_held || n->is_broken)
        return;
    n->life++;
    if (n->world->faults.on)
        n->is_later = sim_faults_hit(&n->world->faults, SIM_FAULT_LATER_VERSION);
    if (!open_store(n)) {
        sim_world_after(n->world, 1 + (int64_t)sim_world_draw(n->world, RESTART_MS), restart_fire,
                        n, n->life);
        return;
    }
    struct rng rng = rng_seeded(&n->random);
    n->core = n->tier->core_new(n, &rng);
    n->real = n->tier->as_core(n->core);
    struct core wrapper = {.self = n,
                           .step = wrapped_step,
                           .fail = wrapped_fail,
                           .seal = wrapped_seal,
                           .reload = wrapped_reload,
                           .wake_at = wrapped_wake_at};
    struct instant at = sim_node_clock(n);
    turn_init(&n->turn, &wrapper, n->store, &at);
    n->turn_is_due = false;
    n->tick_at_ms = INT64_MAX;
    SIM_TRACE_FAULT(n->world, n->name, "start", "", "life %lu%s", (unsigned long)n->life,
                    n->is_later ? ", of a later version" : "");
    put(n, EVENT_START, NULL, NULL);
}

static void drop_core(struct sim_node *n, bool is_silent)
{
    if (n->core == NULL)
        return;
    if (n->disk == NULL)
        store_rollback(n->store);
    n->tier->core_free(n->core);
    n->core = NULL;
    close_dead(n);
    n->frozen_ms = 0;
    n->tick++;
    drop_items(n, n->inbox_len);
    sim_net_node_died(n, is_silent);
    n->pending_len = 0;
}

void sim_node_kill(struct sim_node *n)
{
    if (n->core == NULL)
        return;
    SIM_TRACE_FAULT(n->world, n->name, "killed", "", "life %lu", (unsigned long)n->life);
    drop_core(n, false);
}

static void cut_disk(struct sim_node *n)
{
    if (n->disk == NULL)
        return;
    close_dead(n);
    struct rng rng = rng_seeded(&n->luck);
    sim_disk_cut(n->disk, &rng);
    sim_disk_revive(n->disk);
}

void sim_node_power_off(struct sim_node *n)
{
    SIM_TRACE_FAULT(n->world, n->name, "power-off", "", "boot %lu", (unsigned long)n->boot);
    drop_core(n, true);
    cut_disk(n);
    n->is_powered = false;
    if (n->tier->power != NULL)
        n->tier->power(n, false);
}

void sim_node_power_on(struct sim_node *n)
{
    if (n->is_powered || n->is_broken)
        return;
    n->is_powered = true;
    n->boot++;
    n->clock.booted_ms = n->world->now_ms;
    n->clock.asleep_ms = 0;
    SIM_TRACE_FAULT(n->world, n->name, "power-on", "", "boot %lu", (unsigned long)n->boot);
    if (n->tier->power != NULL)
        n->tier->power(n, true);
}

static void wake_fire(struct sim_world *w, const struct sim_due *due)
{
    struct sim_node *n = due->what;
    int64_t slept_ms = (int64_t)due->number;
    if (n->frozen_ms != w->now_ms || n->clock.booted_ms + slept_ms > w->now_ms)
        return; /* it was switched off meanwhile */
    n->clock.booted_ms += slept_ms;
    n->clock.asleep_ms += slept_ms * n->clock.rate_ppm / 1000000;
}

void sim_node_freeze(struct sim_node *n, int64_t ms, bool is_asleep)
{
    struct sim_world *w = n->world;
    if (n->core == NULL || w->now_ms < n->frozen_ms)
        return;
    SIM_TRACE_FAULT(w, n->name, "frozen", "", "for %ld ms%s", (long)ms,
                    is_asleep ? ", asleep" : "");
    n->frozen_ms = w->now_ms + ms;
    if (is_asleep)
        sim_world_after(w, ms, wake_fire, n, (uint64_t)ms);
}

void sim_node_backup(struct sim_node *n)
{
    free(n->backup);
    n->backup = store_dump(sim_node_store(n), &n->backup_len);
    n->backup_at_ms = n->world->now_ms;
    SIM_TRACE(n->world, n->name, "backup", "", "%zu bytes", n->backup_len);
}

void sim_node_restore(struct sim_node *n)
{
    PRE(n->backup != NULL && n->tier->restore != NULL);
    drop_core(n, false);
    store_load(sim_node_store(n), n->backup, n->backup_len);
    struct rng rng = rng_seeded(&n->random);
    n->tier->restore(n->store, &rng);
    n->was_restored = true;
    SIM_TRACE_FAULT(n->world, n->name, "restored", "", "to %ld ms", (long)n->backup_at_ms);
    n->world->scene->on_restore(n->world, n);
}

void sim_node_reinstall(struct sim_node *n)
{
    drop_core(n, false);
    if (n->disk == NULL) {
        sim_stores_reset(n->tier->schema, n->store);
    } else {
        close_dead(n);
        sim_disk_free(n->disk);
        n->disk = sim_disk_new();
        sim_stores_install(n->tier->schema, n->disk);
    }
    certify(n);
    n->is_held = true;
    n->was_restored = true;
    SIM_TRACE_FAULT(n->world, n->name, "reinstalled", "", "life %lu", (unsigned long)n->life);
}

void sim_node_fini(struct sim_node *n)
{
    if (n->core != NULL)
        n->tier->core_free(n->core);
    n->core = NULL;
    drop_items(n, n->inbox_len);
    free(n->inbox);
    arena_fini(&n->arena);
    if (n->disk == NULL)
        sim_stores_give(n->tier->schema, n->store);
    close_dead(n);
    sim_disk_free(n->disk);
    free(n->backup);
}
