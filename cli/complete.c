/* complete.c - `__complete -- WORD..`: what the last word may become, a line each. The shells call
 * it (completion.c); the table of commands and the cloud are asked, the latter for a second or so.
 */
#include "base/check.h"
#include "base/str.h"
#include "cli/call.h"
#include "cli/columns.h"
#include "cli/handlers.h"
#include "cli/output.h"
#include "cli/profile_file.h"
#include "cli/resolve.h"
#include "cli/s3.h"

#include <string.h>
#include <unistd.h>

enum { PATIENCE_S = 2, NAMES_MAX = 500 };

struct completing {
    struct cli *cli;
    const char *word;     /* the last: what is there of it */
    struct cli_line line; /* those before it */
    struct buf out;
};

/* Nothing in a candidate may end a line or need quotes that a shell would not put. */
static bool is_fine(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text <= ' ' || *text == 0x7f || strchr("'\"\\$`", *text) != NULL)
            return false;
    return true;
}

static void offer(struct completing *c, const char *text, const char *help)
{
    if (*text == '\0' || !str_has_prefix(text, c->word) || !is_fine(text))
        return;
    const char *line = arena_printf(&c->cli->arena, "%s\t%s\n", text, help);
    if (strstr(buf_str(&c->out), line) == NULL) /* names may be there twice */
        buf_text(&c->out, line);
}

/* "a,b" goes on with a further one. */
static void offer_behind_commas(struct completing *c, const char *text, const char *help)
{
    const char *comma = strrchr(c->word, ',');
    size_t len = comma != NULL ? (size_t)(comma - c->word) + 1 : 0;
    offer(c, arena_printf(&c->cli->arena, "%.*s%s", (int)len, c->word, text), help);
}

/* ---- what the tables know ----------------------------------------------------------------- */

static void offer_first_words(struct completing *c)
{
    const struct cli_noun *noun;
    const struct cli_command *command;
    const char *shorter;
    for (size_t i = 0; (noun = cli_noun_at(i)) != NULL; i++)
        if (cli_command_is_noun(noun->word))
            offer(c, noun->word, noun->help);
    for (size_t i = 0; (shorter = cli_command_short_at(i)) != NULL; i++)
        offer(c, shorter, cli_command_by_short(shorter)->help);
    /* The other spelling only when something of it is there: it is a long list. */
    for (size_t i = 0; *c->word != '\0' && (command = cli_command_at(i)) != NULL; i++)
        offer(c, command->ec2, command->help);
}

static void offer_verbs(struct completing *c)
{
    const struct cli_command *command;
    for (size_t i = 0; (command = cli_command_at(i)) != NULL; i++)
        if (str_eq(command->noun, c->line.noun))
            offer(c, command->verb, command->help);
}

static void offer_ec2(struct completing *c)
{
    const struct cli_command *command;
    for (size_t i = 0; (command = cli_command_at(i)) != NULL; i++)
        offer(c, command->ec2, command->help);
}

static bool is_given(const struct cli_line *line, const struct cli_flag *flag)
{
    for (size_t i = 0; i < line->len; i++)
        if (line->values[i].flag == flag)
            return true;
    return false;
}

static void offer_flags(struct completing *c)
{
    enum cli_command_id id = c->line.command != NULL ? c->line.command->id : CLI_GLOBAL;
    const struct cli_flag *flag;
    for (size_t i = 0; (flag = cli_flag_at(id, i)) != NULL; i++) {
        const char *name = c->line.is_ec2 ? flag->ec2 : flag->name;
        bool is_over = is_given(&c->line, flag) && !cli_flag_is_many(flag);
        if (*name != '\0' && (c->line.is_ec2 || !flag->is_argument) && !is_over)
            offer(c, arena_printf(&c->cli->arena, "--%s", name), flag->help);
    }
}

