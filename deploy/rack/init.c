/* init.c - process 1 of a lab host's PID namespace.
 *
 * Built and started by deploy/rack/host. It does two things: it reaps every orphan (libvirt's
 * destroy polls until QEMU's zombie is gone, so somebody must), and it keeps the namespace alive
 * until SIGTERM. Then it asks all processes of the namespace to end and leaves; the kernel kills
 * whatever is still there. It never touches a process outside of its namespace: kill(-1) reaches
 * only its own, and it refuses to run as anything but process 1 of a namespace. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 3 };

/* Reaps what has ended. True while there are children. */
static int reap(void)
{
    for (;;) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);

        if (pid == 0)
            return 1;
        if (pid < 0 && errno != EINTR)
            return 0;
    }
}

static void end_all(const sigset_t *watched)
{
    struct timespec patience = {.tv_sec = PATIENCE_S};

    kill(-1, SIGTERM);
    while (reap()) {
        if (sigtimedwait(watched, NULL, &patience) < 0 && errno == EAGAIN)
            return;
    }
}

int main(void)
{
    sigset_t watched;
    int got;

    if (getpid() != 1 || getppid() != 0) {
        fputs("init: run me as process 1 of a PID namespace; deploy/rack/host does\n", stderr);
        return 2;
    }
    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, SIGTERM);
    sigprocmask(SIG_BLOCK, &watched, NULL);
    do {
        reap();
        got = sigwaitinfo(&watched, NULL);
    } while (got != SIGTERM);
    end_all(&watched);
    return 0;
}
