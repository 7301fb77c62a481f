/* code.h - codes of the EC2 and S3 APIs: what they mean, what to try, how a command ends by them
 * (faults.def). */
#pragma once

#include "cli/fault.h"

struct cli_code {
    const char *code; /* may be a pattern, "*.NotFound" */
    enum cli_exit exit;
    const char *means, *hint; /* "": none that holds for all of them */
};

/* The row that counts for that code; never NULL. */
const struct cli_code *cli_code_match(const char *code);
/* The row of its own; NULL when it has none. */
const struct cli_code *cli_code_get(const char *code);
/* Those with rows of their own, by place; NULL after the last. */
const struct cli_code *cli_code_at(size_t at);
