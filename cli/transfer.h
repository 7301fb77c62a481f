/* transfer.h - files to and from the object store, with a progress bar: below 64 MiB in one PUT,
 * above in parts. What arrives is compared with what was sent by its hash. */
#pragma once

#include "cli/cli.h"

/* CLI_FAILED: the file cannot be read, or was changed under way; an upload in parts that fails is
 * aborted, so that nothing of it is kept. */
enum cli_exit cli_transfer_put(struct cli *cli, const char *path, const char *bucket,
                               const char *key, struct cli_fault *fault);
/* Is it a file that can be read? */
enum cli_exit cli_transfer_check(const char *path, struct cli_fault *fault);
/* What stands behind the last slash; borrowed. */
const char *cli_transfer_name(const char *path);
/* Into `path`, whole or not at all; "-": to stdout. */
enum cli_exit cli_transfer_get(struct cli *cli, const char *bucket, const char *key,
                               const char *path, struct cli_fault *fault);
