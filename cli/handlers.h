/* handlers.h - what commands.def names: one function per kind of command, in the file of its noun.
 *
 * Each reads cli->line, does the thing and prints; whatever went wrong is in the fault. */
#pragma once

#include "cli/cli.h"

#define COMMAND(id, noun, verb, ec2, action, handler, rows, columns, wait, help, example) \
    enum cli_exit cli_do_##handler(struct cli *cli, struct cli_fault *fault);
#define ARG(id, name, ec2, kind, ref, param, presence, help)
#define FLAG(id, name, ec2, kind, ref, param, presence, value, help)
#include "cli/commands.def"
#undef COMMAND
#undef ARG
#undef FLAG
