/* reference.c - `__reference`: the part of docs/cli.md that the tables say. */
#include "base/check.h"
#include "base/str.h"
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
