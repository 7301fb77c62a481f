/* spawn.c - posix_spawn with descriptors, signals and a pidfd. */
#include "computer-manager/effect/spawn.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PASSED_FD = 3, CLEAR_OF_PASSED = 10 };

static int set_attr(posix_spawnattr_t *attr)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int rc = posix_spawnattr_setsigmask(attr, &none);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(attr, &all);
    if (rc == 0)
        rc = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    return rc;
}

static int set_files(posix_spawn_file_actions_t *files, int output, int pass_fd)
{
    int rc = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(files, output, STDERR_FILENO);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(files, STDERR_FILENO, STDOUT_FILENO);
    if (rc == 0 && pass_fd >= 0)
        rc = posix_spawn_file_actions_adddup2(files, pass_fd, PASSED_FD);
    if (rc == 0)
        rc = posix_spawn_file_actions_addclosefrom_np(files,
                                                      pass_fd >= 0 ? PASSED_FD + 1 : PASSED_FD);
    return rc;
}

/* posix_spawn promises not to write to its vectors, but its type does not say so. */
static char *const *unconst(const char *const *vector)
{
    union {
        const char *const *in;
        char *const *out;
    } u = {vector};
    return u.out;
}

static int spawn(const struct host_spawn *s, int output, int pass_fd, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    int rc = set_attr(&attr);
    if (rc == 0)
        rc = set_files(&files, output, pass_fd);
    if (rc == 0)
        rc = posix_spawnp(pid, s->argv[0], &files, &attr, unconst(s->argv),
                          s->environment != NULL ? unconst(s->environment) : environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return rc;
}

enum err_code host_spawn(const struct host_spawn *s, pid_t *pid, int *pidfd, struct err *err)
{
    PRE(s->argv[0] != NULL);
    /* Copies that lie clear of 0..3, so that putting one in place never overwrites another. */
    int output = fcntl(s->output >= 0 ? s->output : STDERR_FILENO, F_DUPFD_CLOEXEC,
                       CLEAR_OF_PASSED);
    int pass_fd = s->pass_fd >= 0 ? fcntl(s->pass_fd, F_DUPFD_CLOEXEC, CLEAR_OF_PASSED) : -1;
    int rc = output < 0 || (s->pass_fd >= 0 && pass_fd < 0) ? errno : 0;
    if (rc == 0)
        rc = spawn(s, output, pass_fd, pid);
    if (output >= 0)
        close(output);
    if (pass_fd >= 0)
        close(pass_fd);
    if (rc != 0)
        return err_set(err, ERR_IO, "%s was not started: %s", s->argv[0], strerror(rc));
    *pidfd = pidfd_open(*pid, 0);
    if (*pidfd >= 0)
        return ERR_OK;
    err_set(err, ERR_IO, "pidfd_open: %s", strerror(errno));
    kill(*pid, SIGKILL);
    waitpid(*pid, NULL, 0);
    return err->code;
}

int host_spawn_reap(pid_t pid)
{
    int status = 0;
    pid_t got;
    while ((got = waitpid(pid, &status, WNOHANG)) < 0 && errno == EINTR)
        ;
    if (got != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
