/* main.c - tercet: the command line of a cloud. Decides nothing by itself: it asks the EC2 and S3
 * APIs and prints what they say. Holds no state beyond ~/.config/tercet/config.ini, which it only
 * reads. */
#include "base/check.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/columns.h"
#include "cli/filter.h"
#include "cli/help.h"
#include "cli/http.h"
#include "cli/jq.h"
#include "cli/live.h"
#include "cli/output.h"
#include "cli/wait.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static bool is_reading(const struct cli_command *c)
{
    return *c->rows != '\0' && (str_eq(c->verb, "list") || str_eq(c->verb, "get"));
}

static enum cli_exit check_output(struct cli *cli, struct cli_fault *fault)
{
    const struct cli_command *c = cli->line.command;
    const char *program = cli_line_get(&cli->line, "jq");
    if (cli_line_has(&cli->line, "watch") && !is_reading(c)) {
        cli_fault_set(fault, CLI_USAGE, "%.100s: --watch is for what only reads", cli_doing(cli));
        return cli_fault_try(fault, "tercet instance list --watch");
    }
    /* libjq compiles for some time: where nothing is changed once is enough. */
    if (program != NULL && !is_reading(c) && cli_jq_check(program, fault) != CLI_OK)
        return fault->exit;
    return cli_filter_check(&cli->line, &cli->arena, fault);
}

/* What would be found out only after something was changed. */
static enum cli_exit check_before(struct cli *cli, struct cli_fault *fault)
{
    struct cli_columns columns;
    const struct cli_command *c = cli->line.command;
    const char *chosen = cli_line_get(&cli->line, "columns");
    int64_t ms;
    if (c->wait != CLI_WAIT_NONE) {
        const char *timeout = cli_line_get(&cli->line, "timeout");
        if (timeout != NULL && !cli_wait_parse_time(timeout, &ms)) {
            cli_fault_set(fault, CLI_USAGE, "--timeout '%.60s' is no time", timeout);
            return cli_fault_try(fault, "--timeout 90s, 10m or 2h");
        }
    }
    if (cli_columns_choose(&columns, c->columns, chosen, &cli->arena, fault) != CLI_OK)
        return fault->exit;
    return check_output(cli, fault);
}

static enum cli_exit run_command(struct cli *cli, struct cli_fault *fault)
{
    if (cli_profile_load(&cli->profile, &cli->line, fault) != CLI_OK ||
        check_before(cli, fault) != CLI_OK)
        return fault->exit;
    cli->http = cli_http_open(&cli->profile, cli->clock, cli_line_has(&cli->line, "verbose"));
    if (cli_line_has(&cli->line, "watch"))
        return cli_watch(cli, fault);
    return cli->line.command->handler(cli, fault);
}

static enum cli_exit print_help(const struct cli_line *line, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf out = {0};
    cli_help(&out, line);
    return cli_output_bytes(buf_str(&out), out.len, fault);
}

static enum cli_exit run(struct cli *cli, int argc, char **argv, struct cli_fault *fault)
{
    if (cli_line_parse(&cli->line, argc, argv, &cli->arena, fault) != CLI_OK)
        return fault->exit;
    return cli->line.is_help ? print_help(&cli->line, fault) : run_command(cli, fault);
}

int main(int argc, char **argv)
{
    struct cli cli = {.clock = clock_system(), .rng = rng_system()};
    struct cli_fault fault = {0};
    setlocale(LC_CTYPE, ""); /* libsmartcols prints UTF-8 as such only then */
    signal(SIGPIPE, SIG_IGN);
    enum cli_exit exit = run(&cli, argc, argv, &fault);
    if (exit != CLI_OK)
        cli_fault_print(&fault, cli_output_is_coloured(STDERR_FILENO), stderr);
    cli_http_close(cli.http);
    cli_profile_fini(&cli.profile);
    arena_fini(&cli.arena);
    return (int)exit;
}
