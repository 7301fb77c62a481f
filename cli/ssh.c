/* ssh.c - `instance ssh`: becomes ssh(1), at the instance's private address. */
#include "base/check.h"
#include "base/str.h"
#include "cli/handlers.h"
#include "cli/resolve.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 16 };

static enum cli_exit find_address(struct cli *cli, const char *id, const char **address,
                                  struct cli_fault *fault)
{
    const struct cli_node *row;
    if (cli_describe(cli, CLI_REF_INSTANCE, id, &row, fault) != CLI_OK)
        return fault->exit;
    *address = cli_node_text(row, "privateIpAddress");
    const char *state = cli_node_text(row, "instanceState/name");
    if (str_eq(state, "running") && **address != '\0' && **address != '-')
        return CLI_OK;
    cli_fault_set(fault, CLI_CONFLICT, "instance ssh: %.40s is %.40s", id, state);
    return cli_fault_try(fault, "tercet instance start %s --wait", id);
}

/* Addresses are used again by other instances, ids never: the host key belongs to the id. */
static size_t put_words(struct cli *cli, const char *id, const char *address, const char **words)
{
    const char *user = cli_line_get(&cli->line, "user");
    const char *identity = cli_line_get(&cli->line, "identity");
    size_t len = 0;
    if (identity == NULL && *cli->profile.identity != '\0')
        identity = cli->profile.identity;
    words[len++] = "ssh";
    words[len++] = "-o";
    words[len++] = arena_printf(&cli->arena, "HostKeyAlias=%s", id);
    words[len++] = "-o";
    words[len++] = "StrictHostKeyChecking=accept-new";
    words[len++] = "-l";
    words[len++] = user != NULL ? user : "root";
    if (identity != NULL) {
        words[len++] = "-i";
        words[len++] = identity;
    }
    words[len++] = "--";
    words[len++] = address;
    INV(len < WORDS_MAX);
    return len;
}

enum cli_exit cli_do_instance_ssh(struct cli *cli, struct cli_fault *fault)
{
    const char *words[WORDS_MAX], *address = "";
    size_t len, more = 0;
    if (cli_resolve_line(cli, fault) != CLI_OK)
        return fault->exit;
    const char *id = cli_line_get(&cli->line, "INSTANCE");
    if (find_address(cli, id, &address, fault) != CLI_OK)
        return fault->exit;
    len = put_words(cli, id, address, words);
    while (cli->line.rest != NULL && cli->line.rest[more] != NULL)
        more++;
    char **argv = arena_alloc(&cli->arena, (len + more + 1) * sizeof *argv);
    for (size_t i = 0; i < len; i++)
        argv[i] = arena_strdup(&cli->arena, words[i]);
    for (size_t i = 0; i < more; i++)
        argv[len + i] = cli->line.rest[i];
    execvp("ssh", argv);
    cli_fault_set(fault, CLI_FAILED, "instance ssh: cannot run ssh: %s", strerror(errno));
    return cli_fault_try(fault, "apt-get install openssh-client");
}