static const char *lower(struct arena *arena, const char *text)
{
    char *copy = arena_strdup(arena, text);
    for (char *at = copy; *at != '\0'; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    return copy;
}

static void offer_columns(struct completing *c, const char *behind)
{
    struct cli_columns all;
    struct cli_fault ignored;
    if (c->line.command == NULL || cli_columns_choose(&all, c->line.command->columns, NULL,
                                                      &c->cli->arena, &ignored) != CLI_OK)
        return;
    for (size_t i = 0; i < all.len; i++) {
        const char *name = lower(&c->cli->arena, all.list[i].heading);
        offer_behind_commas(c, arena_printf(&c->cli->arena, "%s%s", name, behind), "");
    }
}

/* "pending|running": the words themselves are to be given. */
static void offer_choices(struct completing *c, const char *choices)
{
    for (const char *at = choices, *end;; at = end + 1) {
        end = at + strcspn(at, "|");
        const char *word = arena_strndup(&c->cli->arena, at, (size_t)(end - at));
        if (str_eq(word, lower(&c->cli->arena, word)))
            offer(c, word, "");
        if (*end == '\0')
            return;
    }
}

/* ---- what the cloud knows ----------------------------------------------------------------- */

static void offer_live(struct completing *c, const struct cli_ref_row *row)
{
    struct cli_params params = {.arena = &c->cli->arena};
    struct cli_node *answer;
    struct cli_fault ignored;
    bool is_id = *row->prefix != '\0' && *c->word != '\0' &&
                 (str_has_prefix(c->word, row->prefix) || str_has_prefix(row->prefix, c->word));
    if (cli_call(c->cli, CLI_EC2, row->action, &params, &answer, &ignored) != CLI_OK)
        return;
    struct cli_nodes rows = cli_node_all(answer, row->rows, &c->cli->arena);
    for (size_t i = 0; i < rows.len && i < NAMES_MAX; i++) {
        const char *id = cli_node_text(rows.list[i], row->id_path);
        const char *name = cli_node_text(rows.list[i], row->name_path);
        const char *state = cli_node_text(rows.list[i], row->state_path);
        if (str_eq(state, "terminated"))
            continue;
        if (*name != '\0')
            offer(c, name, arena_printf(&c->cli->arena, "%s %s", row->noun, state));
        if (*name == '\0' || is_id)
            offer(c, id,
                  arena_printf(&c->cli->arena, "%s %s", *name != '\0' ? name : row->noun, state));
    }
}

static void offer_ref(struct completing *c, enum cli_ref ref)
{
    for (enum cli_ref at = CLI_REF_NONE + 1; at < CLI_REFS_LEN; at++)
        if (at == ref || (ref == CLI_REF_ANY && *cli_ref_row(at)->prefix != '\0'))
            offer_live(c, cli_ref_row(at));
}

static void offer_buckets(struct completing *c, const char *behind)
{
    struct cli_s3_ask ask = {.method = "GET", .source = {.fd = -1}, .sink_fd = -1};
    struct cli_node *answer;
    struct cli_fault ignored;
    if (cli_s3(c->cli, &ask, CLI_REPEATABLE, &answer, NULL, &ignored) != CLI_OK)
        return;
    struct cli_nodes rows = cli_node_all(answer, "Buckets/Bucket/Name", &c->cli->arena);
    for (size_t i = 0; i < rows.len; i++)
        offer(c, arena_printf(&c->cli->arena, "%s%s", rows.list[i]->text, behind), "bucket");
}

static void offer_profiles(struct completing *c)
{
    struct cli_node list = {.name = "profileSet", .text = ""};
    struct cli_fault ignored;
    if (cli_profile_file_list(&list, &c->cli->arena, &ignored) != CLI_OK)
        return;
    for (const struct cli_node *at = list.first; at != NULL; at = at->next)
        offer(c, cli_node_text(at, "name"), cli_node_text(at, "endpoint"));
}

/* ---- one value ---------------------------------------------------------------------------- */

static void offer_values(struct completing *c, const struct cli_flag *flag)
{
    if (flag->ref != CLI_REF_NONE)
        offer_ref(c, flag->ref);
    else if (str_eq(flag->name, "columns"))
        offer_columns(c, "");
    else if (str_eq(flag->name, "filter"))
        offer_columns(c, "=");
    else if (str_has_prefix(flag->value, "BUCKET"))
        offer_buckets(c, strchr(flag->value, '/') != NULL ? "/" : "");
    else if (str_eq(flag->value, "PROFILE") || str_eq(flag->name, "profile"))
        offer_profiles(c);
    else if (strstr(flag->value, "FILE") != NULL)
        buf_text(&c->out, ":files\n");
    else
        offer_choices(c, flag->value);
    if (str_has_prefix(flag->value, "FILE|INSTANCE:"))
        offer_ref(c, CLI_REF_INSTANCE);
}

/* The flag that the word before waits for; in the EC2 spelling lists go on. NULL: none. */
static const struct cli_flag *waiting_flag(const struct completing *c, char *const *words,
                                           size_t len)
{
    enum cli_command_id id = c->line.command != NULL ? c->line.command->id : CLI_GLOBAL;
    const struct cli_flag *flag = NULL;
    size_t at = len;
    if (len > 0 && str_eq(words[len - 1], "-o"))
        return cli_flag_get(CLI_GLOBAL, "output", false);
    while (at > 0 && !str_has_prefix(words[at - 1], "--"))
        at--;
    if (at > 0 && words[at - 1][2] != '\0' && strchr(words[at - 1], '=') == NULL)
        flag = cli_flag_get(id, words[at - 1] + 2, c->line.is_ec2);
    if (flag == NULL || !cli_flag_has_value(flag) ||
        (at < len && !(c->line.is_ec2 && cli_flag_is_many(flag))))
        return NULL;
    return flag;
}

static const struct cli_flag *next_argument(const struct completing *c)
{
    const struct cli_flag *flag;
    for (size_t i = 0; (flag = cli_flag_at(c->line.command->id, i)) != NULL; i++)
        if (flag->is_argument && (cli_flag_is_many(flag) || !is_given(&c->line, flag)))
            return flag;
    return NULL;
}

static void offer_all(struct completing *c, char *const *words, size_t len)
{
    const struct cli_flag *flag = waiting_flag(c, words, len);
    if (flag != NULL)
        offer_values(c, flag);
    else if (str_has_prefix(c->word, "-"))
        offer_flags(c);
    else if (c->line.command != NULL && !c->line.is_ec2 && next_argument(c) != NULL)
        offer_values(c, next_argument(c));
    else if (c->line.command != NULL)
        offer_flags(c);
    else if (c->line.noun != NULL)
        offer_verbs(c);
    else if (c->line.is_ec2)
        offer_ec2(c);
    else
        offer_first_words(c);
}

enum cli_exit cli_do_complete(struct cli *cli, struct cli_fault *fault)
{
    struct completing c = {.cli = cli, .word = ""};
    size_t len = 0;
    while (cli->line.rest != NULL && cli->line.rest[len] != NULL)
        len++;
    if (len == 0)
        return CLI_OK;
    char **argv = arena_alloc(&cli->arena, (len + 1) * sizeof *argv);
    argv[0] = cli->line.rest[0]; /* instead of the program's name, which parsing skips */
    for (size_t i = 0; i + 1 < len; i++)
        argv[i + 1] = cli->line.rest[i];
    c.word = cli->line.rest[len - 1];
    /* It is not whole yet; but behind a word that nobody knows nothing can be suggested. */
    cli_line_parse(&c.line, (int)len, argv, &cli->arena, fault);
    if (str_has_prefix(fault->what, "unknown "))
        return CLI_OK;
    /* Nobody waits long for a suggestion: none is better than a late one. */
    alarm(PATIENCE_S);
    offer_all(&c, argv + 1, len - 1);
    enum cli_exit exit = cli_output_bytes(buf_str(&c.out), c.out.len, fault);
    buf_fini(&c.out);
    return exit;
}
