/* resolve.c - see resolve.h. */
#include "cli/resolve.h"

#include "base/check.h"
#include "base/str.h"
#include "cli/call.h"

#include <string.h>

enum { CANDIDATES_MAX = 8 };

const struct cli_ref_row *cli_ref_row(enum cli_ref ref)
{
    static const struct cli_ref_row rows[] = {
        {"", "", "", "", "", "", "", "", "", ""},
#define REF(id, prefix, action, param, rows, id_path, id_filter, name_path, name_filter, \
            state_path, noun)                                                            \
    {prefix, action, param, rows, id_path, id_filter, name_path, name_filter, state_path, noun},
#include "cli/refs.def"
#undef REF
    };
    PRE(ref != CLI_REF_NONE && ref < CLI_REFS_LEN);
    return &rows[ref];
}

static bool is_hex(const char *text)
{
    return strspn(text, "0123456789abcdef") == strlen(text);
}

static bool is_whole_id(const struct cli_ref_row *row, const char *text)
{
    size_t len = strlen(row->prefix);
    if (!str_has_prefix(text, row->prefix) || !is_hex(text + len))
        return false;
    return strlen(text + len) == 17; /* a shorter one is a prefix */
}

/* For a filter: wildcards in a name stand for themselves. */
static const char *quoted(struct arena *arena, const char *text)
{
    CLEANUP(buf_fini) struct buf out = {0};
    for (; *text != '\0'; text++) {
        if (strchr("*?\\", *text) != NULL)
            buf_char(&out, '\\');
        buf_char(&out, *text);
    }
    return arena_strdup(arena, buf_str(&out));
}

static enum cli_exit ask(struct cli *cli, const struct cli_ref_row *row, const char *filter,
                         const char *value, struct cli_nodes *found, struct cli_fault *fault)
{
    struct cli_params params = {.arena = &cli->arena};
    struct cli_node *answer;
    cli_params_add(&params, "Filter.1.Name", filter);
    cli_params_add(&params, "Filter.1.Value.1", value);
    if (cli_call(cli, CLI_EC2, row->action, &params, &answer, fault) != CLI_OK)
        return fault->exit;
    *found = cli_node_all(answer, row->rows, &cli->arena);
    return CLI_OK;
}

/* The living go before the dead. */
static void drop_ended(const struct cli_ref_row *row, struct cli_nodes *found)
{
    size_t live = 0;
    for (size_t i = 0; i < found->len; i++)
        if (!str_eq(cli_node_text(found->list[i], row->state_path), "terminated"))
            found->list[live++] = found->list[i];
    if (live > 0)
        found->len = live;
}

static enum cli_exit ambiguous(struct cli *cli, const struct cli_ref_row *row, const char *text,
                               const struct cli_nodes *found, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf list = {0};
    for (size_t i = 0; i < found->len && i < CANDIDATES_MAX; i++) {
        const char *name = cli_node_text(found->list[i], row->name_path);
        buf_printf(&list, "%s%s", i > 0 ? ", " : "", cli_node_text(found->list[i], row->id_path));
        if (*name != '\0')
            buf_printf(&list, " (%s)", name);
    }
    if (found->len > CANDIDATES_MAX)
        buf_printf(&list, " and %zu more", found->len - CANDIDATES_MAX);
    cli_fault_set(fault, CLI_USAGE, "%.100s: '%.60s' means %zu %ss", cli_doing(cli), text,
                  found->len, row->noun);
    cli_fault_cause(fault, "%s", buf_str(&list));
    return cli_fault_try(fault, "say which by its id");
}

