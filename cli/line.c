/* line.c - see line.h. */
#include "cli/line.h"

#include "base/check.h"
#include "base/str.h"

#include <string.h>

struct parsing {
    struct cli_line *line;
    struct arena *arena;
    char *const *at; /* next word; NULL at the end */
    size_t arguments, room;
    struct cli_fault *fault;
};

/* ---- faults ------------------------------------------------------------------------------- */

static enum cli_exit unknown(struct parsing *p, const char *what, const char *word,
                             const struct cli_nearest *near, const char *before)
{
    cli_fault_set(p->fault, CLI_USAGE, "unknown %s '%.60s'", what, word);
    return cli_fault_try(p->fault, "%s%s", before, near->best != NULL ? near->best : "--help");
}

static enum cli_exit unknown_noun(struct parsing *p, const char *word)
{
    struct cli_nearest near = {.asked = word};
    const struct cli_command *c;
    const char *shorter;
    for (size_t i = 0; (c = cli_command_at(i)) != NULL; i++) {
        cli_nearest_offer(&near, c->noun);
        cli_nearest_offer(&near, c->ec2);
    }
    for (size_t i = 0; (shorter = cli_command_short_at(i)) != NULL; i++)
        cli_nearest_offer(&near, shorter);
    return unknown(p, "command", word, &near, "tercet ");
}

static enum cli_exit unknown_verb(struct parsing *p, const char *noun, const char *word)
{
    struct cli_nearest near = {.asked = word};
    const struct cli_command *c;
    for (size_t i = 0; (c = cli_command_at(i)) != NULL; i++)
        if (str_eq(c->noun, noun))
            cli_nearest_offer(&near, c->verb);
    return unknown(p, arena_printf(p->arena, "verb of %s", noun), word, &near,
                   arena_printf(p->arena, "tercet %s ", noun));
}

/* A flag of the other spelling says best what was meant. */
static enum cli_exit unknown_flag(struct parsing *p, const char *word)
{
    enum cli_command_id id = p->line->command != NULL ? p->line->command->id : CLI_GLOBAL;
    bool is_ec2 = p->line->is_ec2;
    const struct cli_flag *other = cli_flag_get(id, word, !is_ec2), *flag;
    struct cli_nearest near = {.asked = word};
    for (size_t i = 0; (flag = cli_flag_at(id, i)) != NULL; i++)
        if (is_ec2 || !flag->is_argument)
            cli_nearest_offer(&near, is_ec2 ? flag->ec2 : flag->name);
    if (other != NULL && !other->is_argument && *(is_ec2 ? other->ec2 : other->name) != '\0')
        near.best = is_ec2 ? other->ec2 : other->name;
    cli_fault_set(p->fault, CLI_USAGE, "unknown flag '--%.60s'", word);
    if (near.best != NULL)
        return cli_fault_try(p->fault, "--%s", near.best);
    if (p->line->command == NULL)
        return cli_fault_try(p->fault, "tercet --help");
    return cli_fault_try(p->fault, "tercet %s --help", cli_line_doing(p->line, p->arena));
}

/* ---- flags -------------------------------------------------------------------------------- */

/* Each value comes of a word of its own, so there is room for all. */
static void add(struct parsing *p, const struct cli_flag *flag, const char *text)
{
    INV(p->line->len < p->room);
    p->line->values[p->line->len++] = (struct cli_value){flag, text, text};
}

static bool is_flag(const char *word)
{
    return str_has_prefix(word, "--") && word[2] != '\0';
}

static bool is_given(const struct cli_line *line, const struct cli_flag *flag)
{
    for (size_t i = 0; i < line->len; i++)
        if (line->values[i].flag == flag)
            return true;
    return false;
}

static enum cli_exit take_values(struct parsing *p, const struct cli_flag *flag,
                                 const char *inline_value)
{
    bool is_run = p->line->is_ec2 && cli_flag_is_many(flag) && inline_value == NULL;
    if (is_given(p->line, flag) && !cli_flag_is_many(flag) && cli_flag_has_value(flag))
        return cli_fault_set(p->fault, CLI_USAGE, "--%s is given twice",
                             p->line->is_ec2 ? flag->ec2 : flag->name);
    if (inline_value != NULL) {
        add(p, flag, inline_value);
        return CLI_OK;
    }
    if (*p->at == NULL || is_flag(*p->at) || str_eq(*p->at, "--")) {
        cli_fault_set(p->fault, CLI_USAGE, "--%s needs a value",
                      p->line->is_ec2 ? flag->ec2 : flag->name);
        return cli_fault_try(p->fault, "--%s %s", p->line->is_ec2 ? flag->ec2 : flag->name,
                             flag->value);
    }
    do
        add(p, flag, *p->at++);
    while (is_run && *p->at != NULL && !is_flag(*p->at) && !str_eq(*p->at, "--"));
    return CLI_OK;
}

