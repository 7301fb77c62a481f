/* clock.h - the three clocks, behind a seam so that a simulator can own them.
 *
 * mono: never jumps, stops in suspend (CLOCK_MONOTONIC). boot: counts suspend too
 * (CLOCK_BOOTTIME); leases use it. wall: the date; may jump; signatures, certificates and
 * billing stamps use it, nothing else. All in ms. */
#pragma once

#include <stdint.h>

struct instant {
    int64_t mono_ms;
    int64_t boot_ms;
    int64_t wall_ms; /* since 1970, UTC */
};

struct clock {
    void *self;
    struct instant (*read)(void *self);
};

/* The machine's clocks. */
struct clock clock_system(void);

enum { CLOCK_ISO_SIZE = 25 };
/* "2026-11-20T09:13:35.000Z", as EC2 and S3 answers want it. */
void clock_format_iso(char out[CLOCK_ISO_SIZE], int64_t wall_ms);
