/* reference.c - `__reference`, `__errors`: the part of docs/cli.md, and all of docs/errors.md, that
 * the tables say. */
#include "base/check.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/code.h"
#include "cli/exits.h"
#include "cli/handlers.h"
#include "cli/help.h"
#include "cli/output.h"

#include <string.h>

/* A cell of a table: a bar would end it. */
static void put(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++)
        if (*text == '|')
            buf_text(out, "\\|");
        else
            buf_char(out, *text);
}

static void put_noun(struct buf *out, const struct cli_noun *noun)
{
    const struct cli_command *c;
    for (size_t i = 0; (c = cli_command_at(i)) != NULL; i++) {
        if (!str_eq(c->noun, noun->word))
            continue;
        CLEANUP(buf_fini) struct buf usage = {0};
        cli_help_usage(&usage, c);
        buf_text(out, "| `");
        put(out, buf_str(&usage));
        buf_text(out, "` | ");
        if (*c->ec2 != '\0')
            buf_printf(out, "`%s`", c->ec2);
        buf_text(out, " | ");
        put(out, c->help);
        buf_text(out, " |\n");
    }
}

static void put_commands(struct buf *out)
{
    const struct cli_noun *noun;
    buf_text(out, "### Commands\n\n| command | EC2 spelling | |\n|---|---|---|\n");
    for (size_t i = 0; (noun = cli_noun_at(i)) != NULL; i++)
        put_noun(out, noun);
}

static void put_flags(struct buf *out)
{
    const struct cli_flag *flag;
    buf_text(out, "\n### Flags of every command\n\n| flag | |\n|---|---|\n");
    for (size_t i = 0; (flag = cli_flag_at(CLI_GLOBAL, i)) != NULL; i++) {
        buf_printf(out, "| `--%s%s", flag->name, cli_flag_has_value(flag) ? " " : "");
        put(out, cli_flag_has_value(flag) ? flag->value : "");
        buf_text(out, "` | ");
        put(out, flag->help);
        buf_text(out, " |\n");
    }
}

static void put_formats(struct buf *out)
{
    buf_text(out, "\n### Formats\n\n| `-o` | |\n|---|---|\n");
#define FORMAT(id, name, help) buf_text(out, "| `" name "` | " help " |\n");
#include "cli/formats.def"
#undef FORMAT
}

static void put_settings(struct buf *out)
{
    static const struct {
        const char *key, *flag, *variable, *stock, *help;
    } settings[] = {
#define SETTING(key, flag, variable, stock, otherwise, help) {#key, flag, variable, stock, help},
#include "cli/profile.def"
#undef SETTING
    };
    buf_text(out, "\n### Settings\n\n| key | flag | variable | stock variable | |\n"
                  "|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        buf_printf(out, "| `%s` | %s%s%s | `%s` | %s%s%s | %s |\n", settings[i].key,
                   *settings[i].flag != '\0' ? "`--" : "", settings[i].flag,
                   *settings[i].flag != '\0' ? "`" : "", settings[i].variable,
                   *settings[i].stock != '\0' ? "`" : "", settings[i].stock,
                   *settings[i].stock != '\0' ? "`" : "", settings[i].help);
}

static void put_exits(struct buf *out)
{
    buf_text(out, "\n### Exit status\n\n| status | |\n|---|---|\n");
    for (size_t i = 0; i < cli_exits_len; i++)
        buf_printf(out, "| %d | %s |\n", cli_exits[i].status, cli_exits[i].help);
}

enum cli_exit cli_do_reference(struct cli *cli, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf out = {0};
    (void)cli;
    put_commands(&out);
    put_flags(&out);
    put_formats(&out);
    put_settings(&out);
    put_exits(&out);
    return cli_output_bytes(buf_str(&out), out.len, fault);
}

/* ---- errors -------------------------------------------------------------------------------- */

static bool has_code(enum err_code e, const char *code, bool is_s3)
{
    return str_eq(is_s3 ? err_row(e)->s3 : err_row(e)->ec2, code);
}

/* Does an earlier error say that code with the same status? */
static bool is_said(enum err_code error, const char *code, bool is_s3)
{
    for (enum err_code e = ERR_OK + 1; e < error; e++)
        if (has_code(e, code, is_s3) && err_row(e)->http == err_row(error)->http)
            return true;
    return false;
}

/* HTTP statuses that a code comes with, of one of the two APIs. */
static void put_statuses(struct buf *out, const char *api, const char *code, bool is_s3)
{
    const char *before = api;
    for (enum err_code e = ERR_OK + 1; e < ERR_COUNT; e++) {
        if (!has_code(e, code, is_s3) || is_said(e, code, is_s3))
            continue;
        buf_printf(out, "%s%s %d", before == api ? ", " : "", before, err_row(e)->http);
        before = " or";
    }
}

static void put_code(struct buf *out, const struct cli_code *code)
{
    CLEANUP(buf_fini) struct buf statuses = {0};
    put_statuses(&statuses, "EC2", code->code, false);
    put_statuses(&statuses, "S3", code->code, true);
    buf_printf(out, "\n### %s\n\nThat is: %s.\n", code->code, code->means);
    if (*code->hint != '\0')
        buf_printf(out, "Try: %s.\n", code->hint);
    if (statuses.len > 0)
        buf_printf(out, "HTTP status: %s; ", buf_str(&statuses) + 2);
    buf_printf(out, "`tercet` ends with %d.\n", (int)code->exit);
}

enum cli_exit cli_do_errors(struct cli *cli, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf out = {0};
    const struct cli_code *code;
    (void)cli;
    buf_text(&out, "# Errors\n\nWhat each code of the EC2 and S3 APIs means here, and what to try. "
                   "`tercet explain CODE` says the same.\nThe message of an error names the "
                   "parameter, the limit or the resource.\n\n"
                   "<!-- from the tables: tercet __errors -->\n");
    for (size_t i = 0; (code = cli_code_at(i)) != NULL; i++)
        put_code(&out, code);
    return cli_output_bytes(buf_str(&out), out.len, fault);
}
