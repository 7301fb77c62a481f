/* herald.h - the subscriber of banners: each vassal has one, and it goes up and down, often several
 * times within what a message takes.
 *
 * A banner is what the product's peers are: one id, one generation, no epoch, wished and ended
 * again and again. Only revisions tell one of its ends from the next (PROTOCOL 1). */
#pragma once

#include "tests/sim/node.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIM_BANNERS_MAX = 3 };

struct sim_banner {
    struct sim_node *lord, *vassal;
    int64_t number; /* of the newest order; an older one that comes late is none any more */
    bool is_up;     /* as it was ordered last */
    bool is_told;   /* and that this was done */
    char order[64];
};

struct sim_herald {
    struct sim_world *world;
    struct sim_banner banners[SIM_BANNERS_MAX];
    size_t len; /* 0 = nobody has a banner in this scene */
};

void sim_herald_begin(struct sim_herald *h, struct sim_node *lord, struct sim_node *const *vassals,
                      size_t len);
/* The faults ended: a last order for each, until it is told that it was done. */
void sim_herald_heal(struct sim_herald *h);
/* Every banner is where the last order has it. */
/* Of the vassals that the live core holds. */
void sim_herald_finish_core(struct sim_herald *h);
void sim_herald_finish(struct sim_herald *h);
