/* help.c - see help.h. */
#include "cli/help.h"

#include "base/check.h"
#include "base/str.h"

#include <string.h>

enum { COLUMN = 34 };

/* "  left      right", the right one in the next line when the left is long. */
static void put_pair(struct buf *out, const char *left, const char *right)
{
    int pad = COLUMN - 2 - (int)strlen(left);
    if (pad < 1)
        buf_printf(out, "  %s\n%*s%s\n", left, COLUMN, "", right);
    else
        buf_printf(out, "  %s%*s%s\n", left, pad, "", right);
}

static void put_flag(struct buf *out, const struct cli_flag *flag, const char *name)
{
    CLEANUP(buf_fini) struct buf left = {0};
    buf_printf(&left, "--%s", name);
    if (cli_flag_has_value(flag))
        buf_printf(&left, " %s", flag->value);
    put_pair(out, buf_str(&left), flag->help);
}

static void put_flags(struct buf *out, enum cli_command_id id, bool is_ec2, const char *title)
{
    const struct cli_flag *flag;
    bool has_title = false;
    for (size_t i = 0; (flag = cli_flag_at(id, i)) != NULL; i++) {
        const char *name = is_ec2 ? flag->ec2 : flag->name;
        if (flag->command != id || *name == '\0' || (flag->is_argument && !is_ec2))
            continue;
        if (!has_title)
            buf_printf(out, "\n%s\n", title);
        has_title = true;
        put_flag(out, flag, name);
    }
}

static void put_arguments(struct buf *out, const struct cli_command *c)
{
    const struct cli_flag *flag;
    for (size_t i = 0; (flag = cli_flag_at(c->id, i)) != NULL; i++)
        if (flag->is_argument)
            buf_printf(out, flag->presence == CLI_NEED ? " %s%s" : " [%s%s]", flag->name,
                       cli_flag_is_many(flag) ? ".." : "");
}

static void help_command(struct buf *out, const struct cli_command *c, bool is_ec2)
{
    buf_printf(out, "%s.\n\nusage: tercet %s", c->help, is_ec2 ? c->ec2 : c->noun);
    if (!is_ec2 && *c->verb != '\0')
        buf_printf(out, " %s", c->verb);
    if (!is_ec2)
        put_arguments(out, c);
    buf_text(out, " [--flags]\n");
    if (!is_ec2)
        buf_printf(out, "\n  %s\n", c->example);
    const struct cli_flag *flag;
    for (size_t i = 0; !is_ec2 && (flag = cli_flag_at(c->id, i)) != NULL; i++)
        if (flag->is_argument)
            buf_printf(out, "%s%s: %s\n", i == 0 ? "\n" : "", flag->name, flag->help);
    put_flags(out, c->id, is_ec2, "flags:");
    buf_char(out, '\n');
    if (!is_ec2 && *c->ec2 != '\0')
        buf_printf(out, "The same in the EC2 spelling: tercet %s --help\n", c->ec2);
    if (is_ec2)
        buf_printf(out, "The same in our own: tercet %s %s --help\n", c->noun, c->verb);
    buf_text(out, "Flags of every command: tercet --help\n");
}

static void help_noun(struct buf *out, const char *noun)
{
    const struct cli_command *c;
    buf_printf(out, "usage: tercet %s VERB\n\n", noun);
    for (size_t i = 0; (c = cli_command_at(i)) != NULL; i++)
        if (str_eq(c->noun, noun))
            put_pair(out, c->verb, c->help);
    buf_printf(out, "\nMore: tercet %s VERB --help\n", noun);
}

static void help_ec2(struct buf *out)
{
    const struct cli_command *c;
    buf_text(out, "Commands as the aws CLI spells them, with its flags.\n\n");
    for (size_t i = 0; (c = cli_command_at(i)) != NULL; i++)
        if (*c->ec2 != '\0')
            put_pair(out, c->ec2, c->help);
}

static void put_nouns(struct buf *out)
{
    const struct cli_command *c, *next;
    for (size_t i = 0; (c = cli_command_at(i)) != NULL; i++) {
        if (i == 0 || !str_eq(cli_command_at(i - 1)->noun, c->noun))
            buf_printf(out, "  %-11s", c->noun);
        next = cli_command_at(i + 1);
        buf_printf(out, " %s", *c->verb != '\0' ? c->verb : c->help);
        if (next == NULL || !str_eq(next->noun, c->noun))
            buf_char(out, '\n');
    }
}

static void help_all(struct buf *out)
{
    buf_text(out,
             "tercet: instances, images and objects of a Tercet cloud.\n\n"
             "  tercet image upload tiny.qcow2 --name tiny --wait\n"
             "  tercet keypair import me --file ~/.ssh/id_ed25519.pub\n"
             "  tercet instance create --image tiny --type t1.nano --key me --name web --wait\n"
             "  tercet instance ssh web\n"
             "  tercet run-instances --image-id ami-.. --instance-type t1.nano\n\n"
             "usage: tercet NOUN VERB [ARGUMENT..] [--flags]\n\n");
    put_nouns(out);
    put_flags(out, CLI_GLOBAL, false, "flags of every command:");
    buf_text(out,
             "\nMore: tercet NOUN VERB --help; the aws CLI's spelling: tercet ec2 --help\n"
             "exit status: 1 failed, 2 usage, 3 not found, 4 denied, 5 conflict,\n"
             "  6 quota or no capacity, 7 unreachable or too late, 8 in part, 130 interrupted\n");
}

void cli_help(struct buf *out, const struct cli_line *line)
{
    if (line->command != NULL)
        help_command(out, line->command, line->is_ec2);
    else if (line->noun != NULL)
        help_noun(out, line->noun);
    else if (line->is_ec2)
        help_ec2(out);
    else
        help_all(out);
}
