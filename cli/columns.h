/* columns.h - what a table shows of its rows: cells as text, from columns.def or --columns. */
#pragma once

#include "base/arena.h"
#include "cli/command.h"
#include "cli/node.h"

#include <stdbool.h>

enum { CLI_COLUMNS_MAX = 32 };

enum cli_alignment { CLI_LEFT, CLI_RIGHT, CLI_TIME, CLI_STATE, CLI_RULE, CLI_STEP };

enum cli_shown {
    CLI_SHOWN,
    CLI_SHOWN_WIDE, /* only where there is room for all */
    CLI_SHOWN_LIVE, /* only on a terminal, and not there */
};

struct cli_column {
    const char *heading, *path;
    enum cli_alignment alignment;
    enum cli_shown shown;
};

struct cli_columns {
    struct cli_column list[CLI_COLUMNS_MAX];
    size_t len;
};

/* `chosen` is --columns, or NULL: headings in any case ("id,state"), or fields as the JSON names
 * them ("subnetId", "placement.availabilityZone"). CLI_USAGE: almost a heading, or too many. */
enum cli_exit cli_columns_choose(struct cli_columns *out, enum cli_columns_id id,
                                 const char *chosen, struct arena *arena, struct cli_fault *fault);
/* The column with that heading, in any case, of `len` bytes. */
bool cli_columns_find(enum cli_columns_id id, const char *heading, size_t len,
                      struct cli_column *out);
/* What is being done for an instance, by the reason of its state; "" when it is no longer pending.
 */
const char *cli_columns_step(const struct cli_node *reason);
/* "" when the row has no such thing; several values with ", " between. */
const char *cli_columns_cell(const struct cli_column *column, const struct cli_node *row,
                             struct arena *arena);
