/* scene.c - what is asked of the lord, and what must hold (see scene.h).
 *
 * The checkers read what the machines do and what subscribers were told, never a store. */
#include "tests/sim/self/scene.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/str.h"
#include "proto/sync/parent.h"
#include "tests/sim/damage.h"
#include "tests/sim/machine.h"
#include "tests/sim/net.h"
#include "tests/sim/node.h"
#include "tests/sim/self/herald.h"
#include "tests/sim/self/lord.h"
#include "tests/sim/self/vassal.h"
#include "tests/sim/wiretap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VASSALS = 3, DEEDS_MAX = 96, ORDER_MS = 900, ANSWER_MS = 5000, AWAY_MS = 3 * 60 * 1000 };

enum told { NOTHING, ASKED, TOLD };

/* One thing, as its subscriber knows it. */
struct deed {
    struct self *self;
    size_t number;
    char order[64]; /* under way; "" = none */
    int64_t order_ms;
    char id[HOST_ID_SIZE];
    enum told made, ended;
    int64_t gone_ms;           /* when that was heard */
    int64_t made_ms, ended_ms; /* when that was told; not by the backup that is restored */
    bool is_lost;              /* made after a backup that was restored: anything may be with it */
    bool is_refused; /* the newest answer to "make": a double of it may still come and make it */
    bool was_moved, is_gone; /* gone: the lord said so */
};

struct self {
    struct sim_world *world;
    struct sim_node *lord, *vassals[VASSALS];
    struct deed deeds[DEEDS_MAX];
    size_t deeds_len;
    bool was_restored;
    int64_t restored_ms;
    struct sim_wiretap tap;
    struct sim_herald herald;
};

static struct deed *find(struct self *s, const char *id)
{
    for (size_t i = 0; i < s->deeds_len; i++)
        if (str_eq(s->deeds[i].id, id))
            return &s->deeds[i];
    return NULL;
}

/* ---- what machines do
 * ---------------------------------------------------------------------------- */

static struct self *self_of(const struct sim_machine *m)
{
    return m->node->world->scene_self;
}

/* I1, I11: one domain of an id, one of an address, in the whole world. */
static void on_run(struct sim_machine *m, const struct sim_domain *d)
{
    struct self *s = self_of(m);
    for (size_t v = 0; v < VASSALS; v++) {
        const struct sim_machine *other = s->vassals[v]->machine;
        for (size_t i = 0; i < SIM_DOMAINS_MAX; i++) {
            const struct sim_domain *o = &other->domains[i];
            if (o == d || !o->runs)
                continue;
            if (str_eq(o->spec.instance, d->spec.instance))
                sim_world_fail(s->world, "I1", d->spec.instance, "runs on %s and on %s",
                               m->node->name, other->node->name);
            else if (o->spec.mac[5] == d->spec.mac[5])
                sim_world_fail(s->world, "I11", d->spec.instance, "has the address of %s",
                               o->spec.instance);
        }
    }
    const struct deed *deed = find(s, d->spec.instance);
    if (deed != NULL && deed->is_gone)
        sim_world_fail(s->world, "I7", d->spec.instance, "runs after its end");
}

/* I19, I25: nothing is ended by us that nobody wanted ended or moved. */
static void on_end(struct sim_machine *m, const struct sim_domain *d, enum sim_end how)
{
    struct self *s = self_of(m);
    const struct deed *deed = find(s, d->spec.instance);
    if (how != SIM_END_JOB || deed == NULL || deed->made != TOLD || deed->is_lost)
        return;
    if (deed->ended == NOTHING && !deed->was_moved)
        sim_world_fail(s->world, "I25", d->spec.instance, "ended by %s, and nobody asked for it",
                       m->node->name);
}

static void on_port(struct sim_machine *m, const struct host_port *p, bool is_there)
{
    (void)m, (void)p, (void)is_there;
}

static void on_peer(struct sim_machine *m, const struct sim_peer *p, bool is_there)
{
    (void)m, (void)p, (void)is_there;
}

static void on_root(struct sim_machine *m, const struct host_disk_root *r, bool is_there)
{
    (void)m, (void)r, (void)is_there;
}

static void on_order(struct sim_machine *m, int kind, const void *spec)
{
    (void)m, (void)kind, (void)spec;
}

static const struct sim_machine_watch watch = {on_run, on_end, on_port, on_peer, on_root, on_order};

