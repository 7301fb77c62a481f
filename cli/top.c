/* top.c - `top`: how many instances are in which state, which zones are there, and the instances.
 */
#include "base/check.h"
#include "base/str.h"
#include "cli/call.h"
#include "cli/handlers.h"
#include "cli/live.h"
#include "cli/output.h"
#include "cli/resolve.h"
#include "cli/safe.h"
#include "cli/table.h"

#include <string.h>
#include <unistd.h>

enum { STATES_MAX = 16 };

struct counts {
    struct {
        const char *state;
        size_t count;
    } list[STATES_MAX];
    size_t len;
};

static void count(struct counts *c, const char *state)
{
    for (size_t i = 0; i < c->len; i++)
        if (str_eq(c->list[i].state, state)) {
            c->list[i].count++;
            return;
        }
    if (c->len == STATES_MAX)
        return;
    c->list[c->len].state = state;
    c->list[c->len++].count = 1;
}

static void put_coloured(struct buf *out, const char *state, const char *text)
{
    const char *colour = cli_output_is_coloured(STDOUT_FILENO) ? cli_table_colour(state) : "";
    buf_text(out, colour);
    cli_safe_text(out, text);
    buf_text(out, *colour != '\0' ? "\x1b[0m" : "");
}

static void put_counts(struct buf *out, const struct cli_nodes *rows, struct arena *arena)
{
    struct counts c = {.len = 0};
    for (size_t i = 0; i < rows->len; i++)
        count(&c, cli_node_text(rows->list[i], "instanceState/name"));
    buf_printf(out, "%zu instance%s", rows->len, rows->len == 1 ? "" : "s");
    for (size_t i = 0; i < c.len; i++) {
        buf_text(out, i == 0 ? ": " : ", ");
        put_coloured(out, c.list[i].state,
                     arena_printf(arena, "%zu %s", c.list[i].count, c.list[i].state));
    }
    buf_char(out, '\n');
}

static void put_zones(struct buf *out, const struct cli_nodes *zones, struct arena *arena)
{
    for (size_t i = 0; i < zones->len; i++) {
        const char *state = cli_node_text(zones->list[i], "zoneState");
        const char *why = cli_node_text(zones->list[i], "messageSet/item/message");
        buf_text(out, i == 0 ? "zones: " : ", ");
        put_coloured(
            out, state,
            arena_printf(arena, "%s %s", cli_node_text(zones->list[i], "zoneName"), state));
        if (*why != '\0') {
            buf_text(out, " (");
            cli_safe_text(out, why);
            buf_char(out, ')');
        }
    }
    buf_text(out, zones->len > 0 ? "\n\n" : "no zone\n\n");
}

static enum cli_exit fetch(struct cli *turn, enum cli_ref ref, struct cli_nodes *rows,
                           struct cli_fault *fault)
{
    struct cli_params params = {.arena = &turn->arena};
    struct cli_node *answer;
    if (cli_call(turn, CLI_EC2, cli_ref_row(ref)->action, &params, &answer, fault) != CLI_OK)
        return fault->exit;
    *rows = cli_node_all(answer, cli_ref_row(ref)->rows, &turn->arena);
    return CLI_OK;
}

static void drop_terminated(struct cli_nodes *rows)
{
    size_t kept = 0;
    for (size_t i = 0; i < rows->len; i++)
        if (!str_eq(cli_node_text(rows->list[i], "instanceState/name"), "terminated"))
            rows->list[kept++] = rows->list[i];
    rows->len = kept;
}

static enum cli_exit look(struct cli *turn, struct buf *out, struct cli_fault *fault)
{
    struct cli_nodes instances = {0}, zones = {0};
    if (fetch(turn, CLI_REF_INSTANCE, &instances, fault) != CLI_OK ||
        fetch(turn, CLI_REF_ZONE, &zones, fault) != CLI_OK)
        return fault->exit;
    if (!cli_line_has(&turn->line, "all"))
        drop_terminated(&instances);
    turn->screen = out;
    if (!cli_output_is_data(turn)) {
        put_counts(out, &instances, &turn->arena);
        put_zones(out, &zones, &turn->arena);
    }
    return cli_output_rows(turn, CLI_COLUMNS_TOP, &instances, fault);
}

enum cli_exit cli_do_top(struct cli *cli, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf out = {0};
    if (cli_profile_need_key(&cli->profile, fault) != CLI_OK)
        return fault->exit;
    if (isatty(STDOUT_FILENO) == 1 && isatty(STDIN_FILENO) == 1)
        return cli_live(cli, arena_printf(&cli->arena, "tercet top   %s", cli->profile.endpoint),
                        look, NULL, fault);
    /* Nobody looks at a screen: once. */
    struct cli turn = *cli;
    turn.arena = (struct arena){0};
    enum cli_exit exit = look(&turn, &out, fault);
    arena_fini(&turn.arena);
    return exit == CLI_OK ? cli_output_bytes(buf_str(&out), out.len, fault) : exit;
}
