/* explain.c - `explain`: the state of one thing, why, how far it has come, and what it waits for;
 * or what the code of an error means. It says what the cloud tells and what the states mean
 * (explain.def), and guesses nothing. */
#include "base/check.h"
#include "base/str.h"
#include "cli/age.h"
#include "cli/call.h"
#include "cli/code.h"
#include "cli/handlers.h"
#include "cli/output.h"
#include "cli/resolve.h"
#include "cli/safe.h"
#include "cli/table.h"
#include "cli/wrap.h"

#include <string.h>
#include <unistd.h>

struct means {
    enum cli_ref ref;
    const char *state, *means, *waits_for, *next;
};

static const struct means *means_of(enum cli_ref ref, const char *state)
{
    static const struct means rows[] = {
#define MEANS(ref, state, means, waits_for, next) {CLI_REF_##ref, state, means, waits_for, next},
#include "cli/explain.def"
#undef MEANS
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].ref == ref && str_eq(rows[i].state, state))
            return &rows[i];
    return NULL;
}

struct explaining {
    struct cli *cli;
    const struct cli_ref_row *ref;
    const struct cli_node *row; /* its description */
    const char *state;
    struct cli_node *out; /* what is said, as data */
};

static void say(struct explaining *e, const char *name, const char *text)
{
    if (*text != '\0')
        cli_node_add(e->out, &e->cli->arena, name, text);
}

/* ---- steps of an instance ----------------------------------------------------------------- */

static void add_step(struct explaining *e, struct cli_node *steps, bool is_done, const char *text)
{
    struct cli_node *item = cli_node_add(steps, &e->cli->arena, "item", "");
    cli_node_add(item, &e->cli->arena, "done", is_done ? "true" : "false");
    cli_node_add(item, &e->cli->arena, "step", text);
}

static const char *ago(struct explaining *e, const char *time)
{
    char age[CLI_AGE_SIZE];
    int64_t at_ms;
    if (!cli_age_parse(time, &at_ms))
        return time;
    cli_age(age, e->cli->clock.read(e->cli->clock.self).wall_ms - at_ms);
    return arena_printf(&e->cli->arena, "%s, %s ago", time, age);
}

static void add_steps(struct explaining *e)
{
    struct arena *arena = &e->cli->arena;
    struct cli_node *steps = cli_node_add(e->out, arena, "stepSet", "");
    const char *disk = cli_node_text(e->row, "blockDeviceMapping/item/ebs/status");
    const char *volume = cli_node_text(e->row, "blockDeviceMapping/item/ebs/volumeId");
    const char *address = cli_node_text(e->row, "privateIpAddress");
    add_step(e, steps, true,
             arena_printf(arena, "accepted (%s)", ago(e, cli_node_text(e->row, "launchTime"))));
    add_step(e, steps, *address != '\0',
             arena_printf(arena, "address %s", *address != '\0' ? address : "(none)"));
    add_step(e, steps, str_eq(disk, "attached"),
             arena_printf(arena, "disk %s %s", volume, *disk != '\0' ? disk : "(none)"));
    add_step(e, steps, str_eq(e->state, "running"), "running");
}

