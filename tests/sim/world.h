/* world.h - one run: virtual time, one seed, and everything that lives in it.
 *
 *   sim_world_run: scene->build -> faults for a while -> heal -> settle -> scene->finish
 *
 * In half of the seeds some nodes stay broken at first, and the live core settles alone: heal ->
 * settle -> scene->finish_core -> the rest comes back -> settle -> scene->finish.
 *
 * Nothing here reads a real clock, an environment or an address; two runs of one seed are
 * equal. A scene says which daemons there are, what is asked of them and what must hold. */
#pragma once

#include "proto/sync/timing.h"
#include "tests/sim/fault.h"
#include "tests/sim/heap.h"
#include "tests/sim/trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_net;
struct sim_node;
struct sim_parcel;
struct sim_world;

enum { SIM_NODES_MAX = 16, SIM_WHY_SIZE = 240 };

struct sim_scene {
    const char *name;
    /* Makes the nodes and w->scene_self; they start by themselves. */
    void (*build)(struct sim_world *w);
    void (*free)(struct sim_world *w);
    /* S: after each turn of a node. */
    void (*after_turn)(struct sim_world *w, struct sim_node *n);
    /* A message was put on the wire. */
    void (*on_wire)(struct sim_world *w, const struct sim_parcel *p);
    /* A fault of the scene's own things (guests, hypervisor services) is due. */
    void (*fault)(struct sim_world *w, enum sim_fault fault);
    /* The store of `n` went back to n->backup_at_ms. */
    void (*on_restore)(struct sim_world *w, struct sim_node *n);
    /* The faults ended. */
    void (*heal)(struct sim_world *w);
    /* The live core has settled, or never will; may be NULL. */
    void (*finish_core)(struct sim_world *w);
    /* Q: everything has settled, or never will. */
    void (*finish)(struct sim_world *w);
};

/* The first thing that was found wrong. */
struct sim_violation {
    const char *invariant; /* "I1" ...; NULL = none */
    int64_t at_ms;
    char id[SIM_TRACE_NAME];
    char why[SIM_WHY_SIZE];
};

struct sim_options {
    uint64_t seed;
    bool prints;
    bool reads_wires; /* each item of each sync is a line of the trace: another hash, same run */
    bool without[SIM_FAULTS];
    bool is_idle;                 /* nothing new is ordered; of equal length otherwise */
    bool is_plain;                /* guests are started and ended, and nothing else is asked for */
    bool is_measured;             /* for figures: what costs more than the product does not run */
    char level;                   /* of stores: 'A' memory, 'B' files on disks; 0 = by the seed */
    int64_t faults_ms, settle_ms; /* length of the two phases; 0 = the scene's own */
};

struct sim_world {
    const struct sim_scene *scene;
    void *scene_self;
    uint64_t seed;
    bool reads_wires, is_idle, is_plain, is_measured;
    bool has_disks; /* level B: stores are files, and power cuts take what was not synced */
    int64_t now_ms;
    int64_t off_ms;          /* what the date is ahead of it: for how long everything was off */
    int64_t heal_ms, end_ms; /* heal: of what heals last */
    bool is_damaged;         /* the faults ended, and some nodes are broken still */
    struct sim_heap heap;
    struct sim_trace trace;
    struct sim_faults faults;
    struct rng_seeded order; /* delays and groupings that are no faults */
    struct sim_net *net;
    struct sim_node *nodes; /* SIM_NODES_MAX; owned */
    size_t nodes_len;
    uint64_t laters; /* fields that nobody knows, on the wire until now */
    uint64_t events; /* given to cores */
    struct sim_violation violation;
};

/* Runs one seed; the caller reads violation, trace and events, then frees. */
struct sim_world *sim_world_run(const struct sim_scene *scene, const struct sim_options *options);
void sim_world_free(struct sim_world *w);
/* The world that is running, for whoever must report an abort. */
struct sim_world *sim_world_current(void);

/* Calls `fire` after `wait_ms`. */
void sim_world_after(struct sim_world *w, int64_t wait_ms,
                     void (*fire)(struct sim_world *w, const struct sim_due *due), void *what,
                     uint64_t number);
/* The times of the protocol in this world: the product's own, and in one seed of three pages of
 * so few bytes that everything comes in several (PROTOCOL 1, `more`). */
struct sync_timing sim_world_timing(const struct sim_world *w);
/* In [0, below). */
uint64_t sim_world_draw(struct sim_world *w, uint64_t below);
/* Notes a violation, unless there is one already, and ends the run. */
void sim_world_fail(struct sim_world *w, const char *invariant, const char *id, const char *fmt,
                    ...) __attribute__((format(printf, 4, 5)));
struct sim_node *sim_world_node(struct sim_world *w, const char *name);

#define SIM_TRACE(w, who, what, id, ...) \
    sim_trace_line(&(w)->trace, (w)->now_ms, false, who, what, id, __VA_ARGS__)
#define SIM_TRACE_FAULT(w, who, what, id, ...) \
    sim_trace_line(&(w)->trace, (w)->now_ms, true, who, what, id, __VA_ARGS__)
