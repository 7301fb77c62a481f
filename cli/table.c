/* table.c - see table.h. */
#include "cli/table.h"

#include "base/check.h"
#include "base/str.h"

#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

/* What a state looks like: good, under way, over, bad. */
static const char *colour_of(const char *state)
{
    static const struct {
        const char *state, *colour;
    } colours[] = {
        {"running", "green"},
        {"available", "green"},
        {"in-use", "green"},
        {"up", "green"},
        {"ok", "green"},
        {"ready", "green"},
        {"pending", "yellow"},
        {"stopping", "yellow"},
        {"shutting-down", "yellow"},
        {"creating", "yellow"},
        {"deleting", "yellow"},
        {"stopped", "darkgray"},
        {"terminated", "darkgray"},
        {"deregistered", "darkgray"},
        {"failed", "red"},
        {"unavailable", "red"},
        {"down", "red"},
        {"lost", "red"},
        {"error", "red"},
    };
    for (size_t i = 0; i < sizeof colours / sizeof colours[0]; i++)
        if (str_eq(colours[i].state, state))
            return colours[i].colour;
    return NULL;
}

static void add_column(struct libscols_table *table, const struct cli_column *column, bool is_tty)
{
    int flags = column->alignment == CLI_RIGHT ? SCOLS_FL_RIGHT : 0;
    /* An id that is cut is of no use; what stands behind it may be. */
    if (is_tty && column->alignment != CLI_RIGHT && column->alignment != CLI_STATE &&
        !str_eq(column->heading, "ID"))
        flags |= SCOLS_FL_TRUNC;
    INV(scols_table_new_column(table, column->heading, 0, flags) != NULL);
}

static void add_row(struct libscols_table *table, const struct cli_table *how,
                    const struct cli_columns *columns, const struct cli_node *row,
                    struct arena *arena)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);
    INV(line != NULL);
    for (size_t i = 0; i < columns->len; i++) {
        const char *text = cli_columns_cell(&columns->list[i], row, arena);
        const char *colour = colour_of(text);
        INV(scols_line_set_data(line, i, *text != '\0' ? text : "-") == 0);
        if (how->is_coloured && columns->list[i].alignment == CLI_STATE && colour != NULL)
            scols_cell_set_color(scols_line_get_cell(line, i), colour);
    }
}

static void set_up(struct libscols_table *table, const struct cli_table *how)
{
    scols_table_enable_noheadings(table, !how->has_header);
    scols_table_enable_colors(table, how->is_coloured);
    scols_table_set_column_separator(table, "  ");
    scols_table_set_termforce(table, how->is_tty ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
    if (how->is_tty && how->width > 0)
        scols_table_set_termwidth(table, how->width);
}

/* libsmartcols fills the last column up with blanks where a terminal would not show it. */
static void append_trimmed(struct buf *out, const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n"), kept = len;
        while (kept > 0 && text[kept - 1] == ' ')
            kept--;
        buf_append(out, text, kept);
        buf_char(out, '\n');
        text += len + (text[len] == '\n');
    }
}

void cli_table_print(struct buf *out, const struct cli_table *how,
                     const struct cli_columns *columns, const struct cli_nodes *rows,
                     struct arena *arena)
{
    char *text = NULL;
    struct libscols_table *table = scols_new_table();
    INV(table != NULL);
    set_up(table, how);
    for (size_t i = 0; i < columns->len; i++)
        add_column(table, &columns->list[i], how->is_tty);
    for (size_t i = 0; i < rows->len; i++)
        add_row(table, how, columns, rows->list[i], arena);
    INV(scols_print_table_to_string(table, &text) == 0);
    if (text != NULL)
        append_trimmed(out, text);
    free(text);
    scols_unref_table(table);
}
