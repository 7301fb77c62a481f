/* call.h - one action of the EC2 or STS Query API: signed, repeated where that is safe, its answer
 * read, its error told. */
#pragma once

#include "cli/cli.h"
#include "cli/node.h"
#include "cli/params.h"

enum cli_api { CLI_EC2, CLI_STS };

/* The answer lives in cli->arena. All pages of a list are fetched and joined. An answer that got
 * lost is asked for again, and so is one that was put off (503): with the same signature, by which
 * the cloud knows that it is the same request and gives the answer that it gave. */
enum cli_exit cli_call(struct cli *cli, enum cli_api api, const char *action,
                       const struct cli_params *params, struct cli_node **answer,
                       struct cli_fault *fault);
/* The fault that an error answer of EC2, STS or S3 is; `body` may be anything. */
enum cli_exit cli_call_refused(struct cli *cli, int status, const char *body, size_t len,
                               const char *request_id, struct cli_fault *fault);
