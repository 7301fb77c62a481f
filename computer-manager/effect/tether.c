/* tether.c - a thread that waits for the other end to be gone. */
#include "computer-manager/effect/tether.h"

#include "base/check.h"
#include "base/str.h"
#include "computer-manager/effect/channel.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

bool tether_is_given(void)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    int64_t wanted = 0;
    return pid != NULL && fds != NULL && str_parse_i64(pid, 1, INT32_MAX, &wanted) &&
           wanted == getpid() && str_eq(fds, "1");
}

static void *wait_for_end(void *self)
{
    struct pollfd end = {.fd = CHANNEL_FD, .events = POLLRDHUP};
    (void)self;
    while (poll(&end, 1, -1) <= 0)
        ;
    _exit(0);
}

void tether_hold(void)
{
    pthread_t thread;
    sigset_t all, before;
    channel_widen(CHANNEL_FD);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the thread that works */
    int why = pthread_create(&thread, NULL, wait_for_end, NULL);
    INV(why == 0); /* without it nothing could end this process in time */
    pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}
