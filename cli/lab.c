/* lab.c - `lab`: becomes deploy/lab of the tree that this program was built in. */
#include "base/check.h"
#include "base/str.h"
#include "cli/handlers.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Beside the program, and nowhere else: what lies in the folder where somebody stands is not his.
 */
static const char *find_lab(struct arena *arena)
{
    char self[PATH_MAX];
    struct stat st;
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len <= 0)
        return NULL;
    self[len] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(self, '/');
        if (slash == NULL)
            return NULL;
        *slash = '\0';
    }
    const char *path = arena_printf(arena, "%s/deploy/lab", self);
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0 ? path : NULL;
}

enum cli_exit cli_do_lab(struct cli *cli, struct cli_fault *fault)
{
    size_t len = 0;
    const char *path = find_lab(&cli->arena);
    if (path == NULL) {
        cli_fault_set(fault, CLI_NOT_FOUND, "lab: deploy/lab is not there");
        cli_fault_cause(fault, "it belongs to the source tree, and this program was not run there");
        return cli_fault_try(fault, "build/tercet lab, in the tree of the sources");
    }
    while (cli->line.rest != NULL && cli->line.rest[len] != NULL)
        len++;
    char **argv = arena_alloc(&cli->arena, (len + 2) * sizeof *argv);
    argv[0] = arena_strdup(&cli->arena, path);
    for (size_t i = 0; i < len; i++)
        argv[i + 1] = cli->line.rest[i];
    execv(path, argv);
    return cli_fault_set(fault, CLI_FAILED, "lab: cannot run %.200s: %s", path, strerror(errno));
}