/* A zone that is away says nothing new of its instances. */
static enum cli_exit add_zone(struct explaining *e, struct cli_fault *fault)
{
    struct cli *cli = e->cli;
    struct cli_params params = {.arena = &cli->arena};
    struct cli_node *answer;
    const char *zone = cli_node_text(e->row, "placement/availabilityZone");
    if (*zone == '\0')
        zone = cli_node_text(e->row, "availabilityZone");
    if (*zone == '\0')
        return CLI_OK;
    cli_params_add(&params, "ZoneName.1", zone);
    if (cli_call(cli, CLI_EC2, "DescribeAvailabilityZones", &params, &answer, fault) != CLI_OK)
        return fault->exit;
    const struct cli_node *found = cli_node_get(answer, "availabilityZoneInfo/item");
    const char *state = found != NULL ? cli_node_text(found, "zoneState") : "unknown";
    const char *why = found != NULL ? cli_node_text(found, "messageSet/item/message") : "";
    say(e, "zone",
        arena_printf(&cli->arena, "%s is %s%s%s", zone, state, *why != '\0' ? ": " : "", why));
    if (!str_eq(state, "available"))
        say(e, "zoneAway", "what is said here is what was last heard of it");
    return CLI_OK;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static void gather(struct explaining *e, enum cli_ref ref, const char *id)
{
    struct arena *arena = &e->cli->arena;
    const struct means *means = means_of(ref, e->state);
    const char *code = cli_node_text(e->row, "stateReason/code");
    const char *why = cli_node_text(e->row, "stateReason/message");
    if (*why == '\0')
        why = cli_node_text(e->row, "reason");
    say(e, "id", id);
    say(e, "name", cli_node_text(e->row, e->ref->name_path));
    say(e, "kind", e->ref->noun);
    say(e, "state", e->state);
    say(e, "means", means != NULL ? means->means : "");
    if (str_eq(code, e->state)) /* what is being done, and no end */
        code = "";
    say(e, "reason", *code != '\0' ? arena_printf(arena, "%s (%s)", why, code) : why);
    say(e, "waitsFor",
        means == NULL               ? ""
        : *means->waits_for != '\0' ? means->waits_for
                                    : "nothing");
    if (ref == CLI_REF_VOLUME)
        say(e, "instance", cli_node_text(e->row, "attachmentSet/item/instanceId"));
}

static void say_next(struct explaining *e, enum cli_ref ref, const char *id)
{
    const struct means *means = means_of(ref, e->state);
    const char *hole = means != NULL ? strstr(means->next, "%s") : NULL;
    if (hole != NULL)
        say(e, "next",
            arena_printf(&e->cli->arena, "%.*s%s%s", (int)(hole - means->next), means->next, id,
                         hole + 2));
}

enum { LEFT = 13 };

static void put_line(struct buf *out, const char *word, const char *text)
{
    if (*text == '\0')
        return;
    buf_printf(out, "  %-10s ", word);
    cli_wrap(out, text, LEFT, isatty(STDOUT_FILENO) == 1 ? cli_output_width() : 0);
    buf_char(out, '\n');
}

static void put_steps(struct buf *out, const struct cli_nodes *steps)
{
    for (size_t i = 0; i < steps->len; i++) {
        buf_printf(out, "  %-10s [%c] ", i == 0 ? "steps" : "",
                   str_eq(cli_node_text(steps->list[i], "done"), "true") ? 'x' : ' ');
        cli_safe_text(out, cli_node_text(steps->list[i], "step"));
        buf_char(out, '\n');
    }
}

/* What people read. */
static void put_text(struct explaining *e, struct buf *out)
{
    const char *name = cli_node_text(e->out, "name");
    struct cli_nodes steps = cli_node_all(e->out, "stepSet/item", &e->cli->arena);
    const char *colour = cli_output_is_coloured(STDOUT_FILENO) ? cli_table_colour(e->state) : "";
    buf_printf(out, "%s ", e->ref->noun);
    cli_safe_text(out, *name != '\0' ? name : cli_node_text(e->out, "id"));
    buf_printf(out, " is %s", colour);
    cli_safe_text(out, e->state);
    buf_printf(out, "%s\n", *colour != '\0' ? "\x1b[0m" : "");
    put_line(out, "id", cli_node_text(e->out, "id"));
    put_line(out, "that is", cli_node_text(e->out, "means"));
    put_line(out, "reason", cli_node_text(e->out, "reason"));
    put_steps(out, &steps);
    put_line(out, "zone", cli_node_text(e->out, "zone"));
    put_line(out, "", cli_node_text(e->out, "zoneAway"));
    put_line(out, "instance", cli_node_text(e->out, "instance"));
    put_line(out, "waits for", cli_node_text(e->out, "waitsFor"));
    put_line(out, "next", cli_node_text(e->out, "next"));
}

static enum cli_exit print(struct explaining *e, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf out = {0};
    const struct cli_node *self = e->out;
    struct cli_nodes rows = {.list = &self, .len = 1};
    if (cli_output_is_data(e->cli))
        return cli_output_rows(e->cli, CLI_COLUMNS_NONE, &rows, fault);
    put_text(e, &out);
    return cli_output_bytes(buf_str(&out), out.len, fault);
}

static enum cli_ref ref_of(const char *id)
{
    for (enum cli_ref ref = CLI_REF_NONE + 1; ref < CLI_REFS_LEN; ref++)
        if (*cli_ref_row(ref)->prefix != '\0' && str_has_prefix(id, cli_ref_row(ref)->prefix))
            return ref;
    return CLI_REF_NONE;
}

/* ---- an error ------------------------------------------------------------------------------ */

/* Says it without asking anybody. */
static enum cli_exit explain_code(struct cli *cli, const struct cli_code *code,
                                  struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf out = {0};
    struct cli_node *said = cli_node_add(NULL, &cli->arena, "item", "");
    cli_node_add(said, &cli->arena, "code", code->code);
    cli_node_add(said, &cli->arena, "means", code->means);
    cli_node_add(said, &cli->arena, "exit", arena_printf(&cli->arena, "%d", (int)code->exit));
    cli_node_add(said, &cli->arena, "next", code->hint);
    const struct cli_node *self = said;
    struct cli_nodes rows = {.list = &self, .len = 1};
    if (cli_output_is_data(cli))
        return cli_output_rows(cli, CLI_COLUMNS_NONE, &rows, fault);
    buf_printf(&out, "%s\n", code->code);
    put_line(&out, "that is", code->means);
    put_line(&out, "exit", cli_node_text(said, "exit"));
    put_line(&out, "next", code->hint);
    return cli_output_bytes(buf_str(&out), out.len, fault);
}

enum cli_exit cli_do_explain(struct cli *cli, struct cli_fault *fault)
{
    const struct cli_code *code = cli_code_get(cli_line_get(&cli->line, "RESOURCE"));
    if (code != NULL)
        return explain_code(cli, code, fault);
    struct explaining e = {.cli = cli, .out = cli_node_add(NULL, &cli->arena, "item", "")};
    if (cli_profile_need_key(&cli->profile, fault) != CLI_OK ||
        cli_resolve_line(cli, fault) != CLI_OK)
        return fault->exit;
    const char *id = cli_line_get(&cli->line, "RESOURCE");
    enum cli_ref ref = ref_of(id);
    if (ref == CLI_REF_NONE)
        return cli_fault_set(fault, CLI_USAGE, "explain: nothing is known of '%.60s'", id);
    e.ref = cli_ref_row(ref);
    if (cli_describe(cli, ref, id, &e.row, fault) != CLI_OK)
        return fault->exit;
    e.state = ref == CLI_REF_GROUP ? "there" : cli_node_text(e.row, e.ref->state_path);
    gather(&e, ref, id);
    if (ref == CLI_REF_INSTANCE)
        add_steps(&e);
    if (add_zone(&e, fault) != CLI_OK)
        return fault->exit;
    say_next(&e, ref, id);
    return print(&e, fault);
}
