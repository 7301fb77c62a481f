/* range.c - the Range header. Called by api (to answer) and by ops (to pick parts). */
#include "dos/model/range.h"

#include "base/check.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

enum { DIGITS_MAX = 18 };

/* Digits up to `end`; -1 when there are none, too many, or something else. */
static int64_t digits(const char *text, const char *end)
{
    if (text == end || end - text > DIGITS_MAX)
        return -1;
    int64_t value = 0;
    for (; text < end; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        value = value * 10 + (*text - '0');
    }
    return value;
}

struct dos_range dos_range_parse(const char *text)
{
    const struct dos_range none = {0};
    if (text == NULL || !str_has_prefix(text, "bytes="))
        return none;
    const char *from = text + strlen("bytes="), *dash = strchr(from, '-');
    if (dash == NULL)
        return none;
    const char *end = from + strlen(from);
    struct dos_range range = {.is_given = true, .is_suffix = dash == from, .to = INT64_MAX};
    if (!range.is_suffix)
        range.from = digits(from, dash);
    if (dash + 1 < end || range.is_suffix)
        range.to = digits(dash + 1, end);
    if (range.from < 0 || range.to < 0 || range.to < range.from)
        return none;
    return range;
}

bool dos_range_resolve(const struct dos_range *range, int64_t size_bytes, int64_t *offset,
                       int64_t *len)
{
    PRE(size_bytes >= 0);
    int64_t from = 0, to = size_bytes - 1;
    if (range->is_given && range->is_suffix)
        from = range->to < size_bytes ? size_bytes - range->to : 0;
    else if (range->is_given) {
        from = range->from;
        to = range->to < to ? range->to : to;
    }
    *offset = from;
    *len = to - from + 1;
    return !range->is_given || (*len > 0 && from < size_bytes);
}
