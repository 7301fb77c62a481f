/* clock.h - the clocks of one machine: each runs at a rate of its own, 1 +-1 % (PROTOCOL 5). */
#pragma once

#include "base/clock.h"

#include <stdint.h>

struct sim_clock {
    int64_t rate_ppm;  /* of true time: 990000 .. 1010000 */
    int64_t booted_ms; /* virtual time when the machine booted */
    int64_t asleep_ms; /* what CLOCK_BOOTTIME counted and CLOCK_MONOTONIC did not */
    int64_t wall_ms;   /* what the date is off by */
    int64_t drift_ppm; /* and what that grows by: -10000 .. 10000 */
};

struct instant sim_clock_read(const struct sim_clock *c, int64_t now_ms);
/* The virtual time at which its monotonic clock reads at least `mono_ms`. */
int64_t sim_clock_when(const struct sim_clock *c, int64_t mono_ms);
/* How long `local_ms` of this clock take in virtual time. */
int64_t sim_clock_span(const struct sim_clock *c, int64_t local_ms);
