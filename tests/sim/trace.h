/* trace.h - what happened: a hash over all of it, and the newest lines for a report.
 *
 * The hash is the proof of I22: the same seed and the same binary give the same one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIM_TRACE_LINES = 1 << 15, SIM_TRACE_NAME = 32, SIM_TRACE_TEXT = 96 };

struct sim_trace_line {
    int64_t at_ms;
    char who[SIM_TRACE_NAME];  /* node or client */
    const char *what;          /* literal */
    char id[SIM_TRACE_NAME];   /* of what it is about; "" = the world */
    char text[SIM_TRACE_TEXT]; /* for people */
    bool is_fault;
};

struct sim_trace {
    uint64_t hash;
    uint64_t len;                 /* lines ever */
    bool prints;                  /* every line, as it happens */
    struct sim_trace_line *lines; /* ring of SIM_TRACE_LINES; owned */
};

void sim_trace_init(struct sim_trace *t, bool prints);
void sim_trace_fini(struct sim_trace *t);
/* Into the hash only. */
void sim_trace_mix(struct sim_trace *t, const void *data, size_t len);
void sim_trace_line(struct sim_trace *t, int64_t at_ms, bool is_fault, const char *who,
                    const char *what, const char *id, const char *fmt, ...)
    __attribute__((format(printf, 7, 8)));
/* Prints the newest `len` lines that name `id`, or tell of a fault; every line where id is "". */
void sim_trace_print(const struct sim_trace *t, const char *id, size_t len);
