/* child.c - spawn.h, a pipe and a deadline; see child.h. */
#include "computer-manager/effect/child.h"

#include "base/check.h"
#include "base/clock.h"
#include "computer-manager/effect/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { GRACE_MS = 2000 };

static const char *const environment[] = {
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};

static int64_t now_ms(void)
{
    struct clock clock = clock_system();
    return clock.read(clock.self).mono_ms;
}

/* Keeps what fits and drops the rest, so that a talkative child never blocks. */
static void hear(int *output, struct host_child_end *end, size_t *len)
{
    char room[512];
    ssize_t got = read(*output, room, sizeof room);
    if (got <= 0 && errno != EINTR) {
        close(*output);
        *output = -1;
    }
    for (ssize_t i = 0; i < got && *len + 1 < sizeof end->said; i++)
        end->said[(*len)++] = room[i] == '\n' ? ' ' : room[i];
    end->said[*len] = '\0';
}

/* True when it ended before the deadline. */
static bool await(int pidfd, int *output, int64_t deadline_ms, struct host_child_end *end)
{
    int64_t until = now_ms() + deadline_ms;
    size_t len = 0;
    for (;;) {
        int64_t left = until - now_ms();
        if (left <= 0)
            return false;
        struct pollfd fds[2] = {{.fd = pidfd, .events = POLLIN}, {.fd = *output, .events = POLLIN}};
        int ready = poll(fds, 2, (int)(left < 60000 ? left : 60000));
        if (ready > 0 && fds[1].revents != 0)
            hear(output, end, &len);
        else if (ready > 0 && fds[0].revents != 0)
            return true;
    }
}

/* Kills it where it was late, and waits: what was killed ends, unless the kernel holds it. */
static int end_of(pid_t pid, int pidfd, bool in_time)
{
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    if (!in_time)
        kill(pid, SIGKILL);
    poll(&p, 1, GRACE_MS);
    return host_spawn_reap(pid);
}

enum err_code host_child_run(const struct host_child *child, struct host_child_end *end,
                             struct err *err)
{
    PRE(child->argv[0] != NULL && child->deadline_ms > 0);
    *end = (struct host_child_end){0};
    int output[2], pidfd;
    pid_t pid;
    if (pipe2(output, O_CLOEXEC) != 0)
        return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
    struct host_spawn spawn = {.argv = child->argv,
                               .environment = environment,
                               .output = output[1],
                               .pass_fd = child->pass_fd};
    enum err_code code = host_spawn(&spawn, &pid, &pidfd, err);
    close(output[1]);
    if (code == ERR_OK) {
        bool in_time = await(pidfd, &output[0], child->deadline_ms, end);
        end->status = end_of(pid, pidfd, in_time);
        close(pidfd);
        if (!in_time)
            code = err_set(err, ERR_TIMEOUT, "%s did not end within %" PRId64 " ms", child->argv[0],
                           child->deadline_ms);
    }
    if (output[0] >= 0)
        close(output[0]);
    return code;
}