/* ---- tiers
 * ------------------------------------------------------------------------------------------ */

static void *lord_new(struct sim_node *n, const struct rng *rng)
{
    struct sync_timing timing = sim_world_timing(n->world);
    return lord_core_new(n->store, rng, &timing);
}

static void lord_free(void *core)
{
    lord_core_free(core);
}

static struct core lord_as_core(void *core)
{
    return lord_core_as_core(core);
}

static void *vassal_new(struct sim_node *n, const struct rng *rng)
{
    struct sync_timing timing = sim_world_timing(n->world);
    return vassal_core_new(n->store, rng, n->name, &timing);
}

static void vassal_free(void *core)
{
    vassal_core_free(core);
}

static struct core vassal_as_core(void *core)
{
    return vassal_core_as_core(core);
}

static void no_job(struct sim_node *n, const struct effect_job *job)
{
    (void)n, (void)job;
    IMPOSSIBLE("a lord has no jobs");
}

static void restore(struct store *st, const struct rng *rng)
{
    (void)rng;
    sync_parent_open_recovery(st);
}

static const struct sim_tier lord_tier = {.name = "lord",
                                          .schema = &lord_schema,
                                          .core_new = lord_new,
                                          .core_free = lord_free,
                                          .as_core = lord_as_core,
                                          .job = no_job,
                                          .restore = restore};
static const struct sim_tier vassal_tier = {.name = "vassal",
                                            .schema = &vassal_schema,
                                            .core_new = vassal_new,
                                            .core_free = vassal_free,
                                            .as_core = vassal_as_core,
                                            .job = sim_machine_job,
                                            .power = sim_machine_power};

/* ---- subscribers
 * ------------------------------------------------------------------------------------ */

static void send(struct deed *d);

/* Answered, perhaps, by the life that was undone: the lord of now may know nothing of it. */
static bool is_undone(const struct self *s, int64_t asked_ms)
{
    return s->was_restored && asked_ms <= s->restored_ms;
}

static void done(void *self, int status, const char *body, size_t body_len)
{
    struct deed *d = self;
    struct self *s = d->self;
    bool is_make = str_has_prefix(d->order, "make ");
    SIM_TRACE(s->world, "subscriber", "answer", d->id, "%s: %d %.*s", d->order, status,
              (int)body_len, body);
    if (status == 200 && is_make) {
        if (*d->id != '\0' && !str_eq(d->id, body) && !d->is_lost)
            sim_world_fail(s->world, "I4", d->id, "one token, and now %s", body);
        if (*d->id == '\0')
            str_copy(d->id, sizeof d->id, body);
        d->made = TOLD;
        d->made_ms = s->world->now_ms;
        d->is_refused = false;
    } else if (status == 200 && str_has_prefix(d->order, "end ") && !is_undone(s, d->order_ms)) {
        d->ended = TOLD;
        d->ended_ms = s->world->now_ms;
    } else if (is_make && status == err_row(ERR_NO_CAPACITY)->http) {
        d->is_refused = true;
    }
    d->order[0] = '\0';
}

static void send(struct deed *d)
{
    struct self *s = d->self;
    d->order_ms = s->world->now_ms;
    sim_net_call_client(s->lord, &(struct sim_client_call){.self = d,
                                                           .done = done,
                                                           .face = FACE_PUBLIC,
                                                           .method = "POST",
                                                           .target = "/",
                                                           .body = d->order,
                                                           .body_len = strlen(d->order),
                                                           .timeout_ms = ANSWER_MS});
}

static void order(struct deed *d, const char *verb)
{
    if (str_eq(verb, "make"))
        snprintf(d->order, sizeof d->order, "make token-%zu", d->number);
    else
        snprintf(d->order, sizeof d->order, "%s %s", verb, d->id);
    send(d);
}

/* I7: what the lord calls gone is nowhere, from now on. */
static void hear_gone(struct self *s, const char *id)
{
    struct deed *d = find(s, id);
    if (d == NULL || d->is_gone)
        return;
    d->is_gone = true;
    d->gone_ms = s->world->now_ms;
    for (size_t v = 0; v < VASSALS; v++)
        if (sim_machine_domain(s->vassals[v]->machine, id) != NULL)
            sim_world_fail(s->world, "I7", id, "is called gone and is on %s", s->vassals[v]->name);
}

