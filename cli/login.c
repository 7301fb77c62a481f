/* login.c - `login`: asks for an endpoint and a key, tests them, keeps them; and `profile`. */
#include "base/check.h"
#include "base/str.h"
#include "cli/call.h"
#include "cli/confirm.h"
#include "cli/handlers.h"
#include "cli/http.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/profile_file.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum echo { SHOWN, HIDDEN };

static bool read_line(const char *prompt, char *line, size_t size)
{
    fputs(prompt, stderr);
    fflush(stderr);
    if (fgets(line, (int)size, stdin) == NULL || strchr(line, '\n') == NULL)
        return false;
    line[strcspn(line, "\r\n")] = '\0';
    return true;
}

/* Until a line is there; false: Ctrl-C, which counts at any moment from `open` on. */
static bool wait_for_line(const sigset_t *open)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    while (!cli_interrupted())
        if (ppoll(&input, 1, NULL, open) > 0)
            return true;
    return false;
}

/* What is typed is not shown, from before it is asked for; Ctrl-C gives the terminal its echo back.
 */
static bool read_hidden(const char *prompt, char *line, size_t size)
{
    struct termios before, hidden;
    sigset_t ends, open;
    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return read_line(prompt, line, size);
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, &open);
    cli_interrupt_watch();
    hidden = before;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    fputs(prompt, stderr);
    bool ok = wait_for_line(&open) && read_line("", line, size);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    sigprocmask(SIG_SETMASK, &open, NULL);
    fputc('\n', stderr);
    return ok;
}

static bool is_one_word(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text <= ' ' || *text == 0x7f || *text == ';')
            return false;
    return true;
}

/* An empty line keeps what is there. */
static enum cli_exit ask(const char *what, enum echo echo, char field[CLI_SETTING_SIZE],
                         struct cli_fault *fault)
{
    char line[CLI_SETTING_SIZE], prompt[CLI_SETTING_SIZE + 64];
    bool has_more = *field != '\0' && echo == SHOWN;
    snprintf(prompt, sizeof prompt, "%s%s%s%s: ", what, has_more ? " [" : "", has_more ? field : "",
             has_more ? "]" : "");
    if (!(echo == HIDDEN ? read_hidden : read_line)(prompt, line, sizeof line))
        return cli_fault_set(fault, CLI_INTERRUPTED, "login: given up; nothing was changed");
    enum cli_exit exit = CLI_OK;
    if (!is_one_word(line))
        exit = cli_fault_set(fault, CLI_USAGE, "login: the %s is one word without blanks", what);
    else if (*line != '\0')
        str_copy(field, CLI_SETTING_SIZE, line);
    explicit_bzero(line, sizeof line);
    return exit;
}

static enum cli_exit ask_all(struct cli *cli, struct cli_fault *fault)
{
    struct cli_profile *p = &cli->profile;
    const char *key_id = cli_line_get(&cli->line, "key-id");
    if (key_id != NULL)
        str_copy(p->access_key, sizeof p->access_key, key_id);
    if ((!cli_line_has(&cli->line, "endpoint") && ask("endpoint", SHOWN, p->endpoint, fault)) ||
        (!cli_line_has(&cli->line, "s3-endpoint") &&
         ask("object store", SHOWN, p->s3_endpoint, fault)) ||
        (key_id == NULL && ask("access key id", SHOWN, p->access_key, fault)) ||
        ask("secret access key", HIDDEN, p->secret_key, fault) || cli_profile_check(p, fault))
        return fault->exit;
    return cli_profile_need_key(p, fault);
}

/* The cloud that answers knows who this is. */
static enum cli_exit test(struct cli *cli, const char **account, struct cli_fault *fault)
{
    struct cli_params params = {.arena = &cli->arena};
    struct cli_node *answer;
    if (cli_call(cli, CLI_STS, "GetCallerIdentity", &params, &answer, fault) != CLI_OK)
        return fault->exit;
    *account = cli_node_text(answer, "GetCallerIdentityResult/Account");
    return CLI_OK;
}

enum cli_exit cli_do_login(struct cli *cli, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf path = {0};
    const char *name = cli_line_get(&cli->line, "profile"), *account = "";
    if (name == NULL)
        name = cli_profile_file_current();
    if (!cli_profile_file_is_name(name)) {
        cli_fault_set(fault, CLI_USAGE, "login: '%.60s' is no name of a profile", name);
        return cli_fault_try(fault, "letters, digits, dots, dashes");
    }
    if (ask_all(cli, fault) != CLI_OK || test(cli, &account, fault) != CLI_OK ||
        cli_profile_file_save(name, &cli->profile, fault) != CLI_OK)
        return fault->exit;
    cli_profile_file_path(&path);
    return cli_output_line(arena_printf(&cli->arena, "account %s; profile '%s' is kept in %s",
                                        account, name, buf_str(&path)),
                           fault);
}

enum cli_exit cli_do_profile_list(struct cli *cli, struct cli_fault *fault)
{
    struct cli_node *answer = cli_node_add(NULL, &cli->arena, "answer", "");
    struct cli_node *list = cli_node_add(answer, &cli->arena, "profileSet", "");
    if (cli_profile_file_list(list, &cli->arena, fault) != CLI_OK)
        return fault->exit;
    return cli_output(cli, answer, fault);
}

enum cli_exit cli_do_profile_delete(struct cli *cli, struct cli_fault *fault)
{
    if (cli_confirm(cli, fault) != CLI_OK)
        return fault->exit;
    for (size_t i = 0; i < cli->line.len; i++)
        if (cli->line.values[i].flag->is_argument &&
            cli_profile_file_delete(cli->line.values[i].text, fault) != CLI_OK)
            return fault->exit;
    return CLI_OK;
}

enum cli_exit cli_do_whoami(struct cli *cli, struct cli_fault *fault)
{
    const char *account = "";
    if (test(cli, &account, fault) != CLI_OK)
        return fault->exit;
    struct cli_node *row = cli_node_add(NULL, &cli->arena, "item", "");
    const struct cli_node *self = row;
    struct cli_nodes rows = {.list = &self, .len = 1};
    cli_node_add(row, &cli->arena, "account", account);
    cli_node_add(row, &cli->arena, "accessKey", cli->profile.access_key);
    cli_node_add(row, &cli->arena, "endpoint", cli->profile.endpoint);
    return cli_output_rows(cli, CLI_COLUMNS_WHOAMI, &rows, fault);
}