static enum cli_exit take_flag(struct parsing *p, const char *name, const char *inline_value)
{
    enum cli_command_id id = p->line->command != NULL ? p->line->command->id : CLI_GLOBAL;
    const struct cli_flag *flag = cli_flag_get(id, name, p->line->is_ec2);
    if (flag == NULL && p->line->command == NULL) /* before the command: either spelling */
        flag = cli_flag_get(id, name, true);
    if (flag == NULL)
        return unknown_flag(p, name);
    if (str_eq(flag->name, "help"))
        p->line->is_help = true;
    if (cli_flag_has_value(flag))
        return take_values(p, flag, inline_value);
    if (inline_value != NULL)
        return cli_fault_set(p->fault, CLI_USAGE, "--%s takes no value", name);
    if (!is_given(p->line, flag))
        add(p, flag, "");
    return CLI_OK;
}

static const struct cli_flag *global(const char *name)
{
    const struct cli_flag *flag = cli_flag_get(CLI_GLOBAL, name, false);
    POST(flag != NULL);
    return flag;
}

/* -o json, -v, -h, -o=json is not one of ours. */
static enum cli_exit take_short(struct parsing *p, const char *word)
{
    if (str_eq(word, "-o"))
        return take_values(p, global("output"), NULL);
    if (str_has_prefix(word, "-o") && word[2] != '\0')
        return take_values(p, global("output"), word + 2);
    if (str_eq(word, "-v"))
        return take_flag(p, p->line->is_ec2 ? "debug" : "verbose", NULL);
    if (str_eq(word, "-h"))
        return take_flag(p, "help", NULL);
    return unknown_flag(p, word + 1);
}

static enum cli_exit take_option(struct parsing *p, const char *word)
{
    const char *equals = strchr(word, '=');
    if (!is_flag(word))
        return take_short(p, word);
    if (equals == NULL)
        return take_flag(p, word + 2, NULL);
    return take_flag(p, arena_strndup(p->arena, word + 2, (size_t)(equals - word - 2)), equals + 1);
}

/* ---- words -------------------------------------------------------------------------------- */

static enum cli_exit take_argument(struct parsing *p, const char *word)
{
    const struct cli_flag *flag;
    size_t seen = 0;
    if (p->line->is_ec2) {
        cli_fault_set(p->fault, CLI_USAGE, "'%.60s' belongs to no flag", word);
        return cli_fault_try(p->fault, "tercet %s --help", p->line->command->ec2);
    }
    for (size_t i = 0; (flag = cli_flag_at(p->line->command->id, i)) != NULL; i++) {
        if (!flag->is_argument)
            continue;
        if (seen++ == p->arguments) {
            p->arguments += !cli_flag_is_many(flag);
            add(p, flag, word);
            return CLI_OK;
        }
    }
    cli_fault_set(p->fault, CLI_USAGE, "one argument too many: '%.60s'", word);
    return cli_fault_try(p->fault, "tercet %s --help", cli_line_doing(p->line, p->arena));
}

/* The verb, when `word` is a noun; NULL in *command when only its help is wanted. */
static enum cli_exit take_verb(struct parsing *p, const char *noun)
{
    p->line->command = cli_command_by_noun(noun, "");
    if (p->line->command != NULL)
        return CLI_OK;
    p->line->noun = cli_command_unalias(noun);
    if (*p->at == NULL || is_flag(*p->at) || str_eq(*p->at, "-h"))
        return CLI_OK;
    p->line->command = cli_command_by_noun(noun, *p->at);
    if (p->line->command == NULL)
        return unknown_verb(p, p->line->noun, *p->at);
    p->at++;
    return CLI_OK;
}

static enum cli_exit take_command(struct parsing *p, const char *word)
{
    if (str_eq(word, "help") || str_eq(word, "flags")) {
        p->line->is_help = true;
        p->line->is_flags = str_eq(word, "flags");
        return CLI_OK;
    }
    if (str_eq(word, "ec2")) {
        p->line->is_ec2 = true;
        if (*p->at == NULL || is_flag(*p->at))
            return CLI_OK;
        word = *p->at++;
    }
    if (!p->line->is_ec2 && cli_command_is_noun(word))
        return take_verb(p, word);
    p->line->command = p->line->is_ec2 ? NULL : cli_command_by_short(word);
    if (p->line->command != NULL)
        return CLI_OK;
    p->line->command = cli_command_by_ec2(word);
    p->line->is_ec2 = true;
    return p->line->command != NULL ? CLI_OK : unknown_noun(p, word);
}

