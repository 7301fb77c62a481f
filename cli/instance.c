/* instance.c - `instance create`. Starting the same instances twice is prevented by a client token,
 * which is always sent, so that a lost answer can be asked for again. */
#include "base/check.h"
#include "base/str.h"
#include "cli/handlers.h"
#include "cli/query.h"
#include "cli/resolve.h"

/* The disk is named by the image. */
static enum cli_exit add_disk(struct cli *cli, struct cli_params *params, const char *gib,
                              struct cli_fault *fault)
{
    const struct cli_node *image;
    int64_t size;
    if (!str_parse_i64(gib, 1, 1 << 20, &size))
        return cli_fault_set(fault, CLI_USAGE, "--disk '%.60s' is no number of GiB", gib);
    if (cli_describe(cli, CLI_REF_IMAGE, cli_params_get(params, "ImageId"), &image, fault) !=
        CLI_OK)
        return fault->exit;
    cli_params_add(params, "BlockDeviceMapping.1.DeviceName",
                   cli_node_text(image, "rootDeviceName"));
    cli_params_add(params, "BlockDeviceMapping.1.Ebs.VolumeSize", gib);
    return CLI_OK;
}

static void add_token(struct cli *cli, struct cli_params *params)
{
    unsigned char random[16];
    char hex[2 * sizeof random + 1];
    if (cli_params_get(params, "ClientToken") != NULL)
        return;
    cli->rng.fill(cli->rng.self, random, sizeof random);
    str_hex(hex, random, sizeof random);
    cli_params_add(params, "ClientToken", hex);
}

static void add_counts(struct cli_params *params)
{
    if (cli_params_get(params, "MinCount") == NULL)
        cli_params_add(params, "MinCount", "1");
    if (cli_params_get(params, "MaxCount") == NULL)
        cli_params_add(params, "MaxCount", cli_params_get(params, "MinCount"));
}

enum cli_exit cli_do_instance_create(struct cli *cli, struct cli_fault *fault)
{
    struct cli_params params = {0};
    struct cli_node *answer;
    const char *disk = cli_line_get(&cli->line, "disk");
    if (cli_query_prepare(cli, &params, fault) != CLI_OK ||
        (disk != NULL && add_disk(cli, &params, disk, fault) != CLI_OK))
        return fault->exit;
    add_counts(&params);
    add_token(cli, &params);
    if (cli_query_call(cli, &params, &answer, fault) != CLI_OK)
        return fault->exit;
    return cli_query_finish(cli, answer, fault);
}