/* Lines "ID TOKEN STATE". */
static void listed(void *self, int status, const char *body, size_t body_len)
{
    struct self *s = self;
    char id[HOST_ID_SIZE], token[32], state[16];
    (void)body_len;
    if (status != 200 || is_undone(s, s->world->now_ms - ANSWER_MS))
        return;
    int used = 0;
    for (; sscanf(body, "%23s %31s %15s\n%n", id, token, state, &used) == 3; body += used)
        if (str_eq(state, "gone"))
            hear_gone(s, id);
}

static void ask_list(struct self *s)
{
    sim_net_call_client(s->lord, &(struct sim_client_call){.self = s,
                                                           .done = listed,
                                                           .face = FACE_PUBLIC,
                                                           .method = "POST",
                                                           .target = "/",
                                                           .body = "list",
                                                           .body_len = 4,
                                                           .timeout_ms = ANSWER_MS});
}

/* What a subscriber does next with one of his things. */
static void act(struct self *s, struct deed *d)
{
    if (*d->order != '\0' || d->ended == TOLD || d->is_lost)
        return;
    if (d->made != TOLD) {
        d->made = ASKED;
        order(d, "make");
    } else if (d->ended == ASKED) {
        order(d, "end");
    } else if (s->world->faults.on && sim_world_draw(s->world, 4) == 0) {
        d->ended = ASKED;
        order(d, "end");
    } else if (s->world->faults.on && sim_world_draw(s->world, 2) == 0) {
        d->was_moved = true;
        order(d, "move");
    }
}

static struct deed *draw_deed(struct self *s)
{
    struct sim_world *w = s->world;
    bool makes = w->faults.on && s->deeds_len < DEEDS_MAX && sim_world_draw(w, 3) == 0;
    if (makes || s->deeds_len == 0) {
        struct deed *d = &s->deeds[s->deeds_len];
        *d = (struct deed){.self = s, .number = s->deeds_len++};
        return d;
    }
    return &s->deeds[sim_world_draw(w, s->deeds_len)];
}

static void subscriber_fire(struct sim_world *w, const struct sim_due *due)
{
    struct self *s = due->what;
    if (sim_world_draw(w, 8) == 0)
        ask_list(s);
    else
        act(s, draw_deed(s));
    sim_world_after(w, 1 + (int64_t)sim_world_draw(w, w->faults.on ? ORDER_MS : ORDER_MS / 4),
                    subscriber_fire, s, 0);
}

/* ---- the scene
 * -------------------------------------------------------------------------------------- */

static void build_court(struct sim_world *w)
{
    struct self *s = check_alloc(sizeof *s);
    w->scene_self = s;
    s->world = w;
    s->lord = sim_node_add(w, "lord", &lord_tier, NULL);
    for (size_t i = 0; i < VASSALS; i++) {
        char name[SIM_NAME_SIZE];
        snprintf(name, sizeof name, "vassal-%zu", i + 1);
        s->vassals[i] = sim_node_add(w, name, &vassal_tier, s->lord);
        s->vassals[i]->machine = sim_machine_new(s->vassals[i], &watch);
        lord_found(s->lord->store, name, s->vassals[i]->serial, s->vassals[i]->certified_ms);
    }
}

static void build(struct sim_world *w)
{
    build_court(w);
    sim_world_after(w, 0, subscriber_fire, w->scene_self, 0);
}

static void scene_free(struct sim_world *w)
{
    struct self *s = w->scene_self;
    for (size_t i = 0; i < VASSALS; i++)
        sim_machine_free(s->vassals[i]->machine);
    free(s);
}

/* A child that its parent calls down has no lease, and has had none for as long as a kill takes
 * (less the twentieth that clocks may differ by). */
static void after_turn(struct sim_world *w, struct sim_node *n)
{
    struct self *s = w->scene_self;
    (void)n;
    if (s->lord->core == NULL)
        return;
    struct sync_timing timing = sync_timing_default();
    int64_t mono_ms = sim_node_clock(s->lord).mono_ms;
    for (size_t i = 0; i < VASSALS; i++) {
        struct sim_node *v = s->vassals[i];
        if (v->core == NULL || !lord_core_calls_down(s->lord->core, v->name, mono_ms))
            continue;
        int64_t boot_ms = sim_node_clock(v).boot_ms - timing.kill_ms + timing.kill_ms / 20;
        if (boot_ms > 0 && vassal_core_has_lease(v->core, boot_ms))
            sim_world_fail(w, "LEASE", v->name, "is called down and has a lease");
    }
}

