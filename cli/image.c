/* image.c - `image upload` and `image register`: a disk image into the object store, and from there
 * an image of the cloud. */
#include "base/check.h"
#include "base/str.h"
#include "cli/call.h"
#include "cli/handlers.h"
#include "cli/output.h"
#include "cli/query.h"
#include "cli/resolve.h"
#include "cli/s3.h"
#include "cli/transfer.h"
#include "cli/wait.h"

#include <string.h>

/* What is printed of an image that was made: its id for people and for $(..), all of it as JSON. */
static enum cli_exit finish(struct cli *cli, const char *id, struct cli_fault *fault)
{
    enum cli_exit exit = CLI_OK;
    const struct cli_node *row = NULL;
    struct cli_fault ignored;
    if (cli_line_has(&cli->line, "wait"))
        exit = cli_wait(cli, CLI_WAIT_AVAILABLE, &id, 1, &row, fault);
    struct cli_fault *of_print = exit == CLI_OK ? fault : &ignored;
    if (!cli_output_is_data(cli)) {
        enum cli_exit printed = cli_output_line(id, of_print);
        return exit != CLI_OK ? exit : printed;
    }
    if (row == NULL && cli_describe(cli, CLI_REF_IMAGE, id, &row, of_print) != CLI_OK)
        return exit != CLI_OK ? exit : fault->exit;
    struct cli_node *answer = cli_node_add(NULL, &cli->arena, "DescribeImagesResponse", "");
    struct cli_node *set = cli_node_add(answer, &cli->arena, "imagesSet", "");
    struct cli_node *item = cli_node_add(set, &cli->arena, "item", "");
    item->first = row->first;
    item->last = row->last;
    enum cli_exit printed = cli_output(cli, answer, of_print);
    return exit != CLI_OK ? exit : printed;
}

enum cli_exit cli_do_image_register(struct cli *cli, struct cli_fault *fault)
{
    struct cli_params params = {0};
    struct cli_node *answer;
    if (cli_query_prepare(cli, &params, fault) != CLI_OK ||
        cli_query_call(cli, &params, &answer, fault) != CLI_OK)
        return fault->exit;
    if (cli->line.is_ec2 && cli_output_is_data(cli) && !cli_line_has(&cli->line, "wait"))
        return cli_output(cli, answer, fault);
    return finish(cli, cli_node_text(answer, "imageId"), fault);
}

/* ---- upload ------------------------------------------------------------------------------- */

/* EC2's rule for names of images. */
static bool is_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "()[] ./-'@_";
    size_t len = strlen(name);
    return len >= 3 && len <= 128 && strspn(name, allowed) == len;
}

/* Before gigabytes are sent for nothing. */
static enum cli_exit check_name(struct cli *cli, const char *name, struct cli_fault *fault)
{
    struct cli_params params = {.arena = &cli->arena};
    struct cli_node *answer;
    if (!is_name(name)) {
        cli_fault_set(fault, CLI_USAGE, "image upload: an image cannot be called '%.60s'", name);
        return cli_fault_try(fault, "3 to 128 of letters, digits and ()[] ./-'@_");
    }
    cli_params_add(&params, "Owner.1", "self");
    if (cli_call(cli, CLI_EC2, "DescribeImages", &params, &answer, fault) != CLI_OK)
        return fault->exit;
    struct cli_nodes rows = cli_node_all(answer, "imagesSet/item", &cli->arena);
    for (size_t i = 0; i < rows.len; i++) {
        const char *state = cli_node_text(rows.list[i], "imageState");
        if (!str_eq(cli_node_text(rows.list[i], "name"), name) || str_eq(state, "deregistered"))
            continue;
        const char *id = cli_node_text(rows.list[i], "imageId");
        cli_fault_set(fault, CLI_CONFLICT, "image upload: there is an image '%.60s' already", name);
        cli_fault_cause(fault, "%s, %s", id, state);
        return cli_fault_try(fault, "another --name, or tercet image delete %s", id);
    }
    return CLI_OK;
}

/* Names of buckets are shared by all accounts; this one is hardly taken by another. */
static enum cli_exit default_bucket(struct cli *cli, const char **bucket, struct cli_fault *fault)
{
    struct cli_params params = {.arena = &cli->arena};
    struct cli_node *answer;
    if (cli_call(cli, CLI_STS, "GetCallerIdentity", &params, &answer, fault) != CLI_OK)
        return fault->exit;
    *bucket = arena_printf(&cli->arena, "images-%s",
                           cli_node_text(answer, "GetCallerIdentityResult/Account"));
    return CLI_OK;
}

enum cli_exit cli_do_image_upload(struct cli *cli, struct cli_fault *fault)
{
    const char *path = cli_line_get(&cli->line, "FILE"), *name = cli_line_get(&cli->line, "name");
    const char *bucket = cli_line_get(&cli->line, "bucket");
    const char *description = cli_line_get(&cli->line, "description");
    const char *boot_mode = cli_line_get(&cli->line, "boot-mode");
    const char *key = arena_printf(&cli->arena, "%s/%s", name, cli_transfer_name(path));
    struct cli_params params = {.arena = &cli->arena};
    struct cli_node *answer;
    if (cli_transfer_check(path, fault) != CLI_OK || check_name(cli, name, fault) != CLI_OK ||
        (bucket == NULL && default_bucket(cli, &bucket, fault) != CLI_OK) ||
        cli_s3_bucket(cli, bucket, fault) != CLI_OK ||
        cli_transfer_put(cli, path, bucket, key, fault) != CLI_OK)
        return fault->exit;
    cli_params_add(&params, "Name", name);
    cli_params_add(&params, "ImageLocation", arena_printf(&cli->arena, "%s/%s", bucket, key));
    if (boot_mode != NULL)
        cli_params_add(&params, "BootMode", boot_mode);
    if (description != NULL)
        cli_params_add(&params, "Description", description);
    if (cli_call(cli, CLI_EC2, "RegisterImage", &params, &answer, fault) != CLI_OK)
        return fault->exit;
    return finish(cli, cli_node_text(answer, "imageId"), fault);
}
