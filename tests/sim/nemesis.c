/* nemesis.c - what happens, to whom, for how long. */
#include "tests/sim/nemesis.h"

#include "base/check.h"
#include "tests/sim/net.h"
#include "tests/sim/node.h"

enum {
    DOWN_MS = 20000, /* a killed daemon is away for up to this */
    LONG_DOWN_MS = 90000,
    CUT_MS = 45000,
    POWER_MS = 40000,
    WALL_MS = 120000, /* a wall clock jumps by up to this, either way */
    FREEZE_MS = 120000,
};

#define DAY_MS  INT64_C(86400000)
#define AWAY_MS (40 * DAY_MS)

static uint64_t draw(struct sim_world *w, enum sim_fault f, uint64_t below)
{
    return sim_faults_draw(&w->faults, f, below);
}

static struct sim_node *draw_node(struct sim_world *w, enum sim_fault f)
{
    return &w->nodes[draw(w, f, w->nodes_len)];
}

static void start_fire(struct sim_world *w, const struct sim_due *due)
{
    (void)w;
    struct sim_node *n = due->what;
    if (n->life == due->number)
        sim_node_start(n);
}

static void start_later(struct sim_world *w, enum sim_fault f, struct sim_node *n, uint64_t most_ms)
{
    sim_world_after(w, 1 + (int64_t)draw(w, f, most_ms), start_fire, n, n->life);
}

static void kill_daemon(struct sim_world *w)
{
    enum sim_fault f = SIM_FAULT_KILL_DAEMON;
    struct sim_node *n = draw_node(w, f);
    sim_node_kill(n);
    start_later(w, f, n, draw(w, f, 4) == 0 ? LONG_DOWN_MS : DOWN_MS);
}

/* ---- cuts: number = from * SIM_NODES_MAX + to ----------------------------------------------- */

static void mend_fire(struct sim_world *w, const struct sim_due *due)
{
    if (!w->faults.on)
        return;
    sim_net_mend(w, &w->nodes[due->number / SIM_NODES_MAX], &w->nodes[due->number % SIM_NODES_MAX]);
}

static void cut(struct sim_world *w, struct sim_node *from, struct sim_node *to, int64_t ms)
{
    sim_net_cut(w, from, to);
    SIM_TRACE_FAULT(w, from->name, "cut", "", "to %s for %ld ms", to->name, (long)ms);
    sim_world_after(w, ms, mend_fire, NULL, from->index * SIM_NODES_MAX + to->index);
}

static void cut_link(struct sim_world *w)
{
    enum sim_fault f = SIM_FAULT_CUT_LINK;
    struct sim_node *n = draw_node(w, f);
    if (n->parent == NULL)
        return;
    int64_t ms = 1 + (int64_t)draw(w, f, CUT_MS);
    if (draw(w, f, 2) == 0)
        cut(w, n, n->parent, ms);
    else
        cut(w, n->parent, n, ms);
}

/* A subset of the nodes is apart from the rest, both ways. */
static void partition(struct sim_world *w)
{
    enum sim_fault f = SIM_FAULT_PARTITION;
    uint64_t side = draw(w, f, UINT64_C(1) << w->nodes_len);
    int64_t ms = 1 + (int64_t)draw(w, f, CUT_MS);
    for (size_t i = 0; i < w->nodes_len; i++) {
        struct sim_node *n = &w->nodes[i];
        if (n->parent == NULL || ((side >> i) & 1) == ((side >> n->parent->index) & 1))
            continue;
        cut(w, n, n->parent, ms);
        cut(w, n->parent, n, ms);
    }
}

/* ---- power
 * ---------------------------------------------------------------------------------------- */

static void power_fire(struct sim_world *w, const struct sim_due *due)
{
    struct sim_node *n = due->what;
    if (n->boot != due->number / SIM_FAULTS || n->is_powered)
        return;
    sim_node_power_on(n);
    start_later(w, (enum sim_fault)(due->number % SIM_FAULTS), n, DOWN_MS / 4);
}

static void outage(struct sim_world *w, enum sim_fault f, struct sim_node *n)
{
    if (!n->is_powered)
        return;
    sim_node_power_off(n);
    sim_world_after(w, 1 + (int64_t)draw(w, f, POWER_MS), power_fire, n,
                    n->boot * SIM_FAULTS + (uint64_t)f);
}

static void power_cut(struct sim_world *w)
{
    outage(w, SIM_FAULT_POWER_CUT, draw_node(w, SIM_FAULT_POWER_CUT));
}

static void doom_fire(struct sim_world *w, const struct sim_due *due)
{
    if (w->faults.on)
        outage(w, (enum sim_fault)due->number, due->what);
}

void sim_nemesis_doom(struct sim_world *w, struct sim_node *n, enum sim_fault f)
{
    sim_world_after(w, 1 + (int64_t)draw(w, f, DOWN_MS), doom_fire, n, (uint64_t)f);
}

/* ---- restores
 * --------------------------------------------------------------------------------------- */

static struct sim_node *draw_parent(struct sim_world *w)
{
    struct sim_node *n = draw_node(w, SIM_FAULT_RESTORE);
    for (size_t i = 0; i < w->nodes_len; i++) {
        if (n->tier->restore != NULL)
            return n;
        n = &w->nodes[(n->index + 1) % w->nodes_len];
    }
    return NULL;
}

static void backup_fire(struct sim_world *w, const struct sim_due *due)
{
    struct sim_node *n = due->what;
    if (w->faults.on && !n->has_no_backup)
        sim_node_backup(n);
}

