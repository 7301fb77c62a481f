/* ssh.c - `instance ssh` and `instance scp`: become ssh(1) and scp(1), at the instance's address.
 */
#include "base/check.h"
#include "base/str.h"
#include "cli/handlers.h"
#include "cli/interrupt.h"
#include "cli/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The words of the program that tercet becomes. */
struct words {
    char **list; /* NULL after the last */
    size_t len, room;
};

static void add(struct cli *cli, struct words *words, const char *text)
{
    INV(words->len < words->room);
    words->list[words->len++] = arena_strdup(&cli->arena, text);
}

/* It comes from the network and goes into a command line. */
static bool is_address(const char *text)
{
    return *text != '\0' && strspn(text, "0123456789abcdefABCDEF.:") == strlen(text);
}

/* The public one, where there is one: the private one is for those inside. */
static enum cli_exit find_address(struct cli *cli, const char *id, const char **address,
                                  struct cli_fault *fault)
{
    const struct cli_node *row;
    if (cli_describe(cli, CLI_REF_INSTANCE, id, &row, fault) != CLI_OK)
        return fault->exit;
    const char *state = cli_node_text(row, "instanceState/name");
    *address = cli_node_text(row, "ipAddress");
    if (**address == '\0' || cli_line_has(&cli->line, "private"))
        *address = cli_node_text(row, "privateIpAddress");
    if (str_eq(state, "running") && is_address(*address))
        return CLI_OK;
    cli_fault_set(fault, CLI_CONFLICT, "%s: %.40s is %.40s", cli_doing(cli), id, state);
    return cli_fault_try(fault, "tercet instance start %s --wait", id);
}

/* Addresses are used again by other instances, ids never: the host key belongs to the id. */
static void add_options(struct cli *cli, struct words *words, const char *id)
{
    const char *identity = cli_line_get(&cli->line, "identity");
    if (identity == NULL && *cli->profile.identity != '\0')
        identity = cli->profile.identity;
    add(cli, words, "-o");
    add(cli, words, arena_printf(&cli->arena, "HostKeyAlias=%s", id));
    add(cli, words, "-o");
    add(cli, words, "StrictHostKeyChecking=accept-new");
    if (identity != NULL) {
        add(cli, words, "-i");
        add(cli, words, identity);
    }
}

static const char *user_of(const struct cli *cli)
{
    const char *user = cli_line_get(&cli->line, "user");
    return user != NULL ? user : "root";
}

static void add_rest(struct cli *cli, struct words *words)
{
    for (size_t i = 0; cli->line.rest != NULL && cli->line.rest[i] != NULL; i++)
        add(cli, words, cli->line.rest[i]);
}

static struct words begin(struct cli *cli, const char *program)
{
    struct words words = {.room = 16 + cli->line.len};
    for (size_t i = 0; cli->line.rest != NULL && cli->line.rest[i] != NULL; i++)
        words.room++;
    words.list = arena_alloc(&cli->arena, (words.room + 1) * sizeof *words.list);
    add(cli, &words, program);
    return words;
}

static enum cli_exit become(struct cli *cli, const struct words *words, struct cli_fault *fault)
{
    execvp(words->list[0], words->list);
    cli_fault_set(fault, CLI_FAILED, "%s: cannot run %s: %s", cli_doing(cli), words->list[0],
                  strerror(errno));
    return cli_fault_try(fault, "apt-get install openssh-client");
}

/* ---- --wait ------------------------------------------------------------------------------- */

enum { KNOCK_EVERY_MS = 1000, KNOCK_FOR_MS = 60000 };

