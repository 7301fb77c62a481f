/* shorthand.h - structures on the command line, as the aws CLI has them.
 *
 *     Name=state,Values=running,stopped
 *     ResourceType=instance,Tags=[{Key=Name,Value=web},{Key=env,Value=test}]
 *     '{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8}}'        JSON, or a JSON list of such
 *
 * become parameters PREFIX.Member.., lists numbered from 1. Names of members are EC2's model's;
 * members.def says which are lists and which the Query protocol calls something else. */
#pragma once

#include "cli/fault.h"
#include "cli/params.h"

#include <stdbool.h>

/* `flag` is for the fault. A list goes to the next free index of PREFIX; otherwise the members go
 * right below it. CLI_USAGE: it is neither. */
enum cli_exit cli_shorthand(struct cli_params *p, const char *prefix, bool is_list,
                            const char *flag, const char *text, struct cli_fault *fault);
