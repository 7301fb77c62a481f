/* query.h - the common course of a command that is an API action: names to ids, flags to
 * parameters, the call, --wait, the output. */
#pragma once

#include "cli/cli.h"
#include "cli/node.h"
#include "cli/params.h"

/* Names to ids, flags to parameters. */
enum cli_exit cli_query_prepare(struct cli *cli, struct cli_params *params,
                                struct cli_fault *fault);
/* The call of the command's own action. */
enum cli_exit cli_query_call(struct cli *cli, const struct cli_params *params,
                             struct cli_node **answer, struct cli_fault *fault);
/* --wait for the rows of the answer, if it is given, and the output; what was made is printed even
 * when the wait fails. */
enum cli_exit cli_query_finish(struct cli *cli, struct cli_node *answer, struct cli_fault *fault);
