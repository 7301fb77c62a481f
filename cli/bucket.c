/* bucket.c - `bucket list|create`. */
#include "base/check.h"
#include "cli/handlers.h"
#include "cli/output.h"
#include "cli/s3.h"

enum cli_exit cli_do_bucket_list(struct cli *cli, struct cli_fault *fault)
{
    struct cli_s3_ask ask = {.method = "GET", .source = {.fd = -1}, .sink_fd = -1};
    struct cli_node *answer;
    if (cli_s3(cli, &ask, CLI_REPEATABLE, &answer, NULL, fault) != CLI_OK)
        return fault->exit;
    return cli_output(cli, answer, fault);
}

enum cli_exit cli_do_bucket_create(struct cli *cli, struct cli_fault *fault)
{
    for (size_t i = 0; i < cli->line.len; i++)
        if (cli->line.values[i].flag->kind == CLI_EACH &&
            cli_s3_bucket(cli, cli->line.values[i].text, fault) != CLI_OK)
            return fault->exit;
    return CLI_OK;
}
