/* resolve.h - names and id prefixes become ids, by asking the API (refs.def). */
#pragma once

#include "cli/cli.h"
#include "cli/node.h"
#include "cli/params.h"

struct cli_ref_row {
    const char *prefix, *action, *param, *rows, *id_path, *id_filter, *name_path, *name_filter,
        *state_path;
    const char *noun;
};

const struct cli_ref_row *cli_ref_row(enum cli_ref ref);

/* The id that `text` means: a whole id is taken as it is; otherwise the one whose id begins so, or
 * whose name it is. An instance that is terminated counts only where no other does.
 * CLI_NOT_FOUND: none; CLI_USAGE: several, which the fault lists. */
enum cli_exit cli_resolve(struct cli *cli, enum cli_ref ref, const char *text, const char **id,
                          struct cli_fault *fault);
/* Every value of a flag with a ref, on the command line itself. */
enum cli_exit cli_resolve_line(struct cli *cli, struct cli_fault *fault);
/* The description of one by its id, in the arena. */
enum cli_exit cli_describe(struct cli *cli, enum cli_ref ref, const char *id,
                           const struct cli_node **row, struct cli_fault *fault);
