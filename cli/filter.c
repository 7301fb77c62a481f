/* filter.c - see filter.h. */
#include "cli/filter.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>

struct filter {
    struct cli_column column;
    enum op { OP_IS, OP_IS_NOT, OP_MORE, OP_LESS } op;
    const char *values; /* with commas between */
};

/* "Name=..,Values=.." and JSON are the API's. */
static bool split(enum cli_columns_id id, const char *text, struct filter *out)
{
    size_t len = strcspn(text, "=!<>");
    bool is_not = text[len] == '!' && text[len + 1] == '=';
    if (len == 0 || text[len] == '\0' || (text[len] == '!' && !is_not) ||
        strstr(text, ",Values=") != NULL || !cli_columns_find(id, text, len, &out->column))
        return false;
    out->op = is_not ? OP_IS_NOT : text[len] == '=' ? OP_IS : text[len] == '>' ? OP_MORE : OP_LESS;
    out->values = text + len + (is_not ? 2 : 1);
    return true;
}

bool cli_filter_is_local(enum cli_columns_id id, const char *text)
{
    struct filter filter;
    return split(id, text, &filter);
}

static bool is_filter(const struct cli_value *v)
{
    return str_eq(v->flag->name, "filter");
}

enum cli_exit cli_filter_check(const struct cli_line *line, struct arena *arena,
                               struct cli_fault *fault)
{
    enum cli_columns_id id = line->command->columns;
    for (size_t i = 0; i < line->len; i++) {
        const struct cli_value *v = &line->values[i];
        if (!is_filter(v) || v->flag->command != CLI_GLOBAL || cli_filter_is_local(id, v->text))
            continue;
        cli_fault_set(fault, CLI_USAGE, "%.100s: --filter '%.60s' is of no column",
                      cli_line_doing(line, arena), v->text);
        struct cli_columns all;
        struct cli_fault ignored;
        if (cli_columns_choose(&all, id, NULL, arena, &ignored) == CLI_OK && all.len > 0)
            cli_fault_try(fault, "--filter %s=VALUE", all.list[all.len > 1].heading);
        return fault->exit;
    }
    return CLI_OK;
}

/* ---- judging ------------------------------------------------------------------------------ */

/* One of "a,b*": wildcards as the API has them. */
static bool is_one_of(const char *values, const char *cell, struct arena *arena)
{
    for (const char *at = values, *end;; at = end + 1) {
        end = at + strcspn(at, ",");
        if (str_matches(arena_strndup(arena, at, (size_t)(end - at)), cell))
            return true;
        if (*end == '\0')
            return false;
    }
}

/* As numbers where both are, otherwise as texts: times are in the order of their texts. */
static int compare(const char *a, const char *b)
{
    int64_t x, y;
    if (str_parse_i64(a, INT64_MIN, INT64_MAX, &x) && str_parse_i64(b, INT64_MIN, INT64_MAX, &y))
        return x < y ? -1 : x > y;
    return strcmp(a, b);
}

static bool lets_through(const struct filter *f, const struct cli_node *row, struct arena *arena)
{
    const char *cell = cli_columns_cell(&f->column, row, arena);
    switch (f->op) {
    case OP_IS:
        return is_one_of(f->values, cell, arena);
    case OP_IS_NOT:
        return !is_one_of(f->values, cell, arena);
    case OP_MORE:
        return *cell != '\0' && compare(cell, f->values) > 0;
    case OP_LESS:
        return *cell != '\0' && compare(cell, f->values) < 0;
    }
    return true;
}

void cli_filter_rows(const struct cli_line *line, struct cli_nodes *rows, struct arena *arena)
{
    struct filter filter;
    for (size_t i = 0; i < line->len; i++) {
        size_t kept = 0;
        if (line->is_ec2 || !is_filter(&line->values[i]) ||
            !split(line->command->columns, line->values[i].text, &filter))
            continue;
        for (size_t k = 0; k < rows->len; k++)
            if (lets_through(&filter, rows->list[k], arena))
                rows->list[kept++] = rows->list[k];
        rows->len = kept;
    }
}
