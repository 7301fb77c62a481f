/* converter.c - starts the jail or asks for one, gives it the order (jail.h) and hears how it
 * ended. No shell, an argument vector of our own. */
#include "dos/effect/converter.h"

#include "base/check.h"
#include "base/str.h"
#include "dos/effect/jail/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 4096, GRACE_S = 30 }; /* a jail keeps its own clock: ours is the second */

/* A jail and what binds us to it. */
struct jailing {
    int channel;
    int said, say; /* the ends of a pipe, for what the converter says */
    pid_t pid;     /* of a child; -1 = a service */
};

static void let_go(struct jailing *j)
{
    const int all[] = {j->channel, j->said, j->say};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] >= 0)
            close(all[i]);
    while (j->pid > 0 && waitpid(j->pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

static int spawn(const struct dos_converter *c, int channel, pid_t *pid)
{
    const char *const argv[] = {c->jail, c->root, c->program, "convert", "-f", "qcow2",
                                "-O",    "raw",   "/input",   "/output", NULL};
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
    posix_spawn_file_actions_adddup2(&actions, channel, JAIL_CHANNEL_FD);
    int code = posix_spawn(pid, c->jail, &actions, &attributes, (char *const *)(uintptr_t)argv,
                           environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return code;
}

static enum err_code start(struct jailing *j, const struct dos_converter *c, struct err *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return err_set(err, ERR_IO, "socketpair: %s", strerror(errno));
    j->channel = ends[0];
    int code = spawn(c, ends[1], &j->pid);
    close(ends[1]);
    if (code == 0)
        return ERR_OK;
    j->pid = -1;
    return err_set(err, ERR_IO, "cannot start %s: %s", c->jail, strerror(code));
}

/* Tenants' images are given to nobody but what root set up to listen there. */
static bool is_of_root(int channel)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(channel, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == 0 || peer.uid == geteuid());
}

static enum err_code ask_for(struct jailing *j, const struct dos_converter *c, struct err *err)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (!str_copy(to.sun_path, sizeof to.sun_path, c->socket))
        return err_set(err, ERR_IO, "%s is too long for a socket", c->socket);
    j->channel = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (j->channel < 0 || connect(j->channel, (const struct sockaddr *)&to, sizeof to) != 0)
        return err_set(err, ERR_IO, "%s: %s", c->socket, strerror(errno));
    if (!is_of_root(j->channel))
        return err_set(err, ERR_IO, "%s is not of root", c->socket);
    return ERR_OK;
}

static enum err_code give_order(const struct jailing *j, const struct jail_order *order,
                                const int fds[JAIL_FDS], struct err *err)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int[JAIL_FDS]))];
    } control = {0};
    struct iovec part = {(void *)(uintptr_t)order, sizeof *order};
    struct msghdr msg = {.msg_iov = &part,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int[JAIL_FDS]));
    memcpy(CMSG_DATA(head), fds, sizeof(int[JAIL_FDS]));
    if (sendmsg(j->channel, &msg, MSG_NOSIGNAL) != (ssize_t)sizeof *order)
        return err_set(err, ERR_IO, "the jail took no order: %s", strerror(errno));
    return ERR_OK;
}

static bool has_said(int fd, int64_t wait_ms)
{
    struct pollfd said = {.fd = fd, .events = POLLIN};
    int ready;
    while ((ready = poll(&said, 1, (int)wait_ms)) < 0 && errno == EINTR)
        ;
    return ready > 0;
}

/* The last line that it wrote, without what could hurt a log. */
static void read_last_line(int fd, int64_t wait_ms, char line[OUTPUT_MAX])
{
    char text[OUTPUT_MAX];
    size_t len = 0;
    for (ssize_t n;
         has_said(fd, wait_ms) && (n = read(fd, text + len, sizeof text - 1 - len)) > 0;) {
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

static enum err_code judge(int32_t code, const char *line, struct err *err)
{
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

/* A jail that ended without an answer was never built, or was killed. */
static int32_t hear_end(const struct jailing *j)
{
    int32_t code;
    bool has_come = has_said(j->channel, (int64_t)GRACE_S * 1000) &&
                    recv(j->channel, &code, sizeof code, MSG_DONTWAIT) == (ssize_t)sizeof code;
    return has_come ? code : JAIL_EXIT_SETUP;
}

static enum err_code convert(struct jailing *j, const struct dos_converter *c, const int files[2],
                             uint64_t size_bytes, struct err *err)
{
    char line[OUTPUT_MAX];
    int ends[2];
    const struct jail_order order = {.file_bytes = size_bytes,
                                     .memory_bytes = c->memory_bytes,
                                     .cpu_s = c->cpu_s,
                                     .wall_s = c->wall_s};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
    j->said = ends[0];
    j->say = ends[1];
    const int fds[JAIL_FDS] = {files[0], files[1], j->say};
    if ((*c->socket != '\0' ? ask_for(j, c, err) : start(j, c, err)) != ERR_OK ||
        give_order(j, &order, fds, err) != ERR_OK)
        return err->code;
    close(j->say);
    j->say = -1;
    read_last_line(j->said, (int64_t)(c->wall_s + GRACE_S) * 1000, line);
    return judge(hear_end(j), line, err);
}

enum err_code dos_converter_run(const struct dos_converter *c, int input, int output,
                                uint64_t size_bytes, struct err *err)
{
    struct jailing j = {.channel = -1, .said = -1, .say = -1, .pid = -1};
    const int files[2] = {input, output};
    PRE(input >= 0 && output >= 0 && size_bytes > 0);
    if (fchmod(input, 0444) != 0 || fchmod(output, 0666) != 0)
        return err_set(err, ERR_IO, "fchmod: %s", strerror(errno));
    enum err_code code = convert(&j, c, files, size_bytes, err);
    let_go(&j);
    return code;
}
