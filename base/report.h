/* report.h - what a daemon says of itself to whoever runs it: figures, and whether it is of use.
 *
 * Filled in the loop's thread between two turns, whenever somebody asks (proto/http/status.h).
 * Figures leave as Prometheus reads them (its text format, version 0.0.4). Each family of them
 * stands in a table, a metrics.def: FAMILY(id, name, TYPE, help). Everybody on the machine may
 * read them: no label and no reason holds a secret, or a word that a tenant chose. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum report_type { REPORT_COUNTER, REPORT_GAUGE, REPORT_HISTOGRAM };

struct report_family {
    const char *name; /* "tercet_turns_total"; times are in seconds, sizes in bytes */
    enum report_type type;
    const char *help;
};

/* How often something took how long. Starts as zeros; counted with histogram_note. */
enum { HISTOGRAM_BOUNDS = 14 };
struct histogram {
    uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* the last: longer than the last bound */
    uint64_t sum_us;
};
void histogram_note(struct histogram *h, int64_t us);

struct report_samples {
    const struct report_family *family;
    struct buf lines;
};

/* Starts as zeros. */
struct report {
    struct report_samples *families; /* in the order in which they came */
    size_t families_len;
    struct buf checks;
    bool is_unfit;
};
void report_fini(struct report *r);

/* One sample. Labels follow as name, value, name, value, NULL; a value may be any text. */
void report_number(struct report *r, const struct report_family *family, int64_t value, ...)
    __attribute__((sentinel));
void report_seconds(struct report *r, const struct report_family *family, int64_t us, ...)
    __attribute__((sentinel));
void report_histogram(struct report *r, const struct report_family *family,
                      const struct histogram *h, ...) __attribute__((sentinel));

/* Something that must hold for this daemon to be of use; `why` not, "" = it holds. */
void report_check(struct report *r, const char *name, const char *why);

/* All figures, family by family. */
void report_text(const struct report *r, struct buf *out);
