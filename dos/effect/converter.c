/* converter.c - starts the jail and reads how it ended. No shell, an argument vector of our own. */
#include "dos/effect/converter.h"

#include "base/check.h"
#include "dos/effect/jail/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 4096, FD_FLOOR = 16, NUMBER_SIZE = 24 };

/* Descriptors above those that the jail wants, so that none is overwritten before it is copied. */
struct ends {
    int input, output, read, write;
};

static void close_ends(struct ends *e)
{
    int *const all[] = {&e->input, &e->output, &e->read, &e->write};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (*all[i] >= 0)
            close(*all[i]);
}

static bool open_ends(struct ends *e, int input, int output)
{
    int fds[2] = {-1, -1};
    *e = (struct ends){.input = fcntl(input, F_DUPFD_CLOEXEC, FD_FLOOR),
                       .output = fcntl(output, F_DUPFD_CLOEXEC, FD_FLOOR),
                       .read = -1,
                       .write = -1};
    if (pipe2(fds, O_CLOEXEC) == 0) {
        e->read = fds[0];
        e->write = fcntl(fds[1], F_DUPFD_CLOEXEC, FD_FLOOR);
        close(fds[1]);
    }
    return e->input >= 0 && e->output >= 0 && e->read >= 0 && e->write >= 0;
}

static int spawn(const struct dos_converter *c, const struct ends *e, uint64_t size_bytes,
                 pid_t *pid)
{
    char numbers[4][NUMBER_SIZE];
    const uint64_t values[4] = {size_bytes, c->memory_bytes, c->cpu_s, c->wall_s};
    for (int i = 0; i < 4; i++)
        snprintf(numbers[i], NUMBER_SIZE, "%llu", (unsigned long long)values[i]);
    const char *const argv[] = {c->jail,    c->root,    numbers[0], numbers[1], numbers[2],
                                numbers[3], c->program, "convert",  "-f",       "qcow2",
                                "-O",       "raw",      "/input",   "/output",  NULL};
    char *const environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, pipes;
    sigemptyset(&none);
    sigemptyset(&pipes);
    sigaddset(&pipes, SIGPIPE);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &pipes);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, e->input, JAIL_INPUT_FD);
    posix_spawn_file_actions_adddup2(&actions, e->output, JAIL_OUTPUT_FD);
    posix_spawn_file_actions_adddup2(&actions, e->write, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, e->write, STDERR_FILENO);
    int code = posix_spawn(pid, c->jail, &actions, &attributes, (char *const *)(uintptr_t)argv,
                           environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return code;
}

/* The last line that it wrote, without what could hurt a log. */
static void read_last_line(int fd, char line[OUTPUT_MAX])
{
    char text[OUTPUT_MAX];
    size_t len = 0;
    for (ssize_t n; (n = read(fd, text + len, sizeof text - 1 - len)) > 0;) {
        len += (size_t)n;
        if (len == sizeof text - 1) { /* keep the second half */
            memmove(text, text + len / 2, len - len / 2);
            len -= len / 2;
        }
    }
    while (len > 0 && text[len - 1] == '\n')
        len--;
    text[len] = '\0';
    const char *last = strrchr(text, '\n');
    snprintf(line, OUTPUT_MAX, "%s", last != NULL ? last + 1 : text);
    for (char *at = line; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e)
            *at = '?';
}

static enum err_code judge(int status, const char *line, struct err *err)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : JAIL_EXIT_SETUP;
    if (code == 0)
        return ERR_OK;
    if (code == JAIL_EXIT_SETUP)
        return err_set(err, ERR_IO, "the jail of the converter failed: %.150s", line);
    if (code == JAIL_EXIT_TIME)
        return err_set(err, ERR_IMAGE_INVALID, "converting the image took too long");
    if (code == JAIL_EXIT_SIGNAL)
        return err_set(err, ERR_IMAGE_INVALID, "converting the image went beyond a limit");
    if (strstr(line, strerror(ENOSPC)) != NULL)
        return err_set(err, ERR_NO_SPACE, "there is no room to convert the image");
    return err_set(err, ERR_IMAGE_INVALID, "the image cannot be converted: %.150s", line);
}

enum err_code dos_converter_run(const struct dos_converter *c, int input, int output,
                                uint64_t size_bytes, struct err *err)
{
    struct ends ends;
    char line[OUTPUT_MAX];
    pid_t pid = -1;
    int status = 0;
    PRE(input >= 0 && output >= 0 && size_bytes > 0);
    int code = open_ends(&ends, input, output) ? spawn(c, &ends, size_bytes, &pid) : errno;
    if (code != 0) {
        close_ends(&ends);
        return err_set(err, ERR_IO, "cannot start %s: %s", c->jail, strerror(code));
    }
    close(ends.write);
    ends.write = -1;
    read_last_line(ends.read, line);
    close_ends(&ends);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return judge(status, line, err);
}
