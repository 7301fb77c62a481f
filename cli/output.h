/* output.h - how an answer is printed: -o, --jq, --columns, --filter; and where to: stdout, or the
 * screen that --watch draws. */
#pragma once

#include "cli/cli.h"
#include "cli/node.h"

enum cli_format {
#define FORMAT(id, name, help) CLI_FORMAT_##id,
#include "cli/formats.def"
#undef FORMAT
};

/* By name; false: there is none. */
bool cli_format_parse(const char *name, enum cli_format *format);
/* The names with `between` between them. */
const char *cli_format_names(struct arena *arena, const char *between);

/* For programs: JSON, YAML, or what --jq makes of it. */
bool cli_output_is_data(const struct cli *cli);
/* May it have colours? NO_COLOR, a dumb terminal and a pipe say no. */
bool cli_output_is_coloured(int fd);
/* Columns of the terminal; 0: unknown. */
size_t cli_output_width(void);
/* The answer of the command, as the command line wants it. */
enum cli_exit cli_output(struct cli *cli, const struct cli_node *answer, struct cli_fault *fault);
/* The rows at `path` as a table with these columns (or as data), for what shows more than one. */
enum cli_exit cli_output_rows(struct cli *cli, enum cli_columns_id columns,
                              const struct cli_nodes *rows, struct cli_fault *fault);
/* Bytes as they are, to stdout. */
enum cli_exit cli_output_bytes(const void *data, size_t len, struct cli_fault *fault);
/* One line of text. */
enum cli_exit cli_output_line(const char *text, struct cli_fault *fault);
