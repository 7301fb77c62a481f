/* command.c - see command.h. */
#include "cli/command.h"

#include "base/check.h"
#include "base/str.h"
#include "cli/handlers.h"

static const struct cli_command commands[] = {
#define COMMAND(id, noun, verb, ec2, action, handler, rows, columns, wait, help, example)       \
    {CLI_##id,        noun, verb,   ec2, action, cli_do_##handler, rows, CLI_COLUMNS_##columns, \
     CLI_WAIT_##wait, help, example},
#define ARG(id, name, ec2, kind, ref, param, presence, help)
#define FLAG(id, name, ec2, kind, ref, param, presence, value, help)
#include "cli/commands.def"
#undef COMMAND
#undef ARG
#undef FLAG
};
enum { COMMANDS_LEN = sizeof commands / sizeof commands[0] };

static const struct cli_flag flags[] = {
#define COMMAND(id, noun, verb, ec2, action, handler, rows, columns, wait, help, example)
#define ARG(id, name, ec2, kind, ref, param, presence, help) \
    {CLI_##id, name, ec2, true, CLI_##kind, CLI_REF_##ref, param, CLI_##presence, name, help},
#define FLAG(id, name, ec2, kind, ref, param, presence, value, help) \
    {CLI_##id, name, ec2, false, CLI_##kind, CLI_REF_##ref, param, CLI_##presence, value, help},
#include "cli/commands.def"
#undef COMMAND
#undef ARG
#undef FLAG
};
enum { FLAGS_LEN = sizeof flags / sizeof flags[0] };

/* ---- commands ----------------------------------------------------------------------------- */

const struct cli_command *cli_command_at(size_t at)
{
    return at < COMMANDS_LEN ? &commands[at] : NULL;
}

const struct cli_command *cli_command_get(enum cli_command_id id)
{
    PRE(id > CLI_GLOBAL && id < CLI_COMMANDS_LEN);
    const struct cli_command *command = &commands[id - 1];
    POST(command->id == id);
    return command;
}

const char *cli_command_unalias(const char *word)
{
    static const struct {
        const char *alias, *word;
    } aliases[] = {
#define ALIAS(alias, word) {alias, word},
#define SHORT(word, noun, verb)
#include "cli/aliases.def"
#undef ALIAS
#undef SHORT
    };
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        if (str_eq(aliases[i].alias, word))
            return aliases[i].word;
    return word;
}

const struct cli_command *cli_command_by_noun(const char *noun, const char *verb)
{
    noun = cli_command_unalias(noun);
    verb = cli_command_unalias(verb);
    for (size_t i = 0; i < COMMANDS_LEN; i++)
        if (str_eq(commands[i].noun, noun) && str_eq(commands[i].verb, verb))
            return &commands[i];
    return NULL;
}

static const struct {
    const char *word, *noun, *verb;
} shorts[] = {
#define ALIAS(alias, word)
#define SHORT(word, noun, verb) {word, noun, verb},
#include "cli/aliases.def"
#undef ALIAS
#undef SHORT
};

const char *cli_command_short_at(size_t at)
{
    return at < sizeof shorts / sizeof shorts[0] ? shorts[at].word : NULL;
}

const struct cli_command *cli_command_by_short(const char *word)
{
    for (size_t i = 0; i < sizeof shorts / sizeof shorts[0]; i++)
        if (str_eq(shorts[i].word, word))
            return cli_command_by_noun(shorts[i].noun, shorts[i].verb);
    return NULL;
}

static const struct cli_noun nouns[] = {
#define NOUN(word, area, help) {word, area, help},
#include "cli/nouns.def"
#undef NOUN
};

const struct cli_noun *cli_noun_at(size_t at)
{
    return at < sizeof nouns / sizeof nouns[0] ? &nouns[at] : NULL;
}

const struct cli_command *cli_command_by_ec2(const char *ec2)
{
    for (size_t i = 0; i < COMMANDS_LEN; i++)
        if (*commands[i].ec2 != '\0' && str_eq(commands[i].ec2, ec2))
            return &commands[i];
    return NULL;
}

bool cli_command_is_hidden(const struct cli_command *command)
{
    return command->noun[0] == '_';
}

bool cli_command_is_noun(const char *word)
{
    word = cli_command_unalias(word);
    for (size_t i = 0; i < COMMANDS_LEN; i++)
        if (str_eq(commands[i].noun, word))
            return true;
    return false;
}

/* ---- flags -------------------------------------------------------------------------------- */

static bool has_of_its_own(enum cli_command_id command, const char *name)
{
    for (size_t i = 0; i < FLAGS_LEN; i++)
        if (flags[i].command == command && *name != '\0' && str_eq(flags[i].name, name))
            return true;
    return false;
}

const struct cli_flag *cli_flag_at(enum cli_command_id command, size_t at)
{
    for (size_t i = 0; i < FLAGS_LEN && command != CLI_GLOBAL; i++)
        if (flags[i].command == command && at-- == 0)
            return &flags[i];
    for (size_t i = 0; i < FLAGS_LEN; i++)
        if (flags[i].command == CLI_GLOBAL &&
            (command == CLI_GLOBAL || !has_of_its_own(command, flags[i].name)) && at-- == 0)
            return &flags[i];
    return NULL;
}

const struct cli_flag *cli_flag_get(enum cli_command_id command, const char *name, bool is_ec2)
{
    const struct cli_flag *flag;
    for (size_t i = 0; (flag = cli_flag_at(command, i)) != NULL; i++)
        if (str_eq(is_ec2 ? flag->ec2 : flag->name, name) && (is_ec2 || !flag->is_argument))
            return flag;
    return NULL;
}

bool cli_flag_has_value(const struct cli_flag *flag)
{
    return flag->kind != CLI_SWITCH && flag->kind != CLI_TRUE;
}

bool cli_flag_is_many(const struct cli_flag *flag)
{
    switch (flag->kind) {
    case CLI_LIST:
    case CLI_EACH:
    case CLI_LOCALS:
    case CLI_FILTER:
    case CLI_TAG:
    case CLI_STRUCTURES:
        return true;
    case CLI_SWITCH:
    case CLI_LOCAL:
    case CLI_REST:
    case CLI_TEXT:
    case CLI_NUMBER:
    case CLI_TRUE:
    case CLI_COUNT:
    case CLI_BYTES:
    case CLI_NAME_TAG:
    case CLI_STRUCTURE:
        return false;
    }
    return false;
}

/* ---- nearest ------------------------------------------------------------------------------ */

void cli_nearest_offer(struct cli_nearest *n, const char *word)
{
    unsigned distance = str_distance(n->asked, word);
    unsigned bound = 1 + (unsigned)__builtin_strlen(word) / 3;
    if (*word == '\0' || distance > bound || (n->best != NULL && distance >= n->distance))
        return;
    n->best = word;
    n->distance = distance;
}
