/* exits.c - see exits.h. */
#include "cli/exits.h"

const struct cli_exit_row cli_exits[] = {
#define EXIT(id, status, help) {status, help},
#include "cli/exits.def"
#undef EXIT
};
const size_t cli_exits_len = sizeof cli_exits / sizeof cli_exits[0];