/* Every fault of this kind restores a parent, or takes the backup that a later one restores. */
static void restore(struct sim_world *w)
{
    enum sim_fault f = SIM_FAULT_RESTORE;
    struct sim_node *n = draw_parent(w);
    if (n == NULL)
        return;
    if (n->backup != NULL) {
        sim_node_restore(n);
        start_later(w, f, n, DOWN_MS);
    }
    sim_world_after(w, (int64_t)draw(w, f, 60000), backup_fire, n, 0);
}

static void jump_wall(struct sim_world *w)
{
    enum sim_fault f = SIM_FAULT_JUMP_WALL;
    struct sim_node *n = draw_node(w, f);
    n->clock.wall_ms = w->off_ms + (int64_t)draw(w, f, 2 * WALL_MS) - WALL_MS;
    SIM_TRACE_FAULT(w, n->name, "wall", "", "off by %ld ms", (long)n->clock.wall_ms);
}

static void clog_link(struct sim_world *w)
{
    enum sim_fault f = SIM_FAULT_CLOG_LINK;
    struct sim_node *n = draw_node(w, f);
    if (n->parent == NULL)
        return;
    int64_t ms = 1 + (int64_t)draw(w, f, CUT_MS);
    bool is_up = draw(w, f, 2) == 0;
    struct sim_node *from = is_up ? n : n->parent, *to = is_up ? n->parent : n;
    SIM_TRACE_FAULT(w, from->name, "clogged", "", "to %s for %ld ms", to->name, (long)ms);
    sim_net_clog(w, from, to, w->now_ms + ms);
}

static void freeze(struct sim_world *w)
{
    enum sim_fault f = SIM_FAULT_FREEZE;
    struct sim_node *n = draw_node(w, f);
    int64_t ms = 1 + (int64_t)draw(w, f, FREEZE_MS);
    sim_node_freeze(n, ms, draw(w, f, 2) == 0);
}

/* Of the swarm: it is renewed by hand, some time later. */
static void renew_fire(struct sim_world *w, const struct sim_due *due)
{
    struct sim_node *n = due->what;
    (void)w;
    if (n->expires_ms == 1)
        n->expires_ms = INT64_MAX / 2;
}

static void expire(struct sim_world *w)
{
    enum sim_fault f = SIM_FAULT_EXPIRE;
    struct sim_node *n = draw_node(w, f);
    SIM_TRACE_FAULT(w, n->name, "expired", "", "its certificate");
    n->expires_ms = 1;
    sim_world_after(w, 1 + (int64_t)draw(w, f, CUT_MS), renew_fire, n, 0);
}

/* Not while somebody is still to join, or the scene is made: tokens are good for an hour. */
static void all_off(struct sim_world *w)
{
    enum sim_fault f = SIM_FAULT_ALL_OFF;
    for (size_t i = 0; i < w->nodes_len; i++)
        if (w->nodes[i].is_held || w->nodes[i].has_no_backup)
            return;
    if (w->off_ms > 0)
        return;
    w->off_ms = AWAY_MS;
    SIM_TRACE_FAULT(w, "world", "off", "", "for %ld days", (long)(AWAY_MS / DAY_MS));
    for (size_t i = 0; i < w->nodes_len; i++) {
        outage(w, f, &w->nodes[i]);
        w->nodes[i].clock.wall_ms += AWAY_MS;
    }
}

/* ---- the loop
 * ----------------------------------------------------------------------------------------- */

static void fault_fire(struct sim_world *w, const struct sim_due *due);

static void plan_next(struct sim_world *w, enum sim_fault f)
{
    int64_t wait = sim_faults_wait_ms(&w->faults, f);
    if (wait > 0)
        sim_world_after(w, wait, fault_fire, NULL, (uint64_t)f);
}

static void happen(struct sim_world *w, enum sim_fault f)
{
    if (f == SIM_FAULT_KILL_DAEMON)
        kill_daemon(w);
    else if (f == SIM_FAULT_CUT_LINK)
        cut_link(w);
    else if (f == SIM_FAULT_PARTITION)
        partition(w);
    else if (f == SIM_FAULT_POWER_CUT)
        power_cut(w);
    else if (f == SIM_FAULT_RESTORE)
        restore(w);
    else if (f == SIM_FAULT_JUMP_WALL)
        jump_wall(w);
    else if (f == SIM_FAULT_CLOG_LINK)
        clog_link(w);
    else if (f == SIM_FAULT_FREEZE)
        freeze(w);
    else if (f == SIM_FAULT_ALL_OFF)
        all_off(w);
    else if (f == SIM_FAULT_EXPIRE)
        expire(w);
    else
        w->scene->fault(w, f);
}

static void fault_fire(struct sim_world *w, const struct sim_due *due)
{
    if (!w->faults.on)
        return;
    enum sim_fault f = (enum sim_fault)due->number;
    happen(w, f);
    plan_next(w, f);
}

void sim_nemesis_begin(struct sim_world *w)
{
    for (enum sim_fault f = 0; f < SIM_FAULTS; f++)
        if (sim_fault_is_timed(f))
            plan_next(w, f);
}

void sim_nemesis_heal(struct sim_world *w)
{
    sim_net_mend_all(w);
    for (size_t i = 0; i < w->nodes_len; i++) {
        w->nodes[i].clock.wall_ms = w->off_ms;
        w->nodes[i].clock.drift_ppm = 0;
        w->nodes[i].frozen_ms = 0;
        sim_node_power_on(&w->nodes[i]);
        sim_node_start(&w->nodes[i]);
    }
}
