/* help.c - see help.h. */
#include "cli/help.h"

#include "base/check.h"
#include "base/str.h"
#include "cli/exits.h"

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

void cli_help_usage(struct buf *out, const struct cli_command *c)
{
    buf_printf(out, "tercet %s", c->noun);
    if (*c->verb != '\0')
        buf_printf(out, " %s", c->verb);
    put_arguments(out, c);
}

static void help_command(struct buf *out, const struct cli_command *c, bool is_ec2)
{
    buf_printf(out, "%s.\n\n", c->help);
    if (!is_ec2)
        buf_printf(out, "  %s\n\nusage: ", c->example);
    if (is_ec2)
        buf_printf(out, "usage: tercet %s", c->ec2);
    else
        cli_help_usage(out, c);
    buf_text(out, " [--flags]\n");
    const struct cli_flag *flag;
    bool is_first = true;
    for (size_t i = 0; !is_ec2 && (flag = cli_flag_at(c->id, i)) != NULL; i++) {
        if (!flag->is_argument)
            continue;
        buf_printf(out, "%s%s: %s\n", is_first ? "\n" : "", flag->name, flag->help);
        is_first = false;
    }
    put_flags(out, c->id, is_ec2, "flags:");
    buf_text(out, "\nFlags of every command: tercet flags.");
    if (!is_ec2 && *c->ec2 != '\0')
        buf_printf(out, " In the EC2 spelling: tercet %s --help", c->ec2);
    if (is_ec2)
        buf_printf(out, " In our own spelling: tercet %s %s --help", c->noun, c->verb);
    buf_char(out, '\n');
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

/* "compute   instance  image  keypair": the nouns of each area in one line. */
static void put_nouns(struct buf *out)
{
    const struct cli_noun *noun;
    const char *area = "";
    for (size_t i = 0; (noun = cli_noun_at(i)) != NULL; i++) {
        if (!cli_command_is_noun(noun->word))
            continue;
        if (!str_eq(area, noun->area))
            buf_printf(out, "%s  %-9s", *area != '\0' ? "\n" : "", noun->area);
        area = noun->area;
        buf_printf(out, " %s", noun->word);
    }
    buf_char(out, '\n');
}

static void help_all(struct buf *out)
{
    const char *word;
    buf_text(out,
             "tercet: instances, images and objects of a Tercet cloud.\n\n"
             "  tercet image upload tiny.qcow2 --name tiny --wait\n"
             "  tercet instance create --image tiny --type t1.nano --key me --name web --wait\n"
             "  tercet ssh web\n"
             "  tercet run-instances --image-id tiny --instance-type t1.nano   # as aws has it\n\n"
             "usage: tercet NOUN VERB [ARGUMENT..] [--flags]\n\n");
    put_nouns(out);
    buf_text(out, "  short    ");
    for (size_t i = 0; (word = cli_command_short_at(i)) != NULL; i++)
        buf_printf(out, " %s", word);
    buf_text(out,
             "\n\nMore: tercet NOUN --help, tercet NOUN VERB --help\n"
             "      tercet flags (of every command), tercet ec2 --help (the aws CLI's spelling)\n"
             "      man tercet; when something is wrong: tercet doctor\n");
}

static void help_flags(struct buf *out)
{
    put_flags(out, CLI_GLOBAL, false, "flags of every command:");
    buf_text(out, "\nexit status:\n");
    for (size_t i = 0; i < cli_exits_len; i++)
        buf_printf(out, "  %-4d %s\n", cli_exits[i].status, cli_exits[i].help);
}

void cli_help(struct buf *out, const struct cli_line *line)
{
    if (line->command != NULL)
        help_command(out, line->command, line->is_ec2);
    else if (line->noun != NULL)
        help_noun(out, line->noun);
    else if (line->is_flags)
        help_flags(out);
    else if (line->is_ec2)
        help_ec2(out);
    else
        help_all(out);
}
