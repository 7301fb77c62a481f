/* output.c - see output.h. */
#include "cli/output.h"

#include "base/check.h"
#include "base/str.h"
#include "cli/json.h"
#include "cli/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool cli_output_is_json(const struct cli *cli)
{
    return str_eq(cli->profile.output, "json");
}

enum cli_exit cli_output_bytes(const void *data, size_t len, struct cli_fault *fault)
{
    if (fwrite(data, 1, len, stdout) == len && fflush(stdout) == 0)
        return CLI_OK;
    return cli_fault_set(fault, CLI_FAILED, "cannot write to stdout: %s", strerror(errno));
}

enum cli_exit cli_output_line(const char *text, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf line = {0};
    buf_printf(&line, "%s\n", text);
    return cli_output_bytes(buf_str(&line), line.len, fault);
}

/* COLUMNS of the environment beats what the terminal says, as everywhere. */
static size_t width_of_terminal(void)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size = {0};
    int64_t width;
    if (columns != NULL && str_parse_i64(columns, 20, 10000, &width))
        return (size_t)width;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static struct cli_table how_to_print(const struct cli *cli)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    bool is_tty = isatty(STDOUT_FILENO) == 1;
    bool is_dumb = term == NULL || str_eq(term, "dumb");
    return (struct cli_table){.is_tty = is_tty,
                              .is_coloured = is_tty && !is_dumb &&
                                             (no_color == NULL || *no_color == '\0'),
                              .has_header = !cli_line_has(&cli->line, "no-header"),
                              .width = is_tty ? width_of_terminal() : 0};
}

static enum cli_exit print_table(struct cli *cli, const struct cli_nodes *rows, struct buf *out,
                                 struct cli_fault *fault)
{
    struct cli_columns columns;
    const char *chosen = cli_line_get(&cli->line, "columns");
    struct cli_table how = how_to_print(cli);
    if (cli_columns_choose(&columns, cli->line.command->columns, chosen, &cli->arena, fault) !=
        CLI_OK)
        return fault->exit;
    if (columns.len > 0)
        cli_table_print(out, &how, &columns, rows, &cli->arena);
    return CLI_OK;
}

enum cli_exit cli_output(struct cli *cli, const struct cli_node *answer, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf out = {0};
    const char *path = cli->line.command->rows;
    bool is_pretty = isatty(STDOUT_FILENO) == 1;
    struct cli_nodes rows = {0};
    if (*path != '\0')
        rows = cli_node_all(answer, path, &cli->arena);
    if (!cli_output_is_json(cli)) {
        if (*path != '\0' && print_table(cli, &rows, &out, fault) != CLI_OK)
            return fault->exit;
    } else if (*path != '\0' && !cli->line.is_ec2) {
        cli_json_rows(&out, &rows, is_pretty);
    } else {
        cli_json_answer(&out, answer, is_pretty);
    }
    return out.len > 0 ? cli_output_bytes(buf_str(&out), out.len, fault) : CLI_OK;
}