enum cli_exit cli_resolve(struct cli *cli, enum cli_ref ref, const char *text, const char **id,
                          struct cli_fault *fault)
{
    const struct cli_ref_row *row = cli_ref_row(ref);
    struct cli_nodes found = {0};
    *id = text;
    if (*row->prefix == '\0' || is_whole_id(row, text))
        return CLI_OK;
    if (str_has_prefix(text, row->prefix) && is_hex(text + strlen(row->prefix))) {
        if (ask(cli, row, row->id_filter, arena_printf(&cli->arena, "%s*", text), &found, fault) !=
            CLI_OK)
            return fault->exit;
    }
    if (found.len == 0 &&
        ask(cli, row, row->name_filter, quoted(&cli->arena, text), &found, fault) != CLI_OK)
        return fault->exit;
    drop_ended(row, &found);
    if (found.len > 1)
        return ambiguous(cli, row, text, &found, fault);
    if (found.len == 0) {
        cli_fault_set(fault, CLI_NOT_FOUND, "%.100s: there is no %s '%.60s'", cli_doing(cli),
                      row->noun, text);
        return cli_fault_try(fault, "tercet %s list", row->noun);
    }
    *id = cli_node_text(found.list[0], row->id_path);
    return CLI_OK;
}

/* A name that only one resource of all kinds has. */
static enum cli_exit resolve_name(struct cli *cli, const char *text, const char **id,
                                  struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf list = {0};
    struct cli_nodes found;
    size_t count = 0;
    for (enum cli_ref ref = CLI_REF_NONE + 1; ref < CLI_REFS_LEN; ref++) {
        const struct cli_ref_row *row = cli_ref_row(ref);
        if (*row->prefix == '\0')
            continue;
        if (ask(cli, row, row->name_filter, quoted(&cli->arena, text), &found, fault) != CLI_OK)
            return fault->exit;
        drop_ended(row, &found);
        for (size_t i = 0; i < found.len; i++) {
            *id = cli_node_text(found.list[i], row->id_path);
            buf_printf(&list, "%s%s (%s)", count++ > 0 ? ", " : "", *id, row->noun);
        }
    }
    if (count == 1)
        return CLI_OK;
    cli_fault_set(fault, count > 0 ? CLI_USAGE : CLI_NOT_FOUND,
                  count > 0 ? "%.100s: '%.60s' means several" : "%.100s: nothing is named '%.60s'",
                  cli_doing(cli), text);
    cli_fault_cause(fault, "%s", buf_str(&list));
    return cli_fault_try(fault,
                         count > 0 ? "say which by its id" : "its id, or tercet instance list");
}

static enum cli_exit resolve_any(struct cli *cli, const char *text, const char **id,
                                 struct cli_fault *fault)
{
    size_t len = strcspn(text, "-");
    *id = text;
    for (enum cli_ref ref = CLI_REF_NONE + 1; ref < CLI_REFS_LEN; ref++)
        if (*cli_ref_row(ref)->prefix != '\0' && str_has_prefix(text, cli_ref_row(ref)->prefix) &&
            is_hex(text + strlen(cli_ref_row(ref)->prefix)))
            return cli_resolve(cli, ref, text, id, fault);
    if (text[len] == '-' && strlen(text + len + 1) == 17 && is_hex(text + len + 1))
        return CLI_OK; /* of a kind that has no names */
    return resolve_name(cli, text, id, fault);
}

enum cli_exit cli_resolve_line(struct cli *cli, struct cli_fault *fault)
{
    for (size_t i = 0; i < cli->line.len; i++) {
        struct cli_value *v = &cli->line.values[i];
        if (v->flag->ref == CLI_REF_ANY && resolve_any(cli, v->text, &v->text, fault) != CLI_OK)
            return fault->exit;
        if (v->flag->ref != CLI_REF_NONE && v->flag->ref != CLI_REF_ANY &&
            cli_resolve(cli, v->flag->ref, v->text, &v->text, fault) != CLI_OK)
            return fault->exit;
    }
    return CLI_OK;
}

enum cli_exit cli_describe(struct cli *cli, enum cli_ref ref, const char *id,
                           const struct cli_node **row, struct cli_fault *fault)
{
    const struct cli_ref_row *r = cli_ref_row(ref);
    struct cli_params params = {.arena = &cli->arena};
    struct cli_node *answer;
    cli_params_add(&params, arena_printf(&cli->arena, "%s.1", r->param), id);
    if (cli_call(cli, CLI_EC2, r->action, &params, &answer, fault) != CLI_OK)
        return fault->exit;
    *row = cli_node_get(answer, r->rows);
    if (*row != NULL)
        return CLI_OK;
    return cli_fault_set(fault, CLI_NOT_FOUND, "%.100s: %.40s is not there", cli_doing(cli), id);
}
