/* report.c - samples, collected family by family. */
#include "base/report.h"

#include "base/check.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdlib.h>

static const int64_t bounds_us[HISTOGRAM_BOUNDS] = {
    100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000};

void histogram_note(struct histogram *h, int64_t us)
{
    size_t at = 0;
    while (at < HISTOGRAM_BOUNDS && us > bounds_us[at])
        at++;
    h->counts[at]++;
    h->sum_us += us > 0 ? (uint64_t)us : 0;
}

/* ---- samples ------------------------------------------------------------------------------- */

static struct buf *lines_of(struct report *r, const struct report_family *family)
{
    for (size_t i = 0; i < r->families_len; i++)
        if (r->families[i].family == family)
            return &r->families[i].lines;
    r->families = check_realloc(r->families, (r->families_len + 1) * sizeof *r->families);
    r->families[r->families_len] = (struct report_samples){.family = family};
    return &r->families[r->families_len++].lines;
}

static void put_label(struct buf *out, const char *name, const char *value)
{
    buf_text(out, name);
    buf_text(out, "=\"");
    for (const char *p = value; *p != '\0'; p++) {
        if (*p == '\\' || *p == '"')
            buf_char(out, '\\');
        if (*p == '\n')
            buf_text(out, "\\n");
        else
            buf_char(out, *p);
    }
    buf_char(out, '"');
}

/* `bound` is the label of a histogram's bucket, NULL for any other sample. */
static void put_labels(struct buf *out, va_list labels, const char *bound)
{
    const char *between = "{", *name;
    va_list rest;
    va_copy(rest, labels);
    while ((name = va_arg(rest, const char *)) != NULL) {
        buf_text(out, between);
        put_label(out, name, va_arg(rest, const char *));
        between = ",";
    }
    va_end(rest);
    if (bound != NULL) {
        buf_text(out, between);
        put_label(out, "le", bound);
        between = ",";
    }
    if (*between == ',')
        buf_char(out, '}');
    buf_char(out, ' ');
}

static void put_seconds(struct buf *out, int64_t us)
{
    int64_t whole = us / 1000000, part = us % 1000000;
    buf_printf(out, "%s%lld.%06lld", us < 0 ? "-" : "", (long long)(whole < 0 ? -whole : whole),
               (long long)(part < 0 ? -part : part));
}

void report_number(struct report *r, const struct report_family *family, int64_t value, ...)
{
    struct buf *out = lines_of(r, family);
    va_list labels;
    va_start(labels, value);
    buf_text(out, family->name);
    put_labels(out, labels, NULL);
    va_end(labels);
    buf_i64(out, value);
    buf_char(out, '\n');
}

void report_seconds(struct report *r, const struct report_family *family, int64_t us, ...)
{
    struct buf *out = lines_of(r, family);
    va_list labels;
    va_start(labels, us);
    buf_text(out, family->name);
    put_labels(out, labels, NULL);
    va_end(labels);
    put_seconds(out, us);
    buf_char(out, '\n');
}

static void put_buckets(struct buf *out, const char *name, const struct histogram *h,
                        va_list labels)
{
    CLEANUP(buf_fini) struct buf bound = {0};
    uint64_t below = 0;
    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        buf_clear(&bound);
        if (i < HISTOGRAM_BOUNDS)
            put_seconds(&bound, bounds_us[i]);
        else
            buf_text(&bound, "+Inf");
        below += h->counts[i];
        buf_printf(out, "%s_bucket", name);
        put_labels(out, labels, buf_str(&bound));
        buf_printf(out, "%llu\n", (unsigned long long)below);
    }
    buf_printf(out, "%s_count", name);
    put_labels(out, labels, NULL);
    buf_printf(out, "%llu\n", (unsigned long long)below);
}

void report_histogram(struct report *r, const struct report_family *family,
                      const struct histogram *h, ...)
{
    struct buf *out = lines_of(r, family);
    va_list labels;
    va_start(labels, h);
    put_buckets(out, family->name, h, labels);
    buf_printf(out, "%s_sum", family->name);
    put_labels(out, labels, NULL);
    put_seconds(out, (int64_t)h->sum_us);
    buf_char(out, '\n');
    va_end(labels);
}

/* ---- fitness ------------------------------------------------------------------------------- */

void report_check(struct report *r, const char *name, const char *why)
{
    r->is_unfit = r->is_unfit || *why != '\0';
    buf_printf(&r->checks, "%s %s", *why == '\0' ? "ok" : "no", name);
    if (*why != '\0')
        buf_text(&r->checks, ": ");
    for (; *why != '\0'; why++)
        buf_char(&r->checks, *why < ' ' && *why >= 0 ? ' ' : *why);
    buf_char(&r->checks, '\n');
}

/* ---- the whole ----------------------------------------------------------------------------- */

void report_text(const struct report *r, struct buf *out)
{
    static const char *const types[] = {
        [REPORT_COUNTER] = "counter", [REPORT_GAUGE] = "gauge", [REPORT_HISTOGRAM] = "histogram"};
    for (size_t i = 0; i < r->families_len; i++) {
        const struct report_family *family = r->families[i].family;
        buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name,
                   types[family->type]);
        buf_text(out, buf_str(&r->families[i].lines));
    }
}

void report_fini(struct report *r)
{
    for (size_t i = 0; i < r->families_len; i++)
        buf_fini(&r->families[i].lines);
    free(r->families);
    buf_fini(&r->checks);
    *r = (struct report){0};
}
