/* age.h - how long ago, as people say it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { CLI_AGE_SIZE = 24 };

/* "2026-11-20T09:13:35.000Z" in milliseconds since 1970; false: it is no such time. */
bool cli_age_parse(const char *text, int64_t *wall_ms);
/* "5s", "12m", "3h", "8d". What lies ahead, by a clock that goes wrong, is "0s". */
void cli_age(char out[CLI_AGE_SIZE], int64_t spent_ms);
