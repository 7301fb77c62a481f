/* world.c - the run of one seed. */
#include "tests/sim/world.h"

#include "base/check.h"
#include "base/str.h"
#include "tests/sim/damage.h"
#include "tests/sim/nemesis.h"
#include "tests/sim/net.h"
#include "tests/sim/node.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Lengths of the phases, virtual time. */
enum {
    FAULTS_LEAST_MS = 60 * 1000,
    FAULTS_SPAN_MS = 180 * 1000,
    CORE_MS = 4 * 60 * 1000, /* more than any deadline of the product, and a look after it */
    SETTLE_MS = 8 * 60 * 1000
};
enum { EVENTS_MAX = 400 * 1000 }; /* of one run; a usual one has 5,000 to 60,000 */

static struct sim_world *current;

struct sim_world *sim_world_current(void)
{
    return current;
}

/* Half of the seeds: it costs more, and most of what goes wrong has nothing to do with disks. */
static bool is_level_b(const struct sim_options *o)
{
    enum { ONE_IN = 2 };
    return o->level != 0 ? o->level == 'B' : (o->seed * 0x9e3779b97f4a7c15u >> 33) % ONE_IN == 0;
}

static struct sim_world *world_new(const struct sim_scene *scene, const struct sim_options *o)
{
    struct sim_world *w = check_alloc(sizeof *w);
    w->scene = scene;
    w->seed = o->seed;
    w->reads_wires = o->reads_wires;
    w->is_idle = o->is_idle;
    w->is_plain = o->is_plain;
    w->is_measured = o->is_measured;
    w->has_disks = is_level_b(o);
    w->order.state = o->seed ^ 0xa0761d6478bd642fu;
    w->nodes = check_alloc(SIM_NODES_MAX * sizeof *w->nodes);
    sim_trace_init(&w->trace, o->prints);
    sim_faults_init(&w->faults, o->seed, o->without);
    w->net = sim_net_new(w);
    w->heal_ms = FAULTS_LEAST_MS + (int64_t)sim_world_draw(w, FAULTS_SPAN_MS);
    if (o->faults_ms > 0) /* drawn all the same: the rest of the run is the same until then */
        w->heal_ms = o->faults_ms;
    w->end_ms = w->heal_ms + (o->settle_ms > 0 ? o->settle_ms : SETTLE_MS);
    return w;
}

static void run_until(struct sim_world *w, int64_t until_ms)
{
    while (w->violation.invariant == NULL && w->heap.len > 0 && w->heap.dues[0].at_ms < until_ms) {
        struct sim_due due = sim_heap_pop(&w->heap);
        INV(due.at_ms >= w->now_ms);
        w->now_ms = due.at_ms;
        due.fire(w, &due);
        if (w->events > EVENTS_MAX)
            sim_world_fail(w, "LOOP", "", "more than %d events: something is asked in a circle",
                           EVENTS_MAX);
    }
    if (w->violation.invariant == NULL)
        w->now_ms = until_ms;
}

static void end_faults(struct sim_world *w)
{
    w->faults.on = false;
    SIM_TRACE_FAULT(w, "world", "heal", "", "faults end");
    sim_damage_begin(w);
    sim_nemesis_heal(w);
    w->scene->heal(w);
}

/* The live core settles alone; then the rest comes back, and as much time as ever is left. */
static void settle_core(struct sim_world *w)
{
    run_until(w, w->heal_ms + CORE_MS);
    if (w->violation.invariant == NULL && w->scene->finish_core != NULL)
        w->scene->finish_core(w);
    sim_damage_end(w);
    w->heal_ms += CORE_MS;
    w->end_ms += CORE_MS;
    SIM_TRACE_FAULT(w, "world", "heal", "", "the rest");
    sim_nemesis_heal(w);
}

struct sim_world *sim_world_run(const struct sim_scene *scene, const struct sim_options *o)
{
    struct sim_world *w = current = world_new(scene, o);
    scene->build(w);
    for (size_t i = 0; i < w->nodes_len; i++)
        sim_node_start(&w->nodes[i]);
    sim_nemesis_begin(w);
    run_until(w, w->heal_ms);
    if (w->violation.invariant == NULL)
        end_faults(w);
    if (w->violation.invariant == NULL && w->is_damaged)
        settle_core(w);
    run_until(w, w->end_ms);
    if (w->violation.invariant == NULL)
        scene->finish(w);
    return w;
}

void sim_world_free(struct sim_world *w)
{
    w->scene->free(w);
    for (size_t i = 0; i < w->nodes_len; i++)
        sim_node_fini(&w->nodes[i]);
    sim_net_free(w->net);
    sim_heap_fini(&w->heap);
    sim_trace_fini(&w->trace);
    free(w->nodes);
    free(w);
    current = NULL;
}

void sim_world_after(struct sim_world *w, int64_t wait_ms,
                     void (*fire)(struct sim_world *w, const struct sim_due *due), void *what,
                     uint64_t number)
{
    PRE(wait_ms >= 0);
    sim_heap_push(&w->heap,
                  (struct sim_due){
                      .at_ms = w->now_ms + wait_ms, .fire = fire, .what = what, .number = number});
}

struct sync_timing sim_world_timing(const struct sim_world *w)
{
    enum { SMALL_PAGE_BYTES = 700 };
    struct sync_timing t = sync_timing_default();
    if (w->seed % 3 == 0)
        t.page_bytes = SMALL_PAGE_BYTES;
    return t;
}

uint64_t sim_world_draw(struct sim_world *w, uint64_t below)
{
    struct rng rng = rng_seeded(&w->order);
    return rng_below(&rng, below);
}

void sim_world_fail(struct sim_world *w, const char *invariant, const char *id, const char *fmt,
                    ...)
{
    if (w->violation.invariant != NULL)
        return;
    w->violation.invariant = invariant;
    w->violation.at_ms = w->now_ms;
    str_copy(w->violation.id, sizeof w->violation.id, id);
    va_list args;
    va_start(args, fmt);
    vsnprintf(w->violation.why, sizeof w->violation.why, fmt, args);
    va_end(args);
}

struct sim_node *sim_world_node(struct sim_world *w, const char *name)
{
    for (size_t i = 0; i < w->nodes_len; i++)
        if (str_eq(w->nodes[i].name, name))
            return &w->nodes[i];
    return NULL;
}
