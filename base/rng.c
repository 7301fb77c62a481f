/* rng.c - the kernel's randomness, and a seed's. */
#include "base/rng.h"

#include "base/check.h"

#include <string.h>
#include <sys/random.h>

static void system_fill(void *self, void *out, size_t len)
{
    (void)self;
    char *p = out;
    while (len > 0) {
        ssize_t n = getrandom(p, len, 0);
        INV(n > 0);
        p += n;
        len -= (size_t)n;
    }
}

struct rng rng_system(void)
{
    return (struct rng){.fill = system_fill};
}

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void seeded_fill(void *self, void *out, size_t len)
{
    struct rng_seeded *seeded = self;
    char *p = out;
    while (len > 0) {
        uint64_t word = splitmix(&seeded->state);
        size_t n = len < sizeof word ? len : sizeof word;
        memcpy(p, &word, n);
        p += n;
        len -= n;
    }
}

struct rng rng_seeded(struct rng_seeded *seeded)
{
    return (struct rng){.self = seeded, .fill = seeded_fill};
}

uint64_t rng_u64(const struct rng *rng)
{
    uint64_t word;
    rng->fill(rng->self, &word, sizeof word);
    return word;
}

uint64_t rng_below(const struct rng *rng, uint64_t below)
{
    PRE(below > 0);
    return rng_u64(rng) % below;
}
