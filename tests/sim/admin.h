/* admin.h - who runs the cloud: he has images on all hosts before anybody starts from them, and
 * changes his mind. When all is quiet: what he wished last is on every host, as far as the cache's
 * bounds allow, nothing else is, what fits is never let go, and he is told so (SEED). */
#pragma once

#include "tests/sim/ec2.h"
#include "tests/sim/shadow.h"

enum { SIM_SEEDS_MAX = 5, SIM_ZONES = 2 };

struct sim_seed {
    char image[24];
    bool is_wished;
    unsigned zone;   /* of the order at hand: the zones before it have heard it */
    bool is_ordered; /* an order is not answered by all zones yet */
};

struct sim_admin {
    struct sim_world *world;
    struct sim_shadow *shadow;
    struct sim_node *cloud;
    const struct sim_ec2_key *key;
    struct sim_seed seeds[SIM_SEEDS_MAX]; /* the images that there are */
    size_t seeds_len;
    struct rng_seeded mind; /* his own: nobody else's chances depend on his */
    struct rng rng;
    bool is_sent, has_repeated;
    size_t at;       /* of the order under way */
    int64_t told_ms; /* when he was told last how far hosts are; 0 = never */
    int64_t told_hosts, told_whole;
};

/* After the images are there, or before: `seeds` may be filled at any time. */
void sim_admin_begin(struct sim_admin *a);
/* Q */
void sim_admin_finish(struct sim_admin *a);
