/* query.c - see query.h; the handler of most commands. */
#include "cli/query.h"

#include "base/check.h"
#include "base/str.h"
#include "cli/call.h"
#include "cli/confirm.h"
#include "cli/handlers.h"
#include "cli/output.h"
#include "cli/request.h"
#include "cli/resolve.h"
#include "cli/wait.h"

#include <stdio.h>
#include <unistd.h>

enum cli_exit cli_query_prepare(struct cli *cli, struct cli_params *params, struct cli_fault *fault)
{
    params->arena = &cli->arena;
    if (cli_profile_need_key(&cli->profile, fault) != CLI_OK ||
        cli_resolve_line(cli, fault) != CLI_OK)
        return fault->exit;
    if (cli_confirm(cli, fault) != CLI_OK)
        return fault->exit;
    return cli_request_build(&cli->line, params, fault);
}

enum cli_exit cli_query_call(struct cli *cli, const struct cli_params *params,
                             struct cli_node **answer, struct cli_fault *fault)
{
    const struct cli_command *c = cli->line.command;
    return cli_call(cli, CLI_EC2, c->action, params, answer, fault);
}

/* ---- --wait ------------------------------------------------------------------------------- */

/* What a row says of the past becomes what a description says of now: a launched instance is its
 * description, of a change the new state is taken over. */
static void renew(struct cli_node *row, const struct cli_node *now)
{
    for (struct cli_node *child = row->first; child != NULL; child = child->next)
        if (str_eq(child->name, "currentState")) {
            const struct cli_node *state = cli_node_get(now, "instanceState");
            if (state != NULL)
                child->first = state->first;
            return;
        }
    row->first = now->first;
    row->last = now->last;
}

/* The rows again, but to be changed. */
static struct cli_node *row_at(struct cli_node *list, size_t at)
{
    struct cli_node *row = list->first;
    while (at-- > 0)
        row = row->next;
    return row;
}

static enum cli_exit wait_for_rows(struct cli *cli, struct cli_node *answer,
                                   struct cli_fault *fault)
{
    const struct cli_command *c = cli->line.command;
    if (c->wait == CLI_WAIT_NONE || !cli_line_has(&cli->line, "wait"))
        return CLI_OK;
    struct cli_nodes rows = cli_node_all(answer, c->rows, &cli->arena);
    const char **ids = arena_alloc(&cli->arena, (rows.len + 1) * sizeof *ids);
    const struct cli_node **now = arena_alloc(&cli->arena, (rows.len + 1) * sizeof(void *));
    struct cli_node *list = answer->first;
    while (list != NULL && !str_has_prefix(c->rows, list->name))
        list = list->next;
    if (rows.len == 0 || list == NULL)
        return CLI_OK;
    for (size_t i = 0; i < rows.len; i++)
        ids[i] = cli_node_text(rows.list[i], "instanceId");
    enum cli_exit exit = cli_wait(cli, c->wait, ids, rows.len, now, fault);
    for (size_t i = 0; i < rows.len; i++)
        if (now[i] != NULL)
            renew(row_at(list, i), now[i]);
    return exit;
}

enum cli_exit cli_query_finish(struct cli *cli, struct cli_node *answer, struct cli_fault *fault)
{
    struct cli_fault ignored;
    enum cli_exit exit = wait_for_rows(cli, answer, fault);
    enum cli_exit printed = cli_output(cli, answer, exit == CLI_OK ? fault : &ignored);
    return exit != CLI_OK ? exit : printed;
}

/* ---- commands that are done for each argument --------------------------------------------- */

static size_t count_each(const struct cli_line *line)
{
    size_t count = 0;
    for (size_t i = 0; i < line->len; i++)
        count += line->values[i].flag->kind == CLI_EACH;
    return count;
}

static enum cli_exit do_each(struct cli *cli, const struct cli_params *common, size_t count,
                             struct cli_node **answer, struct cli_fault *fault)
{
    size_t failed = 0;
    for (size_t i = 0; i < cli->line.len; i++) {
        const struct cli_value *v = &cli->line.values[i];
        struct cli_params params = {.arena = &cli->arena};
        if (v->flag->kind != CLI_EACH)
            continue;
        for (size_t k = 0; k < common->len; k++)
            cli_params_add(&params, common->list[k].name, common->list[k].value);
        cli_params_add(&params, v->flag->param, v->text);
        if (cli_query_call(cli, &params, answer, fault) == CLI_OK)
            continue;
        failed++;
        if (count > 1) {
            fprintf(stderr, "%s: ", v->text);
            cli_fault_print(fault, cli_output_is_coloured(STDERR_FILENO), stderr);
        }
    }
    if (failed == 0 || count == 1)
        return failed == 0 ? CLI_OK : fault->exit;
    return cli_fault_set(fault, failed < count ? CLI_PARTIAL : fault->exit,
                         "%.100s: %zu of %zu failed", cli_doing(cli), failed, count);
}

enum cli_exit cli_do_query(struct cli *cli, struct cli_fault *fault)
{
    struct cli_params params = {0};
    struct cli_node *answer = NULL;
    size_t each = count_each(&cli->line);
    if (cli_query_prepare(cli, &params, fault) != CLI_OK)
        return fault->exit;
    if (each > 0) {
        if (do_each(cli, &params, each, &answer, fault) != CLI_OK)
            return fault->exit;
        return cli_output(cli, answer, fault);
    }
    if (cli_query_call(cli, &params, &answer, fault) != CLI_OK)
        return fault->exit;
    return cli_query_finish(cli, answer, fault);
}
