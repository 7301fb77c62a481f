/* clock.c - the machine's clocks. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct instant system_read(void *self)
{
    (void)self;
    return (struct instant){
        .mono_ms = read_ms(CLOCK_MONOTONIC),
        .boot_ms = read_ms(CLOCK_BOOTTIME),
        .wall_ms = read_ms(CLOCK_REALTIME),
    };
}

struct clock clock_system(void)
{
    return (struct clock){.read = system_read};
}

void clock_format_iso(char out[CLOCK_ISO_SIZE], int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    char day[20];
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out, CLOCK_ISO_SIZE, "%.19s.%03uZ", day, (unsigned)(wall_ms % 1000) % 1000u);
}
