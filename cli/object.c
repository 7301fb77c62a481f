/* object.c - `object list|put|get`. */
#include "base/check.h"
#include "base/str.h"
#include "cli/handlers.h"
#include "cli/output.h"
#include "cli/params.h"
#include "cli/s3.h"
#include "cli/transfer.h"

#include <string.h>

static enum cli_exit list_page(struct cli *cli, const char *bucket, const char *prefix,
                               const char *token, struct cli_node **answer, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf query = {0};
    buf_text(&query, "list-type=2&max-keys=1000&prefix=");
    cli_percent(&query, prefix, "");
    if (token != NULL) {
        buf_text(&query, "&continuation-token=");
        cli_percent(&query, token, "");
    }
    struct cli_s3_ask ask = {.method = "GET",
                             .bucket = bucket,
                             .query = buf_str(&query),
                             .source = {.fd = -1},
                             .sink_fd = -1};
    return cli_s3(cli, &ask, CLI_REPEATABLE, answer, NULL, fault);
}

enum cli_exit cli_do_object_list(struct cli *cli, struct cli_fault *fault)
{
    const char *bucket, *prefix, *token = NULL;
    struct cli_node *whole = cli_node_add(NULL, &cli->arena, "ListBucketResult", ""), *page;
    if (cli_s3_split(cli, cli_line_get(&cli->line, "BUCKET[/PREFIX]"), &bucket, &prefix, fault) !=
        CLI_OK)
        return fault->exit;
    do {
        if (list_page(cli, bucket, prefix, token, &page, fault) != CLI_OK)
            return fault->exit;
        if (page->first != NULL && whole->last != NULL)
            whole->last->next = page->first;
        else if (page->first != NULL)
            whole->first = page->first;
        if (page->first != NULL)
            whole->last = page->last;
        token = cli_node_text(page, "NextContinuationToken");
    } while (*token != '\0');
    return cli_output(cli, whole, fault);
}

enum cli_exit cli_do_object_put(struct cli *cli, struct cli_fault *fault)
{
    const char *path = cli_line_get(&cli->line, "FILE"), *bucket, *key;
    if (cli_s3_split(cli, cli_line_get(&cli->line, "BUCKET/KEY"), &bucket, &key, fault) != CLI_OK)
        return fault->exit;
    if (*key == '\0' || key[strlen(key) - 1] == '/')
        key = arena_printf(&cli->arena, "%s%s", key, cli_transfer_name(path));
    return cli_transfer_put(cli, path, bucket, key, fault);
}

enum cli_exit cli_do_object_get(struct cli *cli, struct cli_fault *fault)
{
    const char *path = cli_line_get(&cli->line, "FILE"), *bucket, *key;
    if (cli_s3_split(cli, cli_line_get(&cli->line, "BUCKET/KEY"), &bucket, &key, fault) != CLI_OK)
        return fault->exit;
    if (path == NULL)
        path = cli_transfer_name(key);
    if (*key == '\0' || *path == '\0') {
        cli_fault_set(fault, CLI_USAGE, "object get: which object of %.60s?", bucket);
        return cli_fault_try(fault, "tercet object list %s", bucket);
    }
    return cli_transfer_get(cli, bucket, key, path, fault);
}
