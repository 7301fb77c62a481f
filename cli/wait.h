/* wait.h - following things until they are in the state that --wait wants (waits.def).
 *
 * The interval grows from half a second to three. A state that can no longer lead there ends the
 * wait at once; an unreachable cloud does not, until the time is over. */
#pragma once

#include "cli/cli.h"
#include "cli/node.h"

/* `ids` are len ids. rows[i] becomes the last description of ids[i], NULL when it is gone; in the
 * arena. CLI_FAILED: none will get there; CLI_PARTIAL: some did; CLI_UNREACHABLE: not in time. */
enum cli_exit cli_wait(struct cli *cli, enum cli_wait_id wait, const char *const *ids, size_t len,
                       const struct cli_node **rows, struct cli_fault *fault);
/* "90", "90s", "10m", "2h" in ms. */
bool cli_wait_parse_time(const char *text, int64_t *ms);
