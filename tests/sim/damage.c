/* damage.c - draws who is broken. */
#include "tests/sim/damage.h"

#include "tests/sim/node.h"

static void break_node(struct sim_world *w, struct sim_node *n)
{
    bool is_off = sim_faults_draw(&w->faults, SIM_FAULT_STAY_BROKEN, 2) == 0;
    SIM_TRACE_FAULT(w, n->name, "broken", "", "%s", is_off ? "its machine" : "its daemon");
    n->is_broken = w->is_damaged = true;
    if (is_off && n->is_powered)
        sim_node_power_off(n);
    else
        sim_node_kill(n);
}

void sim_damage_begin(struct sim_world *w)
{
    enum { MOST = 3 };
    if (w->faults.rate[SIM_FAULT_STAY_BROKEN] == 0)
        return;
    uint64_t len = 1 + sim_faults_draw(&w->faults, SIM_FAULT_STAY_BROKEN, MOST);
    for (uint64_t i = 0; i < len; i++) {
        struct sim_node *n =
            &w->nodes[sim_faults_draw(&w->faults, SIM_FAULT_STAY_BROKEN, w->nodes_len)];
        if (!n->is_broken && !n->is_held)
            break_node(w, n);
    }
}

void sim_damage_end(struct sim_world *w)
{
    w->is_damaged = false;
    for (size_t i = 0; i < w->nodes_len; i++)
        w->nodes[i].is_broken = false;
}

/* It, or a child that may know another life of it, was restored. */
static bool may_recover(const struct sim_node *n)
{
    const struct sim_world *w = n->world;
    bool may = n->was_restored;
    for (size_t i = 0; i < w->nodes_len; i++)
        may = may || (w->nodes[i].parent == n && w->nodes[i].was_restored);
    return may;
}

/* For one that is broken, or that says nothing upward for the same reason. */
static bool waits_for_a_child(const struct sim_node *n)
{
    const struct sim_world *w = n->world;
    if (!may_recover(n))
        return false;
    for (size_t i = 0; i < w->nodes_len; i++) {
        const struct sim_node *child = &w->nodes[i];
        if (child->parent == n && (child->is_broken || waits_for_a_child(child)))
            return true;
    }
    return false;
}

bool sim_damage_spares(const struct sim_node *n)
{
    for (; n != NULL; n = n->parent)
        if (n->is_broken || waits_for_a_child(n))
            return false;
    return true;
}
