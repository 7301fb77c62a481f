/* line.h - the command line, taken apart by the table of commands.
 *
 *     tercet [global flags] NOUN VERB [ARGUMENT...] [--flag VALUE | --flag=VALUE]... [--
 * COMMAND...] tercet [global flags] [ec2] ACTION-IN-KEBAB-CASE [--flag VALUE...]...
 *
 * In the EC2 spelling a flag of a list takes all words up to the next flag, as the aws CLI has it;
 * in ours it is given again. Nothing is read here but argv. Texts are borrowed from argv or live
 * in the arena. */
#pragma once

#include "base/arena.h"
#include "cli/command.h"

struct cli_value {
    const struct cli_flag *flag;
    const char *text;  /* "" of a flag without a value; an id, once it is resolved */
    const char *asked; /* as it was given */
};

struct cli_line {
    const struct cli_command *command; /* NULL: only help was asked for */
    const char *noun;                  /* of `tercet NOUN --help`, otherwise NULL */
    bool is_ec2, is_help, is_flags;    /* is_flags: help of the global ones */
    struct cli_value *values;          /* in the order given */
    size_t len;
    char *const *rest; /* behind --, ended by NULL; NULL: there was no -- */
};

/* CLI_USAGE: it does not fit the table; the fault names the nearest word that would. */
enum cli_exit cli_line_parse(struct cli_line *line, int argc, char *const *argv,
                             struct arena *arena, struct cli_fault *fault);

/* The value of a flag or argument, by its name in our spelling (or, where it has none, in EC2's);
 * NULL: not given. Asking a command for a flag that it does not have is our own mistake. */
const char *cli_line_get(const struct cli_line *line, const char *name);
bool cli_line_has(const struct cli_line *line, const char *name);
/* "instance start" or "start-instances": what faults call it. */
const char *cli_line_doing(const struct cli_line *line, struct arena *arena);
