/* load.c - reads the kernel's count of where the cores' time went; see load.h. */
#include "computer-manager/hypervisor/load.h"

#include "base/str.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Fewer ticks (hundredths of a second and core) than this say nothing. */
enum { LEAST_TICKS = 40, FIELDS = 8, IDLE_FIELD = 3 };

bool host_load_parse(const char *line, int64_t *idle_ticks, int64_t *all_ticks)
{
    if (!str_has_prefix(line, "cpu "))
        return false;
    const char *at = line + strlen("cpu ");
    *idle_ticks = *all_ticks = 0;
    for (int i = 0; i < FIELDS; i++) { /* user nice system idle iowait irq softirq steal */
        char *end;
        long long ticks = strtoll(at, &end, 10);
        if (end == at || ticks < 0 || ticks > INT64_MAX / (2 * FIELDS))
            return false;
        *all_ticks += ticks;
        if (i == IDLE_FIELD)
            *idle_ticks = ticks;
        at = end;
    }
    return true;
}

int64_t host_load_take(struct host_load_meter *m, int64_t idle_ticks, int64_t all_ticks)
{
    int64_t all = all_ticks - m->all_ticks, idle = idle_ticks - m->idle_ticks;
    bool is_first = m->all_ticks == 0;
    if (!is_first && all >= 0 && all < LEAST_TICKS)
        return m->permille;
    bool is_sane = !is_first && idle >= 0 &&
                   idle <= all; /* idle counts have been seen going back */
    *m = (struct host_load_meter){.idle_ticks = idle_ticks,
                                  .all_ticks = all_ticks,
                                  .permille = is_sane ? idle * 1000 / all : -1};
    return m->permille;
}

int64_t host_load_idle(struct host_load_meter *m)
{
    char line[256];
    int64_t idle_ticks, all_ticks;
    int fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t len = read(fd, line, sizeof line - 1);
    close(fd);
    line[len > 0 ? len : 0] = '\0';
    return host_load_parse(line, &idle_ticks, &all_ticks) ? host_load_take(m, idle_ticks, all_ticks)
                                                          : -1;
}
