/* load.h - how much of the machine's cores was idle lately. Not thread-safe. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct host_load_meter {
    int64_t idle_ticks, all_ticks; /* of all cores since the boot, at the last reading; 0 = none */
    int64_t permille;              /* between the last two readings */
};

/* The first line of /proc/stat. Time that waits for disks, and what a hypervisor below us takes,
 * is not idle. */
bool host_load_parse(const char *line, int64_t *idle_ticks, int64_t *all_ticks);
/* Since the call before, or that before it when this one comes at once; -1 = not known. */
int64_t host_load_idle(struct host_load_meter *m);
/* The same from a reading. */
int64_t host_load_take(struct host_load_meter *m, int64_t idle_ticks, int64_t all_ticks);
