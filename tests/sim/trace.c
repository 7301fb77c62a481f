/* trace.c - a ring of lines and a running hash. */
#include "tests/sim/trace.h"

#include "base/check.h"
#include "base/str.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sim_trace_init(struct sim_trace *t, bool prints)
{
    *t = (struct sim_trace){.hash = 0x9e3779b97f4a7c15u, .prints = prints};
    t->lines = check_alloc(SIM_TRACE_LINES * sizeof *t->lines);
}

void sim_trace_fini(struct sim_trace *t)
{
    free(t->lines);
    t->lines = NULL;
}

void sim_trace_mix(struct sim_trace *t, const void *data, size_t len)
{
    const unsigned char *p = data;
    uint64_t h = t->hash ^ (len * 0x9e3779b97f4a7c15u);
    while (len > 0) {
        uint64_t word = 0;
        size_t n = len < sizeof word ? len : sizeof word;
        memcpy(&word, p, n);
        h = (h ^ word) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
        p += n;
        len -= n;
    }
    t->hash = h;
}

static void print_line(const struct sim_trace_line *l)
{
    printf("%9" PRId64 ".%03" PRId64 " %-12s %-16s %-22s %s\n", l->at_ms / 1000, l->at_ms % 1000,
           l->who, l->what, l->id, l->text);
}

void sim_trace_line(struct sim_trace *t, int64_t at_ms, bool is_fault, const char *who,
                    const char *what, const char *id, const char *fmt, ...)
{
    struct sim_trace_line *l = &t->lines[t->len++ % SIM_TRACE_LINES];
    l->at_ms = at_ms;
    l->is_fault = is_fault;
    l->what = what;
    str_copy(l->who, sizeof l->who, who);
    str_copy(l->id, sizeof l->id, id);
    va_list args;
    va_start(args, fmt);
    vsnprintf(l->text, sizeof l->text, fmt, args);
    va_end(args);
    sim_trace_mix(t, &at_ms, sizeof at_ms);
    sim_trace_mix(t, l->who, strlen(l->who));
    sim_trace_mix(t, what, strlen(what));
    sim_trace_mix(t, l->id, strlen(l->id));
    sim_trace_mix(t, l->text, strlen(l->text));
    if (t->prints)
        print_line(l);
}

static bool is_relevant(const struct sim_trace_line *l, const char *id)
{
    return *id == '\0' || l->is_fault || str_eq(l->id, id) || strstr(l->text, id) != NULL;
}

void sim_trace_print(const struct sim_trace *t, const char *id, size_t len)
{
    uint64_t oldest = t->len > SIM_TRACE_LINES ? t->len - SIM_TRACE_LINES : 0;
    uint64_t at = t->len;
    for (size_t found = 0; at > oldest && found < len; at--)
        found += is_relevant(&t->lines[(at - 1) % SIM_TRACE_LINES], id);
    for (; at < t->len; at++)
        if (is_relevant(&t->lines[at % SIM_TRACE_LINES], id))
            print_line(&t->lines[at % SIM_TRACE_LINES]);
}
