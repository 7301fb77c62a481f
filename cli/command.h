/* command.h - the one table of commands (commands.def), and looking things up in it.
 *
 * From it come both spellings (`tercet instance start web`, `tercet start-instances --instance-ids
 * i-..`), the checks of the command line, --help, and most commands themselves: a row with the
 * handler `query` is an API action with its flags as parameters, and nothing more. */
#pragma once

#include "cli/fault.h"

#include <stdbool.h>
#include <stddef.h>

struct cli;

enum cli_command_id {
    CLI_GLOBAL, /* flags of every command */
#define COMMAND(id, noun, verb, ec2, action, handler, rows, columns, wait, help, example) CLI_##id,
#define ARG(id, name, ec2, kind, ref, param, presence, help)
#define FLAG(id, name, ec2, kind, ref, param, presence, value, help)
#include "cli/commands.def"
#undef COMMAND
#undef ARG
#undef FLAG
    CLI_COMMANDS_LEN
};

/* What a flag's value becomes in the request. */
enum cli_flag_kind {
    CLI_SWITCH,     /* no value; read by the handler */
    CLI_LOCAL,      /* a value, read by the handler */
    CLI_LOCALS,     /* the same, any number of times */
    CLI_REST,       /* everything behind the command, unread */
    CLI_TEXT,       /* PARAM=value */
    CLI_NUMBER,     /* PARAM=value, checked to be a whole number */
    CLI_TRUE,       /* no value; PARAM=true */
    CLI_LIST,       /* PARAM.1=value, PARAM.2=.. */
    CLI_EACH,       /* PARAM=value; several: the command is done for each in turn */
    CLI_COUNT,      /* "2" or "1:3": MinCount and MaxCount */
    CLI_BYTES,      /* PARAM=base64 of a text, or of @file, file://file, fileb://file */
    CLI_FILTER,     /* Filter.N.Name=PARAM, Filter.N.Value.M=value */
    CLI_NAME_TAG,   /* tag Name of a new PARAM ("instance") */
    CLI_TAG,        /* KEY=VALUE: a tag of a new PARAM; PARAM "": a tag to be set */
    CLI_STRUCTURE,  /* shorthand or JSON: PARAM.Member=.. */
    CLI_STRUCTURES, /* the same, a list: PARAM.1.Member=.. */
};

/* Whose names and id prefixes stand for the id (refs.def). */
enum cli_ref {
    CLI_REF_NONE,
#define REF(id, prefix, action, param, rows, id_path, id_filter, name_path, name_filter, \
            state_path, noun)                                                            \
    CLI_REF_##id,
#include "cli/refs.def"
#undef REF
    CLI_REFS_LEN,
    CLI_REF_ANY = CLI_REFS_LEN, /* a resource of any kind that has ids */
};

enum cli_presence { CLI_MAY, CLI_NEED };

struct cli_flag {
    enum cli_command_id command;
    const char *name; /* noun spelling: "image" (--image), or "INSTANCE" of an argument; "": none */
    const char *ec2;  /* EC2 spelling: "image-id"; "": none */
    bool is_argument;
    enum cli_flag_kind kind;
    enum cli_ref ref;
    const char *param; /* of the API */
    enum cli_presence presence;
    const char *value; /* how help calls the value */
    const char *help;
};

enum cli_wait_id {
    CLI_WAIT_NONE,
#define WAIT(id, ref, path, want, fails, gone_is_fine, timeout_ms) CLI_WAIT_##id,
#include "cli/waits.def"
#undef WAIT
    CLI_WAITS_LEN
};

enum cli_columns_id {
    CLI_COLUMNS_NONE,
#define COLUMNS(id) CLI_COLUMNS_##id,
#define COLUMN(name, path, alignment)
#define WIDE(name, path, alignment)
#define LIVE(name, path, alignment)
#include "cli/columns.def"
#undef COLUMNS
#undef COLUMN
#undef WIDE
#undef LIVE
};

struct cli_command {
    enum cli_command_id id;
    const char *noun, *verb; /* verb "" : `tercet env` */
    const char *ec2;         /* "run-instances"; "": no such spelling */
    const char *action;      /* "RunInstances"; "": not an EC2 action */
    enum cli_exit (*handler)(struct cli *cli, struct cli_fault *fault);
    const char *rows; /* path of the rows in the answer; "": it has none */
    enum cli_columns_id columns;
    enum cli_wait_id wait; /* what --wait waits for */
    const char *help;
    const char *example;
};

/* In the order of the table; NULL after the last. */
const struct cli_command *cli_command_at(size_t at);
const struct cli_command *cli_command_get(enum cli_command_id id);
/* NULL: none. Aliases of nouns and verbs ("ls", "rm", "i") are known. */
const struct cli_command *cli_command_by_noun(const char *noun, const char *verb);
const struct cli_command *cli_command_by_ec2(const char *ec2);
bool cli_command_is_noun(const char *word);
const char *cli_command_unalias(const char *word);
/* `tercet ssh` for `tercet instance ssh`; NULL: it is no such word. */
const struct cli_command *cli_command_by_short(const char *word);
/* Those words; NULL after the last. */
const char *cli_command_short_at(size_t at);
/* Commands that programs call: help does not show them. */
bool cli_command_is_hidden(const struct cli_command *command);

struct cli_noun {
    const char *word, *area, *help;
};
/* In the order of nouns.def; NULL after the last. */
const struct cli_noun *cli_noun_at(size_t at);

/* Flags of `command`, then the global ones that it has not of its own; NULL after the last. */
const struct cli_flag *cli_flag_at(enum cli_command_id command, size_t at);
/* By name in that spelling. */
const struct cli_flag *cli_flag_get(enum cli_command_id command, const char *name, bool is_ec2);
bool cli_flag_has_value(const struct cli_flag *flag);
/* May it be given more than once? */
bool cli_flag_is_many(const struct cli_flag *flag);

/* The nearest of the words offered, for "did you mean". Zeroed at the start. */
struct cli_nearest {
    const char *asked;
    const char *best; /* NULL: nothing is near */
    unsigned distance;
};
void cli_nearest_offer(struct cli_nearest *n, const char *word);
