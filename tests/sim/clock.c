/* clock.c - readings of a machine's clocks. */
#include "tests/sim/clock.h"

#include "base/check.h"

/* 2026-11-20T09:00:00Z: the date when a run begins. Each boot's clocks begin a little above 0. */
#define EPOCH_MS INT64_C(1795165200000)
enum { MILLION = 1000000, BOOT_TAKES_MS = 1000 };

struct instant sim_clock_read(const struct sim_clock *c, int64_t now_ms)
{
    PRE(now_ms >= c->booted_ms);
    int64_t mono = BOOT_TAKES_MS + (now_ms - c->booted_ms) * c->rate_ppm / MILLION;
    return (struct instant){
        .mono_ms = mono,
        .boot_ms = mono + c->asleep_ms,
        .wall_ms = EPOCH_MS + now_ms + c->wall_ms + now_ms * c->drift_ppm / MILLION,
    };
}

int64_t sim_clock_span(const struct sim_clock *c, int64_t local_ms)
{
    return (local_ms * MILLION + c->rate_ppm - 1) / c->rate_ppm;
}

int64_t sim_clock_when(const struct sim_clock *c, int64_t mono_ms)
{
    if (mono_ms <= BOOT_TAKES_MS)
        return c->booted_ms;
    return c->booted_ms + sim_clock_span(c, mono_ms - BOOT_TAKES_MS);
}