/* A command that is another program's takes its words as they are. */
static bool takes_rest(const struct parsing *p)
{
    const struct cli_flag *first = p->line->command != NULL ? cli_flag_at(p->line->command->id, 0)
                                                            : NULL;
    return first != NULL && first->kind == CLI_REST;
}

static enum cli_exit take_word(struct parsing *p, const char *word)
{
    if (word[0] == '-' && word[1] != '\0')
        return take_option(p, word);
    return p->line->command == NULL ? take_command(p, word) : take_argument(p, word);
}

/* ---- what must be there ------------------------------------------------------------------- */

static enum cli_exit check_needed(struct parsing *p)
{
    const struct cli_flag *flag;
    bool is_ec2 = p->line->is_ec2;
    for (size_t i = 0; (flag = cli_flag_at(p->line->command->id, i)) != NULL; i++) {
        const char *name = is_ec2 ? flag->ec2 : flag->name;
        /* EC2 names a group by id or by name; the cloud asks when neither is there. */
        if (flag->presence != CLI_NEED || *name == '\0' || is_given(p->line, flag) ||
            (is_ec2 && flag->ref == CLI_REF_GROUP))
            continue;
        cli_fault_set(p->fault, CLI_USAGE, "%s: %s%s is missing", cli_line_doing(p->line, p->arena),
                      flag->is_argument && !is_ec2 ? "" : "--", name);
        cli_fault_cause(p->fault, "%s", flag->help);
        if (is_ec2)
            return cli_fault_try(p->fault, "tercet %s --help", p->line->command->ec2);
        return cli_fault_try(p->fault, "%s", p->line->command->example);
    }
    return CLI_OK;
}

static enum cli_exit check_whole(struct parsing *p)
{
    if (p->line->is_help)
        return CLI_OK;
    if (p->line->command != NULL)
        return check_needed(p);
    if (p->line->noun == NULL) {
        cli_fault_set(p->fault, CLI_USAGE, "no command is given");
        return cli_fault_try(p->fault, "tercet --help");
    }
    cli_fault_set(p->fault, CLI_USAGE, "%s: which verb?", p->line->noun);
    return cli_fault_try(p->fault, "tercet %s --help", p->line->noun);
}

enum cli_exit cli_line_parse(struct cli_line *line, int argc, char *const *argv,
                             struct arena *arena, struct cli_fault *fault)
{
    struct parsing p = {.line = line, .arena = arena, .at = argv + 1, .fault = fault};
    PRE(argc >= 1 && argv[argc] == NULL);
    p.room = (size_t)argc;
    *line = (struct cli_line){.values = arena_alloc(arena, p.room * sizeof *line->values)};
    while (*p.at != NULL) {
        const char *word = *p.at++;
        if (str_eq(word, "--")) {
            line->rest = p.at;
            break;
        }
        if (take_word(&p, word) != CLI_OK)
            return fault->exit;
        if (takes_rest(&p)) {
            line->rest = p.at;
            break;
        }
    }
    return check_whole(&p);
}

/* ---- reading ------------------------------------------------------------------------------ */

static const char *name_of(const struct cli_flag *flag)
{
    return *flag->name != '\0' ? flag->name : flag->ec2;
}

const char *cli_line_get(const struct cli_line *line, const char *name)
{
    bool is_known = false;
    const struct cli_flag *flag;
    enum cli_command_id id = line->command != NULL ? line->command->id : CLI_GLOBAL;
    for (size_t i = 0; (flag = cli_flag_at(id, i)) != NULL; i++)
        is_known = is_known || str_eq(name_of(flag), name);
    PRE(is_known);
    for (size_t i = 0; i < line->len; i++)
        if (str_eq(name_of(line->values[i].flag), name))
            return line->values[i].text;
    return NULL;
}

bool cli_line_has(const struct cli_line *line, const char *name)
{
    return cli_line_get(line, name) != NULL;
}

const char *cli_line_doing(const struct cli_line *line, struct arena *arena)
{
    const struct cli_command *c = line->command;
    PRE(c != NULL);
    if (line->is_ec2)
        return c->ec2;
    return *c->verb == '\0' ? c->noun : arena_printf(arena, "%s %s", c->noun, c->verb);
}
