/* exits.h - the exit statuses, as manuals list them. */
#pragma once

#include <stddef.h>

struct cli_exit_row {
    int status;
    const char *help;
};

extern const struct cli_exit_row cli_exits[];
extern const size_t cli_exits_len;
