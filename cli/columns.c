/* columns.c - see columns.h. */
#include "cli/columns.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/str.h"

#include <string.h>
#include <strings.h>

/* The table is a run of sets; which set a row belongs to is the last COLUMNS before it. */
static size_t rows_of(enum cli_columns_id id, struct cli_column out[CLI_COLUMNS_MAX])
{
    enum cli_columns_id set = CLI_COLUMNS_NONE;
    size_t len = 0;
#define COLUMNS(id) set = CLI_COLUMNS_##id;
#define ANY(name, where, alignment, shown)                                     \
    if (set == id) {                                                           \
        INV(len < CLI_COLUMNS_MAX);                                            \
        out[len++] = (struct cli_column){name, where, CLI_##alignment, shown}; \
    }
#define COLUMN(name, where, alignment) ANY(name, where, alignment, CLI_SHOWN)
#define WIDE(name, where, alignment)   ANY(name, where, alignment, CLI_SHOWN_WIDE)
#define LIVE(name, where, alignment)   ANY(name, where, alignment, CLI_SHOWN_LIVE)
#include "cli/columns.def"
#undef COLUMNS
#undef COLUMN
#undef WIDE
#undef LIVE
#undef ANY
    return len;
}

static const struct cli_column *by_heading(const struct cli_columns *all, const char *word)
{
    for (size_t i = 0; i < all->len; i++)
        if (strcasecmp(all->list[i].heading, word) == 0)
            return &all->list[i];
    return NULL;
}

bool cli_columns_find(enum cli_columns_id id, const char *heading, size_t len,
                      struct cli_column *out)
{
    struct cli_column list[CLI_COLUMNS_MAX];
    size_t count = rows_of(id, list);
    for (size_t i = 0; i < count; i++)
        if (strlen(list[i].heading) == len && strncasecmp(list[i].heading, heading, len) == 0) {
            *out = list[i];
            return true;
        }
    return false;
}

static const char *upper(const char *word, struct arena *arena)
{
    char *text = arena_strdup(arena, word);
    for (char *at = text; *at != '\0'; at++)
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
    return text;
}

static enum cli_exit check_word(const struct cli_columns *all, const char *word,
                                struct arena *arena, struct cli_fault *fault)
{
    struct cli_nearest near = {.asked = upper(word, arena)};
    for (size_t i = 0; i < all->len; i++)
        cli_nearest_offer(&near, all->list[i].heading);
    if (near.best == NULL && *word != '\0' && strpbrk(word, "[]= ") == NULL)
        return CLI_OK;
    cli_fault_set(fault, CLI_USAGE, "there is no column '%.60s'", word);
    return near.best != NULL ? cli_fault_try(fault, "--columns %s", near.best) : fault->exit;
}

/* A field: dots of the JSON are our slashes. */
static struct cli_column field(const char *word, struct arena *arena)
{
    char *path = arena_strdup(arena, word);
    for (char *at = path; (at = strchr(at, '.')) != NULL;)
        *at = '/';
    const char *dot = strrchr(word, '.');
    return (struct cli_column){upper(dot != NULL ? dot + 1 : word, arena), path, CLI_LEFT,
                               CLI_SHOWN};
}

enum cli_exit cli_columns_choose(struct cli_columns *out, enum cli_columns_id id,
                                 const char *chosen, struct arena *arena, struct cli_fault *fault)
{
    struct cli_columns all = {.len = 0};
    all.len = rows_of(id, all.list);
    if (chosen == NULL) {
        *out = all;
        return CLI_OK;
    }
    out->len = 0;
    for (const char *at = chosen, *end; at != NULL; at = *end != '\0' ? end + 1 : NULL) {
        end = at + strcspn(at, ",");
        const char *word = arena_strndup(arena, at, (size_t)(end - at));
        const struct cli_column *known = by_heading(&all, word);
        if (known == NULL && check_word(&all, word, arena, fault) != CLI_OK)
            return fault->exit;
        if (out->len == CLI_COLUMNS_MAX)
            return cli_fault_set(fault, CLI_USAGE, "more than %d columns", CLI_COLUMNS_MAX);
        out->list[out->len] = known != NULL ? *known : field(word, arena);
        out->list[out->len++].shown = CLI_SHOWN;
    }
    return CLI_OK;
}

/* ---- cells -------------------------------------------------------------------------------- */

/* "tcp/22 0.0.0.0/0": one permission of a security group. */
static void add_rule(struct buf *out, const struct cli_node *rule, struct arena *arena)
{
    const char *protocol = cli_node_text(rule, "ipProtocol");
    const char *from = cli_node_text(rule, "fromPort"), *to = cli_node_text(rule, "toPort");
    struct cli_nodes cidrs = cli_node_all(rule, "ipRanges/item/cidrIp", arena);
    struct cli_nodes groups = cli_node_all(rule, "groups/item/groupId", arena);
    buf_text(out, str_eq(protocol, "-1") ? "all" : protocol);
    if (*from != '\0' && !str_eq(from, "-1"))
        buf_printf(out, "/%s", from);
    if (*from != '\0' && !str_eq(from, to) && !str_eq(to, "-1")) /* of icmp: any code */
        buf_printf(out, "-%s", to);
    for (size_t i = 0; i < cidrs.len; i++)
        buf_printf(out, " %s", cidrs.list[i]->text);
    for (size_t i = 0; i < groups.len; i++)
        buf_printf(out, " %s", groups.list[i]->text);
}

const char *cli_columns_step(const struct cli_node *reason)
{
    return str_eq(cli_node_text(reason, "code"), "pending") ? cli_node_text(reason, "message") : "";
}

/* "2026-11-20T09:13:35.000Z" without what nobody reads. */
static void add_time(struct buf *out, const char *text)
{
    const char *dot = strchr(text, '.');
    size_t len = strlen(text);
    if (dot == NULL || len == 0 || text[len - 1] != 'Z') {
        buf_text(out, text);
        return;
    }
    buf_append(out, text, (size_t)(dot - text));
    buf_char(out, 'Z');
}

const char *cli_columns_cell(const struct cli_column *column, const struct cli_node *row,
                             struct arena *arena)
{
    CLEANUP(buf_fini) struct buf text = {0};
    struct cli_nodes found = cli_node_all(row, column->path, arena);
    for (size_t i = 0; i < found.len; i++) {
        if (text.len > 0)
            buf_text(&text, ", ");
        if (column->alignment == CLI_RULE)
            add_rule(&text, found.list[i], arena);
        else if (column->alignment == CLI_STEP)
            buf_text(&text, cli_columns_step(found.list[i]));
        else if (column->alignment == CLI_TIME)
            add_time(&text, found.list[i]->text);
        else
            buf_text(&text, found.list[i]->text);
    }
    return arena_strdup(arena, buf_str(&text));
}
