/* wiretap.h - what the syncs themselves betray (PROTOCOL 3): a resync that no restore explains
 * means that the two ends came to differ, and healed it before anybody could see. */
#pragma once

#include "tests/sim/net.h"
#include "tests/sim/world.h"

struct sim_wiretap {
    int64_t applied[SIM_NODES_MAX]; /* newest applied_rev that a child said */
};

/* Hears every message; fails the run. */
void sim_wiretap_hear(struct sim_wiretap *t, struct sim_world *w, const struct sim_parcel *p);
