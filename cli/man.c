/* man.c - `__man DIRECTORY`: tercet.1 and a page for each noun, made from the tables. */
#include "base/check.h"
#include "base/str.h"
#include "cli/exits.h"
#include "cli/handlers.h"
#include "cli/help.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Text as roff takes it: no line of it is a request, and a dash is one. */
static void put(struct buf *out, const char *text)
{
    if (*text == '.' || *text == '\'')
        buf_text(out, "\\&");
    for (; *text != '\0'; text++)
        if (*text == '-')
            buf_text(out, "\\-");
        else if (*text == '\\')
            buf_text(out, "\\e");
        else
            buf_char(out, *text);
}

static void put_title(struct buf *out, const char *name, const char *help)
{
    buf_text(out, ".TH \"");
    put(out, name);
    buf_text(out, "\" 1 \"\" \"tercet " TERCET_VERSION "\" \"Tercet\"\n.SH NAME\n");
    put(out, name);
    buf_text(out, " \\- ");
    put(out, help);
    buf_char(out, '\n');
}

static void put_item(struct buf *out, const char *left, const char *value, const char *help)
{
    buf_text(out, ".TP\n\\fB");
    put(out, left);
    buf_text(out, "\\fR");
    if (*value != '\0') {
        buf_text(out, " \\fI");
        put(out, value);
        buf_text(out, "\\fR");
    }
    buf_char(out, '\n');
    put(out, help);
    buf_char(out, '\n');
}

static void put_flags(struct buf *out, enum cli_command_id id)
{
    const struct cli_flag *flag;
    for (size_t i = 0; (flag = cli_flag_at(id, i)) != NULL; i++) {
        CLEANUP(buf_fini) struct buf name = {0};
        if (flag->command != id || *flag->name == '\0')
            continue;
        buf_printf(&name, "%s%s", flag->is_argument ? "" : "--", flag->name);
        bool has_value = !flag->is_argument && cli_flag_has_value(flag);
        put_item(out, buf_str(&name), has_value ? flag->value : "", flag->help);
    }
}

static void put_command(struct buf *out, const struct cli_command *c)
{
    CLEANUP(buf_fini) struct buf usage = {0};
    cli_help_usage(&usage, c);
    buf_text(out, ".SS ");
    put(out, buf_str(&usage));
    buf_char(out, '\n');
    put(out, c->help);
    buf_text(out, ".\n");
    if (*c->ec2 != '\0') {
        buf_text(out, "In the EC2 spelling: \\fBtercet ");
        put(out, c->ec2);
        buf_text(out, "\\fR.\n");
    }
    put_flags(out, c->id);
    buf_text(out, ".PP\n.EX\n");
    put(out, c->example);
    buf_text(out, "\n.EE\n");
}

static void put_noun_page(struct buf *out, const struct cli_noun *noun)
{
    CLEANUP(buf_fini) struct buf name = {0};
    const struct cli_command *c;
    buf_printf(&name, "tercet-%s", noun->word);
    put_title(out, buf_str(&name), noun->help);
    buf_text(out, ".SH COMMANDS\n");
    for (size_t i = 0; (c = cli_command_at(i)) != NULL; i++)
        if (str_eq(c->noun, noun->word))
            put_command(out, c);
    buf_text(out, ".SH SEE ALSO\n.BR tercet (1)\n");
}

static void put_exits(struct buf *out)
{
    char number[16];
    buf_text(out, ".SH EXIT STATUS\n");
    for (size_t i = 0; i < cli_exits_len; i++) {
        snprintf(number, sizeof number, "%d", cli_exits[i].status);
        put_item(out, number, "", cli_exits[i].help);
    }
}

static void put_settings(struct buf *out)
{
    static const struct {
        const char *key, *variable, *help;
    } settings[] = {
#define SETTING(key, flag, variable, stock, otherwise, help) {#key, variable, help},
#include "cli/profile.def"
#undef SETTING
    };
    buf_text(out, ".SH SETTINGS\nA flag beats a variable, a variable beats "
                  "\\fI~/.config/tercet/config.ini\\fR.\n");
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        put_item(out, settings[i].key, settings[i].variable, settings[i].help);
}

static void put_main_page(struct buf *out)
{
    const struct cli_noun *noun;
    put_title(out, "tercet", "instances, images and objects of a Tercet cloud");
    buf_text(out, ".SH SYNOPSIS\n\\fBtercet\\fR \\fINOUN\\fR \\fIVERB\\fR "
                  "[\\fIARGUMENT\\fR..] [\\fB\\-\\-flags\\fR]\n.br\n"
                  "\\fBtercet\\fR \\fIEC2\\-ACTION\\fR [\\fB\\-\\-flags\\fR]\n.SH COMMANDS\n");
    for (size_t i = 0; (noun = cli_noun_at(i)) != NULL; i++)
        if (cli_command_is_noun(noun->word))
            put_item(out, noun->word, "", noun->help);
    buf_text(out, ".SH FLAGS OF EVERY COMMAND\n");
    put_flags(out, CLI_GLOBAL);
    put_settings(out);
    put_exits(out);
    buf_text(out, ".SH SEE ALSO\n");
    for (size_t i = 0; (noun = cli_noun_at(i)) != NULL; i++)
        if (cli_command_is_noun(noun->word))
            buf_printf(out, ".BR tercet\\-%s (1)\n", noun->word);
}

static enum cli_exit write_page(const char *folder, const char *name, const struct buf *text,
                                struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf path = {0};
    buf_printf(&path, "%s/%s.1", folder, name);
    FILE *file = fopen(buf_str(&path), "we");
    bool ok = file != NULL && fwrite(buf_str(text), 1, text->len, file) == text->len;
    if (file != NULL)
        ok = fclose(file) == 0 && ok;
    if (ok)
        return CLI_OK;
    return cli_fault_set(fault, CLI_FAILED, "cannot write %.200s: %s", buf_str(&path),
                         strerror(errno));
}

enum cli_exit cli_do_man(struct cli *cli, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf page = {0};
    const char *folder = cli_line_get(&cli->line, "DIRECTORY");
    const struct cli_noun *noun;
    put_main_page(&page);
    enum cli_exit exit = write_page(folder, "tercet", &page, fault);
    for (size_t i = 0; exit == CLI_OK && (noun = cli_noun_at(i)) != NULL; i++) {
        if (!cli_command_is_noun(noun->word))
            continue;
        buf_clear(&page);
        put_noun_page(&page, noun);
        exit = write_page(folder, arena_printf(&cli->arena, "tercet-%s", noun->word), &page, fault);
    }
    return exit;
}
