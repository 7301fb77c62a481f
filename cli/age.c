/* age.c - see age.h. */
#include "cli/age.h"

#include <stddef.h>
#include <stdio.h>
#include <time.h>

bool cli_age_parse(const char *text, int64_t *wall_ms)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (end == NULL || (*end != '.' && *end != 'Z'))
        return false;
    *wall_ms = (int64_t)timegm(&tm) * 1000;
    return true;
}

void cli_age(char out[CLI_AGE_SIZE], int64_t spent_ms)
{
    static const struct {
        int64_t upto_s, unit_s;
        char letter;
    } units[] = {{120, 1, 's'}, {7200, 60, 'm'}, {172800, 3600, 'h'}, {INT64_MAX, 86400, 'd'}};
    int64_t s = spent_ms > 0 ? spent_ms / 1000 : 0;
    size_t at = 0;
    while (s >= units[at].upto_s)
        at++;
    snprintf(out, CLI_AGE_SIZE, "%lld%c", (long long)(s / units[at].unit_s), units[at].letter);
}
