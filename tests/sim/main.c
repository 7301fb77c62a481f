/* main.c - runs seeds: sim [--scene NAME] --seed K [--seeds N] [--hash] [--without FAULT] [-v]
 * [--idle] [--plain] [--measured] [--level A|B] [--mutation-info]. Exit 0: no violation. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "tests/sim/cloud.h"
#include "tests/sim/node.h"
#include "tests/sim/self/scene.h"
#include "tests/sim/self/zone.h"
#include "tests/sim/stores.h"
#include "tests/sim/world.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINES = 40 };

static const struct sim_scene *const scenes[] = {&sim_scene_cloud,  &sim_scene_zone,
                                                 &sim_scene_self,   &sim_scene_house,
                                                 &sim_scene_region, &sim_scene_banners};

struct options {
    const struct sim_scene *scene;
    int64_t seed, seeds;
    size_t lines; /* of the trace, in a report */
    bool hashes, is_mutation;
    struct sim_options world;
};

static const struct sim_scene *scene_of(const char *name)
{
    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++)
        if (str_eq(scenes[i]->name, name))
            return scenes[i];
    fprintf(stderr, "sim: there is no scene '%s'\n", name);
    exit(2);
}

static void leave_out(struct options *o, const char *name)
{
    enum sim_fault f = sim_fault_parse(name);
    if (f != SIM_FAULTS) {
        o->world.without[f] = true;
        return;
    }
    if (!str_eq(name, "all")) {
        fprintf(stderr, "sim: there is no fault '%s'\n", name);
        exit(2);
    }
    for (size_t i = 0; i < SIM_FAULTS; i++)
        o->world.without[i] = true;
}

static int64_t number(const char *text)
{
    int64_t n;
    if (str_parse_i64(text, 0, INT64_MAX / 2, &n))
        return n;
    fprintf(stderr, "sim: '%s' is not a number\n", text);
    exit(2);
}

static struct options parse(int argc, char **argv)
{
    static const struct option longs[] = {{"scene", required_argument, NULL, 's'},
                                          {"seed", required_argument, NULL, 'k'},
                                          {"seeds", required_argument, NULL, 'n'},
                                          {"hash", no_argument, NULL, 'h'},
                                          {"without", required_argument, NULL, 'w'},
                                          {"faults-ms", required_argument, NULL, 'f'},
                                          {"settle-ms", required_argument, NULL, 'q'},
                                          {"lines", required_argument, NULL, 'l'},
                                          {"wires", no_argument, NULL, 'W'},
                                          {"idle", no_argument, NULL, 'i'},
                                          {"mutation-info", no_argument, NULL, 'm'},
                                          {"measured", no_argument, NULL, 'M'},
                                          {"plain", no_argument, NULL, 'p'},
                                          {"level", required_argument, NULL, 'L'},
                                          {NULL, 0, NULL, 0}};
    struct options o = {.scene = scenes[0], .seed = 1, .seeds = 1, .lines = 40};
    for (int c; (c = getopt_long(argc, argv, "v", longs, NULL)) != -1;) {
        if (c == 's')
            o.scene = scene_of(optarg);
        else if (c == 'k')
            o.seed = number(optarg);
        else if (c == 'n')
            o.seeds = number(optarg);
        else if (c == 'h')
            o.hashes = true;
        else if (c == 'w')
            leave_out(&o, optarg);
        else if (c == 'f')
            o.world.faults_ms = number(optarg);
        else if (c == 'q')
            o.world.settle_ms = number(optarg);
        else if (c == 'l')
            o.lines = (size_t)number(optarg);
        else if (c == 'W')
            o.world.reads_wires = true;
        else if (c == 'i')
            o.world.is_idle = true;
        else if (c == 'p')
            o.world.is_plain = true;
        else if (c == 'L')
            o.world.level = *optarg;
        else if (c == 'M')
            o.world.is_measured = true;
        else if (c == 'm')
            o.is_mutation = true;
        else if (c == 'v')
            o.world.prints = true;
        else
            exit(2);
    }
    return o;
}

static void report(const struct sim_world *w, const char *invariant, const char *id,
                   const char *why, size_t lines)
{
    printf("violation of %s: seed %" PRIu64 ", scene %s, at %" PRId64 ".%03" PRId64 " s: %s %s\n",
           invariant, w->seed, w->scene->name, w->now_ms / 1000, w->now_ms % 1000, id, why);
    printf("faults:");
    for (enum sim_fault f = 0; f < SIM_FAULTS; f++)
        if (w->faults.rate[f] > 0)
            printf(" %s=%" PRId64, sim_fault_name(f), w->faults.rate[f]);
    printf("\n");
    sim_trace_print(&w->trace, id, lines);
}

/* An assertion of the product's failed: that is a find too, and needs its seed. */
static bool is_brief; /* options.is_mutation, for on_abort */

static void on_abort(int signal)
{
    const struct sim_world *w = sim_world_current();
    if (w != NULL && is_brief) {
        printf("killed by ASSERT at seed %" PRIu64 ": see stderr\n", w->seed);
        fflush(stdout);
    } else if (w != NULL) {
        report(w, "ASSERT", "", "an assertion failed (see stderr)", LINES);
        fflush(stdout);
    }
    _exit(signal == SIGABRT ? 3 : 4);
}

static bool run_one(const struct options *o, uint64_t seed, uint64_t *events)
{
    struct sim_options options = o->world;
    options.seed = seed;
    struct sim_world *w = sim_world_run(o->scene, &options);
    if (w->violation.invariant != NULL && !o->is_mutation &&
        !o->world.reads_wires) { /* again, for a fuller report */
        sim_world_free(w);
        options.reads_wires = true;
        w = sim_world_run(o->scene, &options);
    }
    const struct sim_violation *v = &w->violation;
    bool ok = v->invariant == NULL;
    if (o->hashes)
        printf("%" PRIu64 " %016" PRIx64 "\n", seed, w->trace.hash);
    if (!ok && o->is_mutation)
        printf("killed by %s at seed %" PRIu64 ": %s %s\n", v->invariant, seed, v->id, v->why);
    else if (!ok)
        report(w, v->invariant, v->id, v->why, o->lines);
    *events += w->events;
    sim_world_free(w);
    return ok;
}

int main(int argc, char **argv)
{
    struct options o = parse(argc, argv);
    struct sigaction action = {.sa_handler = on_abort};
    sigaction(SIGABRT, &action, NULL);
    is_brief = o.is_mutation;
    log_init("sim", o.world.prints ? LOG_INFO : (enum log_level)(LOG_ERROR + 1));
    uint64_t events = 0;
    bool ok = true;
    int64_t at = 0;
    for (; at < o.seeds && ok; at++)
        ok = run_one(&o, (uint64_t)(o.seed + at), &events);
    sim_stores_fini();
    fprintf(stderr, "%s: %" PRId64 " seeds, %" PRIu64 " events, %s\n", o.scene->name, at, events,
            ok ? "no violation" : "VIOLATED");
    return ok ? 0 : 1;
}
