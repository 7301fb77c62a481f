/* cli_rig.h - what the tests of the CLI share: a command line as one text, split at blanks. */
#pragma once

#include "base/arena.h"
#include "cli/line.h"
#include "cli/params.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Parses "tercet " and `words`. In a word '~' stands for a blank. */
enum cli_exit rig_parse(struct cli_line *line, struct arena *arena, const char *words,
                        struct cli_fault *fault);
/* Its parameters as "a=b c=d", percent-encoded. */
const char *rig_params(struct arena *arena, const char *words);
/* A file of the test's own: reads it whole. */
const char *rig_read(struct arena *arena, const char *path);
