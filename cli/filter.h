/* filter.h - --filter as people write it: COLUMN=VALUE and the like, judged here over the cells of
 * the table; anything else is the API's own filter and judged by the cloud (request.h). */
#pragma once

#include "cli/columns.h"
#include "cli/line.h"

#include <stdbool.h>

/* "state=running,pending", "name!=web*", "gib>8": is it of these columns? */
bool cli_filter_is_local(enum cli_columns_id id, const char *text);
/* CLI_USAGE: a --filter that neither we nor the command's action can judge. */
enum cli_exit cli_filter_check(const struct cli_line *line, struct arena *arena,
                               struct cli_fault *fault);
/* Rows that every filter of ours lets through. */
void cli_filter_rows(const struct cli_line *line, struct cli_nodes *rows, struct arena *arena);
