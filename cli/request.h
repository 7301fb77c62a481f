/* request.h - from the command line to the parameters of its action: each flag by its kind. */
#pragma once

#include "cli/line.h"
#include "cli/params.h"

enum { CLI_BYTES_MAX = 1 << 20 }; /* of a file that goes into a parameter */

/* Everything but CLI_EACH, CLI_SWITCH and CLI_LOCAL flags. Names of things are not yet ids:
 * resolve.h. CLI_USAGE: a value that cannot be; CLI_FAILED: a file that cannot be read. */
enum cli_exit cli_request_build(const struct cli_line *line, struct cli_params *p,
                                struct cli_fault *fault);
/* A file of at most CLI_BYTES_MAX, "-" is stdin; appends. */
enum cli_exit cli_request_read(struct buf *out, const char *path, struct cli_fault *fault);