static void on_wire(struct sim_world *w, const struct sim_parcel *p)
{
    struct self *s = w->scene_self;
    sim_wiretap_hear(&s->tap, w, p);
}

/* ---- a vassal that is installed anew ------------------------------------------------------- */

static void ask_to_join(struct sim_node *vassal);

static void join_fire(struct sim_world *w, const struct sim_due *due)
{
    (void)w;
    ask_to_join(due->what);
}

static void joined(void *self, int status, const char *body, size_t body_len)
{
    struct sim_node *vassal = self;
    (void)body, (void)body_len;
    if (status != 200) {
        sim_world_after(vassal->world, ORDER_MS, join_fire, vassal, 0);
        return;
    }
    vassal->is_held = false;
    sim_node_start(vassal);
}

static void ask_to_join(struct sim_node *vassal)
{
    char order[sizeof vassal->name + sizeof vassal->serial + 8];
    snprintf(order, sizeof order, "join %s %s", vassal->name, vassal->serial);
    sim_net_call_client(vassal->parent, &(struct sim_client_call){.self = vassal,
                                                                  .done = joined,
                                                                  .face = FACE_PUBLIC,
                                                                  .method = "POST",
                                                                  .target = "/",
                                                                  .body = order,
                                                                  .body_len = strlen(order),
                                                                  .timeout_ms = ANSWER_MS});
}

/* R7: of a new store no listing counts but one by a service that was started later. */
static void reinstall(struct sim_node *vassal)
{
    if (vassal->is_held)
        return;
    sim_machine_restart_service(vassal->machine);
    sim_node_reinstall(vassal);
    ask_to_join(vassal);
}

static void fault(struct sim_world *w, enum sim_fault f)
{
    struct self *s = w->scene_self;
    struct sim_node *vassal = s->vassals[sim_faults_draw(&w->faults, f, VASSALS)];
    struct sim_machine *m = vassal->machine;
    if (f == SIM_FAULT_LOSE_STORE)
        reinstall(vassal);
    if (f == SIM_FAULT_RESTART_SERVICE)
        sim_machine_restart_service(m);
    else if (f == SIM_FAULT_SERVICE_AWAY)
        sim_machine_stop_service(m, 1 + (int64_t)sim_faults_draw(&w->faults, f, AWAY_MS));
    else if (f == SIM_FAULT_GUEST_OFF)
        sim_machine_end_guest(m, sim_faults_draw(&w->faults, f, SIM_DOMAINS_MAX), SIM_END_GUEST);
    else if (f == SIM_FAULT_GUEST_CRASH)
        sim_machine_end_guest(m, sim_faults_draw(&w->faults, f, SIM_DOMAINS_MAX), SIM_END_CRASH);
}

/* What was told after the backup is lost: things made since may be there or not, ends asked for
 * since are asked for again. */
static void on_restore(struct sim_world *w, struct sim_node *n)
{
    struct self *s = w->scene_self;
    PRE(n == s->lord);
    for (size_t i = 0; i < s->deeds_len; i++) {
        struct deed *d = &s->deeds[i];
        d->is_lost |= d->made != TOLD || d->made_ms + ANSWER_MS > n->backup_at_ms;
        if (d->ended == TOLD && !d->is_gone)
            d->ended = ASKED;
        /* Where a vassal forgets too, an end after the backup may be known to nobody any more. */
        if (d->is_gone && d->gone_ms > n->backup_at_ms &&
            w->faults.rate[SIM_FAULT_LOSE_STORE] > 0) {
            d->is_gone = false;
            d->is_lost = true;
        }
    }
    s->was_restored = true;
    s->restored_ms = w->now_ms;
    /* The house was restored, and the vassal that had no backup is installed anew: what it runs is
     * known to nobody but itself (PROTOCOL 11). */
    if (w->faults.rate[SIM_FAULT_LOSE_STORE] > 0 &&
        sim_faults_draw(&w->faults, SIM_FAULT_LOSE_STORE, 4) > 0)
        reinstall(s->vassals[sim_faults_draw(&w->faults, SIM_FAULT_LOSE_STORE, VASSALS)]);
}

