/* group.c - `group allow`, `group revoke` and the same of traffic out: one rule by flags, or any
 * number as structures. */
#include "base/check.h"
#include "base/str.h"
#include "cli/handlers.h"
#include "cli/output.h"
#include "cli/query.h"
#include "cli/resolve.h"

#include <string.h>

/* "22", "22-80", "-1". */
static bool split_port(const char *text, struct arena *arena, const char **from, const char **to)
{
    int64_t a, b;
    const char *dash = *text != '\0' ? strchr(text + 1, '-') : NULL;
    *from = dash != NULL ? arena_strndup(arena, text, (size_t)(dash - text)) : text;
    *to = dash != NULL ? dash + 1 : text;
    return str_parse_i64(*from, -1, 65535, &a) && str_parse_i64(*to, -1, 65535, &b) && a <= b;
}

static enum cli_exit add_ports(struct cli *cli, struct cli_params *params, const char *protocol,
                               const char *port, struct cli_fault *fault)
{
    const char *from = "-1", *to = "-1";
    bool has_ports = str_eq(protocol, "tcp") || str_eq(protocol, "udp");
    if (port == NULL && has_ports) {
        cli_fault_set(fault, CLI_USAGE, "%s: which --port?", cli_doing(cli));
        return cli_fault_try(fault, "--port 22, --port 8000-8999, or --port 0-65535");
    }
    if (port != NULL && !split_port(port, &cli->arena, &from, &to))
        return cli_fault_set(fault, CLI_USAGE, "--port '%.60s' is neither N nor N-M", port);
    if (has_ports && str_eq(from, "-1")) {
        from = "0";
        to = "65535";
    }
    if (str_eq(protocol, "icmp") && !str_eq(from, "-1"))
        to = "-1"; /* EC2: the type, and any code */
    if (str_eq(protocol, "-1"))
        return CLI_OK;
    cli_params_add(params, "IpPermissions.1.FromPort", from);
    cli_params_add(params, "IpPermissions.1.ToPort", to);
    return CLI_OK;
}

/* The other side of a rule: addresses or a group, and what is said of it. */
static void add_end(struct cli_params *params, const char *cidr, const char *group,
                    const char *description)
{
    if (cidr != NULL)
        cli_params_add(params, "IpPermissions.1.IpRanges.1.CidrIp", cidr);
    else
        cli_params_add(params, "IpPermissions.1.Groups.1.GroupId", group);
    if (description != NULL)
        cli_params_add(params,
                       cidr != NULL ? "IpPermissions.1.IpRanges.1.Description"
                                    : "IpPermissions.1.Groups.1.Description",
                       description);
}

/* Whose flags are named after where traffic goes. */
static bool is_out(enum cli_command_id id)
{
    return id == CLI_GROUP_ALLOW_OUT || id == CLI_GROUP_REVOKE_OUT;
}

static bool takes_description(enum cli_command_id id)
{
    return id == CLI_GROUP_ALLOW || id == CLI_GROUP_ALLOW_OUT;
}

static enum cli_exit add_rule(struct cli *cli, struct cli_params *params, struct cli_fault *fault)
{
    enum cli_command_id id = cli->line.command->id;
    const char *peer = is_out(id) ? "to" : "from";
    const char *protocol = cli_line_get(&cli->line, "protocol");
    const char *cidr = cli_line_get(&cli->line, "cidr"), *group = cli_line_get(&cli->line, peer);
    if (cli_params_get(params, "SecurityGroupRuleId.1") != NULL ||
        cli_params_next(params, "IpPermissions") > 1)
        return CLI_OK;
    if (protocol == NULL || (cidr == NULL) == (group == NULL)) {
        cli_fault_set(fault, CLI_USAGE, "%s: a rule is --protocol, and either --cidr or --%s",
                      cli_doing(cli), cli->line.is_ec2 ? "source-group" : peer);
        return cli_fault_try(fault, "--protocol tcp --port 22 --cidr 0.0.0.0/0");
    }
    cli_params_add(params, "IpPermissions.1.IpProtocol", protocol);
    add_end(params, cidr, group,
            takes_description(id) ? cli_line_get(&cli->line, "description") : NULL);
    return add_ports(cli, params, protocol, cli_line_get(&cli->line, "port"), fault);
}

enum cli_exit cli_do_group_rule(struct cli *cli, struct cli_fault *fault)
{
    struct cli_params params = {0};
    struct cli_node *answer;
    if (cli_query_prepare(cli, &params, fault) != CLI_OK ||
        add_rule(cli, &params, fault) != CLI_OK ||
        cli_query_call(cli, &params, &answer, fault) != CLI_OK)
        return fault->exit;
    return cli_output(cli, answer, fault);
}
