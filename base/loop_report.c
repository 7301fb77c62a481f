/* loop_report.c - what the loop, its turns and the process have to say (loop.h). */
#include "base/loop.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define FAMILY(id, name, type, help) \
    static const struct report_family id = {name, REPORT_##type, help};
#include "base/metrics.def"
#undef FAMILY

static int64_t us_of(struct timeval t)
{
    return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

/* What cannot be read is left out. */
static void tell_memory(struct report *r)
{
    char line[128] = "";
    FILE *f = fopen("/proc/self/statm", "re");
    if (f == NULL)
        return;
    if (fgets(line, sizeof line, f) != NULL) { /* "SIZE RESIDENT ...", in pages */
        int64_t pages = strtoll(line + strcspn(line, " "), NULL, 10);
        report_number(r, &resident, pages * sysconf(_SC_PAGESIZE), NULL);
    }
    fclose(f);
}

static void tell_files(struct report *r)
{
    struct rlimit limit;
    int64_t len = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (folder != NULL) {
        for (const struct dirent *e; (e = readdir(folder)) != NULL;)
            len += e->d_name[0] != '.';
        closedir(folder);
        report_number(r, &files, len - 1, NULL); /* but the one that was looked with */
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        report_number(r, &files_max, (int64_t)limit.rlim_cur, NULL);
}

static void tell_process(struct report *r, int64_t started_wall_ms)
{
    struct rusage used;
    if (getrusage(RUSAGE_SELF, &used) == 0)
        report_seconds(r, &cpu, us_of(used.ru_utime) + us_of(used.ru_stime), NULL);
    tell_memory(r);
    tell_files(r);
    report_number(r, &started, started_wall_ms / 1000, NULL);
}

static void tell_turn(struct report *r, const struct turn *turn, const struct instant *now)
{
    report_histogram(r, &commit_time, &turn->commits, NULL);
    report_number(r, &statements, (int64_t)store_statements(turn->store), NULL);
    if (turn->core.report != NULL)
        turn->core.report(turn->core.self, now, r);
}

void loop_report(const struct loop *loop, const char *daemon, struct report *r)
{
    struct loop_stats s = loop_stats(loop);
    struct instant now = loop_now(loop);
    report_number(r, &build, 1, "daemon", daemon, "version", TERCET_VERSION, NULL);
    report_number(r, &turns, (int64_t)s.turns, NULL);
    report_number(r, &turns_lost, (int64_t)s.turns_lost, NULL);
    report_number(r, &events, (int64_t)s.events, NULL);
    report_histogram(r, &turn_time, &s.turn, NULL);
    report_histogram(r, &lag, &s.lag, NULL);
    report_number(r, &waiting, (int64_t)s.waiting, NULL);
    report_number(r, &refused, (int64_t)s.refused, NULL);
    tell_process(r, s.started_wall_ms);
    report_check(r, "store",
                 s.is_lost ? "its last transaction was refused: is the disk full?" : "");
    if (loop_turn(loop) != NULL)
        tell_turn(r, loop_turn(loop), &now);
}