/* Does a login succeed that asks nobody anything? */
static bool lets_in(struct words *knock)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = 1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    bool is_made = posix_spawnp(&pid, "ssh", &actions, NULL, knock->list, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    while (is_made && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return is_made && status == 0;
}

/* A guest that boots answers late, and knows its keys later. When it never lets in, the program
 * itself says best why. */
static enum cli_exit wait_for_login(struct cli *cli, const char *id, const char *address,
                                    struct cli_fault *fault)
{
    struct words knock = {.room = 24};
    int64_t until_ms = cli_now_ms(cli) + KNOCK_FOR_MS;
    if (!cli_line_has(&cli->line, "wait"))
        return CLI_OK;
    knock.list = arena_alloc(&cli->arena, (knock.room + 1) * sizeof *knock.list);
    add(cli, &knock, "ssh");
    add_options(cli, &knock, id);
    static const char *const more[] = {"-o", "BatchMode=yes", "-o", "ConnectTimeout=3"};
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
        add(cli, &knock, more[i]);
    add(cli, &knock, "-l");
    add(cli, &knock, user_of(cli));
    add(cli, &knock, "--");
    add(cli, &knock, address);
    add(cli, &knock, "true");
    cli_interrupt_watch();
    while (!lets_in(&knock) && cli_now_ms(cli) < until_ms)
        if (!cli_pause(KNOCK_EVERY_MS))
            return cli_fault_set(fault, CLI_INTERRUPTED, "interrupted");
    return CLI_OK;
}

enum cli_exit cli_do_instance_ssh(struct cli *cli, struct cli_fault *fault)
{
    const char *address = "";
    struct words words = begin(cli, "ssh");
    if (cli_resolve_line(cli, fault) != CLI_OK)
        return fault->exit;
    const char *id = cli_line_get(&cli->line, "INSTANCE");
    if (find_address(cli, id, &address, fault) != CLI_OK ||
        wait_for_login(cli, id, address, fault) != CLI_OK)
        return fault->exit;
    add_options(cli, &words, id);
    add(cli, &words, "-l");
    add(cli, &words, user_of(cli));
    add(cli, &words, "--");
    add(cli, &words, address);
    add_rest(cli, &words);
    return become(cli, &words, fault);
}

/* ---- scp ---------------------------------------------------------------------------------- */

/* As scp itself has it: a colon before any slash. NULL: a file of this machine. */
static const char *colon_of(const char *text)
{
    size_t len = strcspn(text, ":/");
    return text[len] == ':' && len > 0 ? text + len : NULL;
}

/* One instance, however often it is named. */
static enum cli_exit find_instance(struct cli *cli, const char **id, struct cli_fault *fault)
{
    *id = NULL;
    for (size_t i = 0; i < cli->line.len; i++) {
        const char *text = cli->line.values[i].text, *colon = colon_of(text), *found;
        if (!cli->line.values[i].flag->is_argument || colon == NULL)
            continue;
        const char *name = arena_strndup(&cli->arena, text, (size_t)(colon - text));
        if (cli_resolve(cli, CLI_REF_INSTANCE, name, &found, fault) != CLI_OK)
            return fault->exit;
        if (*id != NULL && !str_eq(*id, found)) {
            cli_fault_set(fault, CLI_USAGE, "instance scp: more than one instance is named");
            return cli_fault_try(fault, "by way of this machine, in two steps");
        }
        *id = found;
    }
    if (*id != NULL)
        return CLI_OK;
    cli_fault_set(fault, CLI_USAGE, "instance scp: no instance is named");
    return cli_fault_try(fault, "%s", cli->line.command->example);
}

static void add_files(struct cli *cli, struct words *words, const char *address)
{
    bool is_v6 = strchr(address, ':') != NULL;
    for (size_t i = 0; i < cli->line.len; i++) {
        const char *text = cli->line.values[i].text, *colon = colon_of(text);
        if (!cli->line.values[i].flag->is_argument)
            continue;
        if (colon != NULL)
            text = arena_printf(&cli->arena, "%s@%s%s%s%s", user_of(cli), is_v6 ? "[" : "", address,
                                is_v6 ? "]" : "", colon);
        add(cli, words, text);
    }
}

enum cli_exit cli_do_instance_scp(struct cli *cli, struct cli_fault *fault)
{
    const char *id, *address = "";
    struct words words = begin(cli, "scp");
    if (find_instance(cli, &id, fault) != CLI_OK ||
        find_address(cli, id, &address, fault) != CLI_OK ||
        wait_for_login(cli, id, address, fault) != CLI_OK)
        return fault->exit;
    add_options(cli, &words, id);
    add_rest(cli, &words);
    add(cli, &words, "--");
    add_files(cli, &words, address);
    return become(cli, &words, fault);
}