static void heal(struct sim_world *w)
{
    struct self *s = w->scene_self;
    sim_herald_heal(&s->herald);
}

static size_t count_running(const struct self *s, const char *id)
{
    size_t len = 0;
    for (size_t v = 0; v < VASSALS; v++) {
        struct sim_domain *d = sim_machine_domain(s->vassals[v]->machine, id);
        len += d != NULL && d->runs;
    }
    return len;
}

/* Every running domain is a thing that somebody was given. */
static void check_strangers(struct self *s)
{
    for (size_t v = 0; v < VASSALS; v++) {
        const struct sim_machine *m = s->vassals[v]->machine;
        for (size_t i = 0; i < SIM_DOMAINS_MAX; i++)
            if (m->domains[i].runs && find(s, m->domains[i].spec.instance) == NULL)
                sim_world_fail(s->world, "I4", m->domains[i].spec.instance,
                               "runs on %s, and nobody was given it", m->node->name);
    }
}

/* What ended, was never moved and is on a vassal of the live core is gone from there. */
static void finish_core(struct sim_world *w)
{
    struct self *s = w->scene_self;
    for (size_t v = 0; v < VASSALS; v++) {
        struct sim_machine *m = s->vassals[v]->machine;
        for (size_t i = 0; i < s->deeds_len && sim_damage_spares(s->vassals[v]); i++) {
            const struct deed *d = &s->deeds[i];
            if (d->ended == TOLD && !d->was_moved && !d->is_lost &&
                sim_machine_domain(m, d->id) != NULL)
                sim_world_fail(w, "I6", d->id, "was ended and is on %s, of the live core",
                               m->node->name);
        }
    }
    sim_herald_finish_core(&s->herald);
}

static void finish(struct sim_world *w)
{
    struct self *s = w->scene_self;
    for (size_t i = 0; i < s->deeds_len; i++) {
        const struct deed *d = &s->deeds[i];
        if (d->is_lost)
            continue;
        if (d->made == TOLD && d->ended == NOTHING && count_running(s, d->id) != 1)
            sim_world_fail(w, "I6", d->id, "was made and does not run");
        if (d->ended == TOLD && !d->is_gone)
            sim_world_fail(w, "I6", d->id, "was ended and is not gone");
        if (!d->is_refused && (d->made == ASKED || d->ended == ASKED))
            sim_world_fail(w, "I6", d->id, "an order was never answered: %zu", d->number);
    }
    if (!s->was_restored)
        check_strangers(s);
    sim_herald_finish(&s->herald);
}

/* The whole house goes back to the night, again and again, and each time some vassal is installed
 * anew: rare in the swarm, and where RECOVERY has to be right (PROTOCOL 11). */
static void build_house(struct sim_world *w)
{
    enum { RESTORES_S = 30, REINSTALLS_S = 90 };
    build(w);
    w->faults.rate[SIM_FAULT_RESTORE] = RESTORES_S;
    w->faults.rate[SIM_FAULT_LOSE_STORE] = REINSTALLS_S;
}

/* Nothing but banners: one id that is wished and ended again and again. */
static void build_banners(struct sim_world *w)
{
    build_court(w);
    struct self *s = w->scene_self;
    sim_herald_begin(&s->herald, s->lord, s->vassals, VASSALS);
}

const struct sim_scene sim_scene_self = {.name = "self",
                                         .build = build,
                                         .free = scene_free,
                                         .after_turn = after_turn,
                                         .on_wire = on_wire,
                                         .fault = fault,
                                         .on_restore = on_restore,
                                         .heal = heal,
                                         .finish_core = finish_core,
                                         .finish = finish};

const struct sim_scene sim_scene_house = {.name = "house",
                                          .build = build_house,
                                          .free = scene_free,
                                          .after_turn = after_turn,
                                          .on_wire = on_wire,
                                          .fault = fault,
                                          .on_restore = on_restore,
                                          .heal = heal,
                                          .finish_core = finish_core,
                                          .finish = finish};

const struct sim_scene sim_scene_banners = {.name = "banners",
                                            .build = build_banners,
                                            .free = scene_free,
                                            .after_turn = after_turn,
                                            .on_wire = on_wire,
                                            .fault = fault,
                                            .on_restore = on_restore,
                                            .heal = heal,
                                            .finish_core = finish_core,
                                            .finish = finish};
