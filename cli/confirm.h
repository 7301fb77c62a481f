/* confirm.h - the question before something is gone for good. */
#pragma once

#include "cli/cli.h"

/* CLI_OK: the command destroys nothing (destroys.def), nobody is there to be asked, --yes was
 * given, or the answer is yes. CLI_INTERRUPTED: it is not. */
enum cli_exit cli_confirm(struct cli *cli, struct cli_fault *fault);
