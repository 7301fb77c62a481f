/* damage.h - what stays broken when the faults end: a few nodes, off or without their daemon, for
 * longer than any deadline. The others are the live core, and settle what they can settle alone;
 * then the rest comes back. */
#pragma once

#include <stdbool.h>

struct sim_node;
struct sim_world;

/* Breaks nodes, where this seed does that. Before sim_nemesis_heal. */
void sim_damage_begin(struct sim_world *w);
/* They may come back: sim_nemesis_heal lets them. */
void sim_damage_end(struct sim_world *w);
/* Can it, with those above it, settle alone? No where one of them is broken, or was restored and
 * lacks a child: a parent in RECOVERY waits for all of them (PROTOCOL R14). */
bool sim_damage_spares(const struct sim_node *n);
