/* notify.c - one datagram, as sd_notify(3) describes it. libsystemd is not needed for that. */
#include "base/notify.h"

#include "base/str.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool say(const char *word, int flags)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (path == NULL)
        return true;
    size_t len = strlen(path);
    if (len < 2 || !str_copy(to.sun_path, sizeof to.sun_path, path))
        return false;
    if (path[0] == '@') /* a name without a file */
        to.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    ssize_t sent = sendto(fd, word, strlen(word), MSG_NOSIGNAL | flags,
                          (const struct sockaddr *)&to,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
    close(fd);
    return sent == (ssize_t)strlen(word);
}

bool notify_ready(void)
{
    return say("READY=1", 0);
}

bool notify_alive(void)
{
    return say("WATCHDOG=1",
               MSG_DONTWAIT); /* a systemd that does not read must not hold the loop */
}

int64_t notify_watchdog_ms(void)
{
    const char *period = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    int64_t us = 0, wanted = 0;
    if (period == NULL || !str_parse_i64(period, 1, INT64_MAX, &us))
        return 0;
    if (pid != NULL && (!str_parse_i64(pid, 1, INT32_MAX, &wanted) || wanted != getpid()))
        return 0;
    return us / 1000;
}
