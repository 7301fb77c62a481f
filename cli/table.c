/* table.c - see table.h. */
#include "cli/table.h"

#include "base/check.h"
#include "base/str.h"
#include "cli/age.h"
#include "cli/safe.h"

#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

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
        {"warn", "yellow"},
        {"fail", "red"},
        {"skip", "darkgray"},
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

const char *cli_table_colour(const char *state)
{
    static const struct {
        const char *colour, *sequence;
    } sequences[] = {{"green", "\x1b[32m"},
                     {"yellow", "\x1b[33m"},
                     {"darkgray", "\x1b[1;30m"},
                     {"red", "\x1b[31m"}};
    const char *colour = colour_of(state);
    for (size_t i = 0; colour != NULL && i < sizeof sequences / sizeof sequences[0]; i++)
        if (str_eq(sequences[i].colour, colour))
            return sequences[i].sequence;
    return "";
}

/* ---- cells -------------------------------------------------------------------------------- */

/* All of them, row by row, as they are shown. */
struct cells {
    const struct cli_table *how;
    struct cli_columns columns; /* those that are shown */
    const char **text;
    size_t rows;
};

static const char *shown(const struct cli_table *how, const struct cli_column *column,
                         const struct cli_node *row, struct arena *arena)
{
    CLEANUP(buf_fini) struct buf safe = {0};
    char age[CLI_AGE_SIZE];
    int64_t at_ms;
    const char *text = cli_columns_cell(column, row, arena);
    if (*text == '\0')
        return "-";
    if (how->is_tty && column->alignment == CLI_TIME && cli_age_parse(text, &at_ms)) {
        cli_age(age, how->wall_ms - at_ms);
        return arena_printf(arena, "%s ago", age);
    }
    cli_safe_text(&safe, text);
    return arena_strdup(arena, buf_str(&safe));
}

static void fill(struct cells *c, const struct cli_nodes *rows, struct arena *arena)
{
    c->rows = rows->len;
    c->text = arena_alloc(arena, (rows->len * c->columns.len + 1) * sizeof *c->text);
    for (size_t r = 0; r < rows->len; r++)
        for (size_t i = 0; i < c->columns.len; i++)
            c->text[r * c->columns.len + i] = shown(c->how, &c->columns.list[i], rows->list[r],
                                                    arena);
}

/* ---- what there is room for --------------------------------------------------------------- */

enum { GAP = 2, NEVER_LEFT_OUT = 3, CUT_DOWN_TO = 16 };

/* Columns of the terminal that a text takes. */
static size_t width_of(const char *text)
{
    wchar_t wide[256];
    size_t len = mbstowcs(wide, text, sizeof wide / sizeof wide[0]);
    int width = len == (size_t)-1 || len == sizeof wide / sizeof wide[0] ? -1 : wcswidth(wide, len);
    return width >= 0 ? (size_t)width : strlen(text);
}

/* An id that is cut is of no use; what stands behind it may be. */
static bool may_be_cut(const struct cli_column *column)
{
    return (column->alignment == CLI_LEFT || column->alignment == CLI_RULE) &&
           !str_eq(column->heading, "ID");
}

/* What it must have, at the least. */
static size_t need_of(const struct cells *c, size_t at)
{
    size_t widest = width_of(c->columns.list[at].heading);
    for (size_t r = 0; r < c->rows; r++) {
        size_t width = width_of(c->text[r * c->columns.len + at]);
        widest = width > widest ? width : widest;
    }
    return may_be_cut(&c->columns.list[at]) && widest > CUT_DOWN_TO ? CUT_DOWN_TO : widest;
}

/* A column that says nothing of any row only takes room. */
static bool is_empty(const struct cells *c, size_t at)
{
    for (size_t r = 0; r < c->rows; r++)
        if (!str_eq(c->text[r * c->columns.len + at], "-"))
            return false;
    return c->rows > 0 && at >= NEVER_LEFT_OUT;
}

static void drop_empty(struct cells *c, const struct cli_nodes *rows, struct arena *arena)
{
    struct cli_columns kept = {.len = 0};
    for (size_t i = 0; i < c->columns.len; i++)
        if (!is_empty(c, i))
            kept.list[kept.len++] = c->columns.list[i];
    if (kept.len == c->columns.len)
        return;
    c->columns = kept;
    fill(c, rows, arena);
}

