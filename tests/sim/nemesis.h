/* nemesis.h - the faults that come by themselves: kills, cuts, power, restores. Each is an event
 * of the same queue; its moment and its victim come from the stream of its kind. */
#pragma once

struct sim_world;

void sim_nemesis_begin(struct sim_world *w);
/* Everything is mended, powered and started. */
void sim_nemesis_heal(struct sim_world *w);
