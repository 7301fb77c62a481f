/* help.h - what --help prints, all of it from the table of commands. */
#pragma once

#include "base/buf.h"
#include "cli/line.h"

/* Of the command, of the noun, or of the whole; appends. */
void cli_help(struct buf *out, const struct cli_line *line);
/* "tercet instance start INSTANCE.."; appends. */
void cli_help_usage(struct buf *out, const struct cli_command *command);
