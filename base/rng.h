/* rng.h - randomness behind a seam: the kernel's in a daemon, a seed's in the simulator. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct rng {
    void *self;
    void (*fill)(void *self, void *out, size_t len);
};

/* getrandom(2). */
struct rng rng_system(void);

/* A reproducible stream (splitmix64). Never for secrets outside tests. */
struct rng_seeded {
    uint64_t state;
};
struct rng rng_seeded(struct rng_seeded *seeded);

uint64_t rng_u64(const struct rng *rng);
/* In [0, below); below > 0. */
uint64_t rng_below(const struct rng *rng, uint64_t below);
