/* code.c - see code.h. */
#include "cli/code.h"

#include "base/str.h"

#include <string.h>

static const struct cli_code codes[] = {
#define FAULT(code, exit, means, hint) {code, CLI_##exit, means, hint},
#include "cli/faults.def"
#undef FAULT
};
enum { CODES_LEN = sizeof codes / sizeof codes[0] };

const struct cli_code *cli_code_match(const char *code)
{
    size_t at = 0;
    while (!str_matches(codes[at].code, code)) /* the last row matches all */
        at++;
    return &codes[at];
}

static bool is_pattern(const struct cli_code *row)
{
    return strchr(row->code, '*') != NULL;
}

const struct cli_code *cli_code_at(size_t at)
{
    return at < CODES_LEN && !is_pattern(&codes[at]) ? &codes[at] : NULL;
}

const struct cli_code *cli_code_get(const char *code)
{
    const struct cli_code *row = cli_code_match(code);
    return is_pattern(row) ? NULL : row;
}
