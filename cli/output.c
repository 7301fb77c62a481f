/* output.c - see output.h. */
#include "cli/output.h"

#include "base/check.h"
#include "base/str.h"
#include "cli/filter.h"
#include "cli/jq.h"
#include "cli/json.h"
#include "cli/safe.h"
#include "cli/table.h"
#include "cli/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* ---- formats ------------------------------------------------------------------------------ */

static const char *const formats[] = {
#define FORMAT(id, name, help) name,
#include "cli/formats.def"
#undef FORMAT
};
enum { FORMATS_LEN = sizeof formats / sizeof formats[0] };

bool cli_format_parse(const char *name, enum cli_format *format)
{
    for (size_t i = 0; i < FORMATS_LEN; i++)
        if (str_eq(formats[i], name)) {
            *format = (enum cli_format)i;
            return true;
        }
    return false;
}

const char *cli_format_names(struct arena *arena, const char *between)
{
    const char *names = formats[0];
    for (size_t i = 1; i < FORMATS_LEN; i++)
        names = arena_printf(arena, "%s%s%s", names, between, formats[i]);
    return names;
}

static enum cli_format format_of(const struct cli *cli)
{
    enum cli_format format = CLI_FORMAT_TABLE;
    INV(cli_format_parse(cli->profile.output, &format)); /* the profile has looked */
    return format;
}

bool cli_output_is_data(const struct cli *cli)
{
    enum cli_format format = format_of(cli);
    return format == CLI_FORMAT_JSON || format == CLI_FORMAT_YAML || cli_line_has(&cli->line, "jq");
}

/* ---- where to ----------------------------------------------------------------------------- */

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
size_t cli_output_width(void)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size = {0};
    int64_t width;
    if (columns != NULL && str_parse_i64(columns, 20, 10000, &width))
        return (size_t)width;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool cli_output_is_coloured(int fd)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    return isatty(fd) == 1 && term != NULL && !str_eq(term, "dumb") &&
           (no_color == NULL || *no_color == '\0');
}

static struct cli_table how_to_print(const struct cli *cli)
{
    bool is_tty = isatty(STDOUT_FILENO) == 1;
    return (struct cli_table){.is_tty = is_tty,
                              .is_coloured = cli_output_is_coloured(STDOUT_FILENO),
                              .has_header = !cli_line_has(&cli->line, "no-header"),
                              .is_whole = format_of(cli) == CLI_FORMAT_WIDE ||
                                          cli_line_has(&cli->line, "columns"),
                              .width = is_tty ? cli_output_width() : 0,
                              .wall_ms = cli->clock.read(cli->clock.self).wall_ms};
}

/* ---- what --------------------------------------------------------------------------------- */

static enum cli_exit print_data(struct cli *cli, json_t *value, struct buf *out,
                                struct cli_fault *fault)
{
    const char *program = cli_line_get(&cli->line, "jq");
    bool is_tty = isatty(STDOUT_FILENO) == 1;
    if (program == NULL && format_of(cli) == CLI_FORMAT_YAML) {
        CLEANUP(buf_fini) struct buf text = {0};
        cli_yaml(&text, value);
        cli_safe_json(out, buf_str(&text), text.len);
        return CLI_OK;
    }
    if (program == NULL) {
        cli_json_print(out, value, is_tty);
        return CLI_OK;
    }
    CLEANUP(buf_fini) struct buf json = {0};
    cli_json_print(&json, value, false);
    return cli_jq(out, program, buf_str(&json), is_tty, fault);
}

static enum cli_exit print_table(struct cli *cli, enum cli_columns_id id,
                                 const struct cli_nodes *rows, struct buf *out,
                                 struct cli_fault *fault)
{
    struct cli_columns columns;
    const char *chosen = cli_line_get(&cli->line, "columns");
    struct cli_table how = how_to_print(cli);
    if (cli_columns_choose(&columns, id, chosen, &cli->arena, fault) != CLI_OK)
        return fault->exit;
    if (columns.len == 0)
        return CLI_OK;
    if (format_of(cli) == CLI_FORMAT_CSV)
        cli_table_csv(out, how.has_header, &columns, rows, &cli->arena);
    else
        cli_table_print(out, &how, &columns, rows, &cli->arena);
    return CLI_OK;
}

static enum cli_exit deliver(struct cli *cli, const struct buf *out, struct cli_fault *fault)
{
    if (cli->screen == NULL)
        return out->len > 0 ? cli_output_bytes(buf_str(out), out->len, fault) : CLI_OK;
    buf_append(cli->screen, buf_str(out), out->len);
    return CLI_OK;
}

enum cli_exit cli_output_rows(struct cli *cli, enum cli_columns_id columns,
                              const struct cli_nodes *rows, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf out = {0};
    enum cli_exit exit = CLI_OK;
    if (cli_output_is_data(cli)) {
        json_t *value = cli_json_of_rows(rows);
        exit = print_data(cli, value, &out, fault);
        json_decref(value);
    } else {
        exit = print_table(cli, columns, rows, &out, fault);
    }
    return exit == CLI_OK ? deliver(cli, &out, fault) : exit;
}

/* In the EC2 spelling data is the whole answer. */
static enum cli_exit output_whole(struct cli *cli, const struct cli_node *answer,
                                  struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf out = {0};
    json_t *value = cli_json_of_answer(answer);
    enum cli_exit exit = print_data(cli, value, &out, fault);
    json_decref(value);
    return exit == CLI_OK ? deliver(cli, &out, fault) : exit;
}

/* An empty table says to people what to do about it. */
static void tell_empty(const struct cli *cli)
{
    const struct cli_command *c = cli->line.command, *create;
    if (cli->screen != NULL || isatty(STDERR_FILENO) != 1 || isatty(STDOUT_FILENO) != 1)
        return;
    create = cli_command_by_noun(c->noun, "create");
    fprintf(stderr, "There is nothing to show.%s%s\n", create != NULL ? " To make one: " : "",
            create != NULL ? create->example : "");
}

/* Besides "return" and what every answer has. */
static bool says_anything(const struct cli_node *answer)
{
    for (const struct cli_node *at = answer->first; at != NULL; at = at->next)
        if (!str_eq(at->name, "requestId") && !str_eq(at->name, "return"))
            return true;
    return false;
}

/* An answer without rows, for people. */
static enum cli_exit output_yaml(struct cli *cli, const struct cli_node *answer,
                                 struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf text = {0};
    CLEANUP(buf_fini) struct buf out = {0};
    json_t *value = cli_json_of_answer(answer);
    cli_yaml(&text, value);
    json_decref(value);
    cli_safe_json(&out, buf_str(&text), text.len);
    return deliver(cli, &out, fault);
}

enum cli_exit cli_output(struct cli *cli, const struct cli_node *answer, struct cli_fault *fault)
{
    const struct cli_command *c = cli->line.command;
    struct cli_nodes rows = {0};
    if (cli_output_is_data(cli) && (*c->rows == '\0' || cli->line.is_ec2))
        return output_whole(cli, answer, fault);
    if (*c->rows == '\0')
        return says_anything(answer) ? output_yaml(cli, answer, fault) : CLI_OK;
    rows = cli_node_all(answer, c->rows, &cli->arena);
    cli_filter_rows(&cli->line, &rows, &cli->arena);
    if (rows.len == 0 && !cli_output_is_data(cli))
        tell_empty(cli);
    return cli_output_rows(cli, c->columns, &rows, fault);
}
