/* confirm.c - see confirm.h. */
#include "cli/confirm.h"

#include "base/check.h"
#include "base/str.h"
#include "cli/safe.h"

#include <stdio.h>
#include <strings.h>
#include <unistd.h>

static bool destroys(const struct cli_command *c)
{
    static const char *const verbs[] = {
#define DESTROYS(verb) verb,
#include "cli/destroys.def"
#undef DESTROYS
    };
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (str_eq(c->verb, verbs[i]))
            return true;
    return false;
}

static bool is_dry_run(const struct cli_line *line)
{
    for (size_t i = 0; i < line->len; i++)
        if (str_eq(line->values[i].flag->ec2, "dry-run"))
            return true;
    return false;
}

/* "web (i-0123..), db (i-..)": as they were named, and what that means. */
static void put_names(const struct cli_line *line, struct buf *out)
{
    size_t count = 0;
    for (size_t i = 0; i < line->len; i++) {
        const struct cli_value *v = &line->values[i];
        if (!v->flag->is_argument)
            continue;
        buf_text(out, count++ > 0 ? ", " : "");
        cli_safe_text(out, v->asked);
        if (!str_eq(v->asked, v->text)) {
            buf_text(out, " (");
            cli_safe_text(out, v->text);
            buf_char(out, ')');
        }
    }
}

static bool is_yes(void)
{
    char answer[16];
    if (fgets(answer, sizeof answer, stdin) == NULL)
        return false;
    return strcasecmp(answer, "y\n") == 0 || strcasecmp(answer, "yes\n") == 0;
}

enum cli_exit cli_confirm(struct cli *cli, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf names = {0};
    if (!destroys(cli->line.command) || is_dry_run(&cli->line) || cli_line_has(&cli->line, "yes") ||
        isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1)
        return CLI_OK;
    put_names(&cli->line, &names);
    fprintf(stderr, "%s: %s\nGo on? [y/N] ", cli->line.command->help, buf_str(&names));
    fflush(stderr);
    if (is_yes())
        return CLI_OK;
    cli_fault_set(fault, CLI_INTERRUPTED, "%.100s: not confirmed; nothing was done",
                  cli_doing(cli));
    return cli_fault_try(fault, "--yes, to go on without the question");
}
