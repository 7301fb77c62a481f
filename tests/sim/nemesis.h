/* nemesis.h - the faults that come by themselves: kills, cuts, power, restores. Each is an event
 * of the same queue; its moment and its victim come from the stream of its kind. */
#pragma once

#include "tests/sim/fault.h"

struct sim_node;
struct sim_world;

void sim_nemesis_begin(struct sim_world *w);
/* Within some seconds the machine of `n` loses its power for a while: by that fault's chance. */
void sim_nemesis_doom(struct sim_world *w, struct sim_node *n, enum sim_fault f);
/* Everything is mended, powered and started. */
void sim_nemesis_heal(struct sim_world *w);
