/* progress.c - see progress.h. */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EVERY_MS = 100, BAR = 30 };

struct cli_progress cli_progress_begin(int64_t now_ms)
{
    const char *term = getenv("TERM");
    bool is_shown = isatty(STDERR_FILENO) == 1 && (term == NULL || strcmp(term, "dumb") != 0);
    return (struct cli_progress){.is_shown = is_shown, .from_ms = now_ms};
}

void cli_progress_say(struct cli_progress *p, int64_t now_ms, const char *what)
{
    if (!p->is_shown)
        return;
    fprintf(stderr, "\r\033[K%s  %llds", what, (long long)((now_ms - p->from_ms) / 1000));
    fflush(stderr);
    p->is_open = true;
}

void cli_progress_size(char out[16], uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    uint64_t tenths = bytes * 10;
    while (tenths >= 10240 && unit + 1 < sizeof units / sizeof units[0]) {
        tenths /= 1024;
        unit++;
    }
    if (unit == 0)
        snprintf(out, 16, "%u B", (unsigned)bytes);
    else
        snprintf(out, 16, "%u.%u %s", (unsigned)(tenths / 10), (unsigned)(tenths % 10),
                 units[unit]);
}

static void format_bar(char out[BAR + 1], uint64_t done, uint64_t total)
{
    size_t full = total > 0 ? (size_t)(done / (total / BAR + 1)) : BAR;
    if (done == total || full > BAR)
        full = BAR;
    memset(out, ' ', BAR);
    memset(out, '=', full);
    out[BAR] = '\0';
}

void cli_progress_bytes(struct cli_progress *p, int64_t now_ms, const char *what, uint64_t done,
                        uint64_t total)
{
    char bar[BAR + 1], size[16], rate[16];
    int64_t spent = now_ms - p->from_ms;
    if (!p->is_shown || (done < total && now_ms - p->last_ms < EVERY_MS))
        return;
    p->last_ms = now_ms;
    uint64_t per_s = spent > 0 ? done * 1000 / (uint64_t)spent : 0;
    format_bar(bar, done, total);
    cli_progress_size(size, done);
    cli_progress_size(rate, per_s);
    fprintf(stderr, "\r\033[K%s [%s] %3u%%  %s  %s/s", what, bar,
            (unsigned)(total > 0 ? done * 100 / total : 100), size, rate);
    if (per_s > 0 && done < total)
        fprintf(stderr, "  %" PRIu64 "s left", (total - done) / per_s + 1);
    fflush(stderr);
    p->is_open = true;
}

void cli_progress_end(struct cli_progress *p)
{
    if (p->is_open)
        fputs("\r\033[K", stderr);
    p->is_open = false;
}
