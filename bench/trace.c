/* trace.c - see trace.h. Figures need no determinism across machines, so fractions may be used. */
#include "bench/trace.h"

#include "base/check.h"

#include <math.h>
#include <stddef.h>

static const struct size {
    int64_t weight, vcpus, memory_gib, disk_gib;
} sizes[] = {
#define SIZE(weight, vcpus, memory_gib, disk_gib) {weight, vcpus, memory_gib, disk_gib},
#include "bench/trace.def"
#undef SIZE
};

static const struct life {
    double share, mean_s;
} lives[] = {{0.4, 1800}, {0.4, 6 * 3600}, {0.2, 20 * 86400}};

enum { SIZES = sizeof sizes / sizeof *sizes, LIVES = sizeof lives / sizeof *lives };

static double draw(struct trace *t) /* in (0, 1] */
{
    return ((double)(rng_u64(&t->rng) >> 11) + 1) / 9007199254740992.0;
}

static double exponential(struct trace *t, double mean)
{
    return -mean * log(draw(t));
}

static struct trace_guest guest_of(struct trace *t, double leaves_s)
{
    int64_t at = (int64_t)rng_below(&t->rng, 1000);
    for (size_t i = 0; i < SIZES; i++) {
        at -= sizes[i].weight;
        if (at < 0)
            return (struct trace_guest){sizes[i].vcpus, sizes[i].memory_gib * 1024,
                                        sizes[i].disk_gib, leaves_s};
    }
    IMPOSSIBLE("the weights are a thousand");
}

static double mean_s(void)
{
    double sum = 0;
    for (size_t i = 0; i < LIVES; i++)
        sum += lives[i].share * lives[i].mean_s;
    return sum;
}

void trace_init(struct trace *t, uint64_t seed)
{
    *t = (struct trace){.seed = {.state = seed}};
    t->rng = rng_seeded(&t->seed);
}

/* What is left of an exponential is the same exponential. */
struct trace_guest trace_found(struct trace *t)
{
    double at = draw(t) * mean_s();
    size_t kind = 0;
    while (kind + 1 < LIVES && at > lives[kind].share * lives[kind].mean_s) {
        at -= lives[kind].share * lives[kind].mean_s;
        kind++;
    }
    return guest_of(t, exponential(t, lives[kind].mean_s));
}

struct trace_guest trace_next(struct trace *t, double standing)
{
    double at = draw(t);
    size_t kind = 0;
    t->at_s += exponential(t, mean_s() / standing);
    while (kind + 1 < LIVES && at > lives[kind].share) {
        at -= lives[kind].share;
        kind++;
    }
    return guest_of(t, t->at_s + exponential(t, lives[kind].mean_s));
}
