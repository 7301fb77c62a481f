/* trace.h - instances that come and go as in a public cloud, from a seed.
 *
 * Sizes are drawn from a table (bench/trace.def): most are small, a few in a hundred are as large
 * as a quarter of a host. Lifetimes are a mixture of three exponentials: 40 % live half an hour on
 * average, 40 % six hours, 20 % twenty days; arrivals are Poisson. The first instances are drawn as
 * one finds them when one looks: by how long each kind lives. */
#pragma once

#include "base/rng.h"

#include <stdint.h>

struct trace {
    struct rng_seeded seed;
    struct rng rng;
    double at_s; /* of the newest arrival */
};

struct trace_guest {
    int64_t vcpus, memory_mib, disk_gib;
    double leaves_s;
};

void trace_init(struct trace *t, uint64_t seed);
/* One of those that are there at the beginning. */
struct trace_guest trace_found(struct trace *t);
/* The next one to come, at t->at_s, where about `standing` are there at a time. */
struct trace_guest trace_next(struct trace *t, double standing);
