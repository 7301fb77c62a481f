/* jq.h - --jq EXPRESSION, by libjq. */
#pragma once

#include "base/buf.h"
#include "cli/fault.h"

#include <stdbool.h>

/* CLI_USAGE: it is no jq program; libjq says where. */
enum cli_exit cli_jq_check(const char *program, struct cli_fault *fault);
/* What the program makes of a JSON document, a line for each value: texts as they are (onto a
 * terminal without control characters), everything else as JSON. Appends. CLI_FAILED: the program
 * ended with an error. */
enum cli_exit cli_jq(struct buf *out, const char *program, const char *json, bool is_tty,
                     struct cli_fault *fault);