/* How many of the columns, from the left. */
static size_t count_fitting(const struct cells *c)
{
    size_t width = 0, at = 0;
    if (!c->how->is_tty || c->how->is_whole || c->how->width == 0)
        return c->columns.len;
    for (; at < c->columns.len; at++) {
        width += need_of(c, at) + (at > 0 ? GAP : 0);
        if (width > c->how->width && at >= NEVER_LEFT_OUT)
            break;
    }
    return at;
}

/* ---- printing ----------------------------------------------------------------------------- */

static void add_row(struct libscols_table *table, const struct cells *c, size_t row, size_t shown)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);
    INV(line != NULL);
    for (size_t i = 0; i < shown; i++) {
        const char *text = c->text[row * c->columns.len + i], *colour = colour_of(text);
        INV(scols_line_set_data(line, i, text) == 0);
        if (c->how->is_coloured && c->columns.list[i].alignment == CLI_STATE && colour != NULL)
            scols_cell_set_color(scols_line_get_cell(line, i), colour);
    }
}

static void set_up(struct libscols_table *table, const struct cli_table *how)
{
    scols_table_enable_noheadings(table, !how->has_header);
    scols_table_enable_colors(table, how->is_coloured);
    scols_table_set_column_separator(table, "  ");
    bool is_cut = how->is_tty && !how->is_whole;
    scols_table_set_termforce(table, is_cut ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
    if (is_cut && how->width > 0)
        scols_table_set_termwidth(table, how->width);
}

static void add_column(struct libscols_table *table, const struct cli_table *how,
                       const struct cli_column *column)
{
    int flags = column->alignment == CLI_RIGHT ? SCOLS_FL_RIGHT : 0;
    if (how->is_tty && !how->is_whole && may_be_cut(column))
        flags |= SCOLS_FL_TRUNC;
    INV(scols_table_new_column(table, column->heading, 0, flags) != NULL);
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

static struct cli_columns without(const struct cli_columns *columns, enum cli_shown shown)
{
    struct cli_columns out = {.len = 0};
    for (size_t i = 0; i < columns->len; i++)
        if (columns->list[i].shown != shown)
            out.list[out.len++] = columns->list[i];
    return out;
}

static struct cli_columns choose(const struct cli_columns *columns, const struct cli_table *how)
{
    struct cli_columns some = *columns;
    if (!how->is_whole)
        some = without(&some, CLI_SHOWN_WIDE);
    return how->is_tty && !how->is_whole ? some : without(&some, CLI_SHOWN_LIVE);
}

void cli_table_print(struct buf *out, const struct cli_table *how,
                     const struct cli_columns *columns, const struct cli_nodes *rows,
                     struct arena *arena)
{
    char *text = NULL;
    struct cells cells = {.how = how, .columns = choose(columns, how)};
    struct libscols_table *table = scols_new_table();
    INV(table != NULL);
    fill(&cells, rows, arena);
    if (how->is_tty && !how->is_whole)
        drop_empty(&cells, rows, arena);
    size_t fitting = count_fitting(&cells);
    set_up(table, how);
    for (size_t i = 0; i < fitting; i++)
        add_column(table, how, &cells.columns.list[i]);
    for (size_t i = 0; i < cells.rows; i++)
        add_row(table, &cells, i, fitting);
    INV(scols_print_table_to_string(table, &text) == 0);
    if (text != NULL)
        append_trimmed(out, text);
    free(text);
    scols_unref_table(table);
}

/* ---- csv ---------------------------------------------------------------------------------- */

static void put_field(struct buf *out, const char *text, bool is_first)
{
    if (!is_first)
        buf_char(out, ',');
    if (strpbrk(text, ",\"") == NULL) {
        buf_text(out, text);
        return;
    }
    buf_char(out, '"');
    for (; *text != '\0'; text++)
        buf_append(out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
    buf_char(out, '"');
}

void cli_table_csv(struct buf *out, bool has_header, const struct cli_columns *columns,
                   const struct cli_nodes *rows, struct arena *arena)
{
    struct cli_columns all = without(columns, CLI_SHOWN_LIVE);
    for (size_t i = 0; i < all.len && has_header; i++)
        put_field(out, all.list[i].heading, i == 0);
    if (has_header)
        buf_char(out, '\n');
    for (size_t r = 0; r < rows->len; r++) {
        for (size_t i = 0; i < all.len; i++) {
            CLEANUP(buf_fini) struct buf safe = {0};
            cli_safe_text(&safe, cli_columns_cell(&all.list[i], rows->list[r], arena));
            put_field(out, buf_str(&safe), i == 0);
        }
        buf_char(out, '\n');
    }
}
