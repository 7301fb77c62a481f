/* table.h - rows as a table, by libsmartcols. */
#pragma once

#include "base/buf.h"
#include "cli/columns.h"

#include <stdint.h>

struct cli_table {
    bool is_tty; /* cut to the width of the terminal, times as ages */
    bool is_coloured;
    bool has_header;
    bool is_whole;   /* every column, uncut */
    size_t width;    /* of the terminal; 0: unknown */
    int64_t wall_ms; /* now: what ages are counted from */
};

/* Appends. Where it is not whole, columns that are WIDE are left out, and on a terminal as many of
 * the last as it has no room for, and those that are empty in every row. */
void cli_table_print(struct buf *out, const struct cli_table *how,
                     const struct cli_columns *columns, const struct cli_nodes *rows,
                     struct arena *arena);
/* "\x1b[32m" for a state that is fine, and so on; "" for what nobody knows. */
const char *cli_table_colour(const char *state);
/* Every column, as RFC 4180 has it; a cell that could be a formula keeps what it says. Appends. */
void cli_table_csv(struct buf *out, bool has_header, const struct cli_columns *columns,
                   const struct cli_nodes *rows, struct arena *arena);
