/* table.h - rows as a table, by libsmartcols. */
#pragma once

#include "base/buf.h"
#include "cli/columns.h"

struct cli_table {
    bool is_tty; /* colours, and cut to the width of the terminal */
    bool is_coloured;
    bool has_header;
    size_t width; /* of the terminal; 0: unknown */
};

/* Appends. */
void cli_table_print(struct buf *out, const struct cli_table *how,
                     const struct cli_columns *columns, const struct cli_nodes *rows,
                     struct arena *arena);
